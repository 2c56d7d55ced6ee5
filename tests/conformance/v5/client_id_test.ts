import { assert, assertEquals } from "@std/assert";
import { Harness } from "../../helpers/harness.ts";
import { connectBytes, expectAccepted, expectRefusals } from "./reactions.ts";

Deno.test("[v5 MQTT-3.1.3-2] the session belongs to the ClientID, compared byte by byte", async () => {
  await using harness = await Harness.start();
  const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const ids = ["a", "A", "a ", "\u00e9", "e\u0301"];
  for (const clientId of ids) {
    const client = await harness.connect({ ...stored, clientId });
    assertEquals(client.connack!.sessionPresent, false);
    await client.subscribe(`t/${clientId.length}`);
    await client.disconnect();
  }
  for (const clientId of ids) {
    const client = await harness.connect({ ...stored, clientId });
    assertEquals(client.connack!.sessionPresent, true);
  }
});

Deno.test("[v5 MQTT-3.1.3-3] the ClientID is always there", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, ["10 0B 00 04 4D 51 54 54 05 02 00 3C 00", connectBytes({ payload: "00" })]);
});

Deno.test("[v5 MQTT-3.1.3-4] the ClientID is text", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [connectBytes({ payload: "00 02 FF FE" })]);
});

Deno.test("[v5 MQTT-3.1.3-5] letters and digits, 1 to 23 of them, are always allowed", async () => {
  await using harness = await Harness.start();
  for (const id of ["0", "z", "Z", "0123456789abcdefghijklm", "NOPQRSTUVWXYZnopqrstuvw"]) {
    await expectAccepted(harness, [connectBytes({ payload: `00 ${id.length.toString(16).padStart(2, "0")} '${id}'` })]);
  }
});

Deno.test("[v5 MQTT-3.1.3-5] longer ones and other characters are allowed too", async () => {
  await using harness = await Harness.start();
  await harness.connect("x".repeat(1_024));
  await harness.connect("a/#+$ \u{1f600}");
});

Deno.test("[v5 MQTT-3.1.3-6] [v5 MQTT-3.2.2-16] without a ClientID every client is assigned one of its own", async () => {
  await using harness = await Harness.start();
  const ids = new Set<string>();
  for (let count = 0; count < 20; count++) {
    const client = await harness.open();
    await client.send("10 0D 00 04 4D 51 54 54 05 02 00 3C 00 00 00");
    const { properties, reasonCode } = await client.next();
    assertEquals(reasonCode, 0);
    ids.add(properties!.assignedClientIdentifier!);
  }
  assertEquals(ids.size, 20);
  assert(!ids.has(""));
  assertEquals((await harness.connect("mine")).connack!.properties!.assignedClientIdentifier, undefined);
});

Deno.test("[v5 MQTT-3.1.3-7] an assigned ClientID is as good as the client's own", async () => {
  await using harness = await Harness.start();
  const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const client = await harness.connect({ ...stored, clientId: "" });
  const clientId = client.connack!.properties!.assignedClientIdentifier!;
  await client.subscribe("t", { qos: 1 });
  await client.disconnect();
  await harness.broker.publish("t", "x", { qos: 1 });
  const again = await harness.connect({ ...stored, clientId });
  assertEquals(again.connack!.sessionPresent, true);
  await again.expectMessage("t", "x");
});

Deno.test("[v5 NOTE-59] without a ClientID and without Clean Start a new session begins", async () => {
  await using harness = await Harness.start();
  const { connack } = await harness.connect({ clientId: "", cleanStart: false });
  assertEquals(connack!.sessionPresent, false);
  assert(connack!.properties!.assignedClientIdentifier !== undefined);
});

Deno.test("[v5 MQTT-3.1.3-8] a ClientID that is too long is refused", async () => {
  await using harness = await Harness.start({ capabilities: { maximumClientIdLength: 23 } });
  await harness.connect("x".repeat(23));
  const client = await harness.open();
  await client.sendConnect({ clientId: "x".repeat(24) });
  await client.expectRefusal(0x85);
});

Deno.test("[v5 MQTT-3.1.3-8] the ClientID of another user's session is refused", async () => {
  await using harness = await Harness.start();
  const owner = await harness.connect({ clientId: "a", username: "owner", properties: { sessionExpiryInterval: 60 } });
  const thief = await harness.open();
  await thief.sendConnect({ clientId: "a", username: "thief", cleanStart: false });
  await thief.expectRefusal(0x85);
  await owner.expectNothing();
});
