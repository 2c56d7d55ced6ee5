import { assert, assertEquals } from "@std/assert";
import { MqttError } from "../../../src/packets/errors.ts";
import { PacketType } from "../../helpers/harness.ts";
import { login, refusing } from "../v5/hooks.ts";
import { C4, connectBytes, expectAnswers, start, stored, subscriber } from "./harness.ts";

/** What a reason of the broker becomes in CONNACK; anything else has no code. */
const RETURN_CODES: ReadonlyMap<number, number> = new Map([
  ...[[0x84, 1], [0x85, 2], [0x88, 3], [0x89, 3], [0x97, 3], [0x9c, 3], [0x9d, 3], [0x9f, 3], [0x86, 4], [
    0x87,
    5,
  ]] as const,
  [0x8a, 5],
]);

Deno.test("[v311 MQTT-3.1.4-1] a CONNECT that does not fit its format is closed without CONNACK", async () => {
  await using harness = await start();
  await expectAnswers(harness, [
    "10 0C 00 04 'MQTT' 04 02 00 3C 00 01",
    "10 0E 00 04 'MQTT' 04 02 00 3C 00 01 'a' 00",
    ...["01", "03", "42", "0A", "22", "1E"].map((flags) => connectBytes(flags)),
    connectBytes("06", "00 01 'a' 00 03 'w/#' 00 01 'x'"),
    connectBytes("06", "00 01 'a' 00 00 00 01 'x'"),
  ], undefined);
  assertEquals(harness.broker.info.clientsMaximum, 0);
});

Deno.test("[v311 MQTT-3.1.4-2] the older connection of a ClientID ends", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "will" });
  for (const cleanStart of [true, false]) {
    const old = await harness.connect({ clientId: "a", cleanStart, will: {} });
    const next = await harness.open();
    await next.send(cleanStart ? C4 : "10 0D 00 04 'MQTT' 04 00 00 3C 00 01 'a'");
    await next.expect(cleanStart ? "20 02 00 00" : "20 02 01 00");
    await old.expectClosed();
    await witness.expectMessage("will", "gone");
    await next.expectNothing();
  }
});

Deno.test("[v311 MQTT-3.1.4-4] a valid CONNECT is answered with code 0", async () => {
  await using harness = await start();
  const client = await harness.open();
  await client.send(C4);
  await client.expect("20 02 00 00");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.1.4-5] nothing behind a refused CONNECT is acted on", async () => {
  await using harness = await start({ hooks: [login()] });
  const witness = await subscriber(harness, 0);
  const client = await harness.open();
  const refused = connectBytes("C6", "00 01 'a' 00 04 'will' 00 01 'x' 00 01 'u' 00 05 'wrong'");
  await client.send(refused, "31 04 00 01 't' 'x'", "82 06 00 01 00 01 't' 00", "C0 00");
  await client.expect("20 02 00 04");
  await client.expectClosed();
  await witness.expectNothing();
  const later = await harness.connect("later");
  assertEquals(await later.subscribe("t"), 0);
  assertEquals(await later.subscribe("will"), 0);
  await later.expectNothing();
});

Deno.test("[v311 MQTT-3.2.0-1] CONNACK comes first", async () => {
  await using harness = await start();
  await (await subscriber(harness, 2, stored)).cut();
  for (const qos of [1, 2] as const) await harness.broker.publish("t", `${qos}`, { qos });
  const client = await harness.open();
  await client.sendConnect(stored);
  await client.expect("20 02 01 00");
  await client.expect("32 06 00 01 't' 00 01 '1'");
  await client.expect("34 06 00 01 't' 00 02 '2'");
});

Deno.test("[v311 MQTT-3.2.2-1] [v311 MQTT-3.2.2-2] [v311 MQTT-3.2.2-3] Session Present tells of a stored session", async () => {
  await using harness = await start();
  for (const [cleanStart, answer] of [[true, 0], [false, 0], [false, 1], [false, 1], [true, 0], [false, 0]] as const) {
    const client = await harness.connect({ clientId: "a", cleanStart });
    assertEquals(client.connack!.bytes, Uint8Array.of(0x20, 2, answer, 0));
    await client.disconnect();
  }
});

Deno.test("[v311 MQTT-3.2.2-4] [v311 MQTT-3.2.2-5] a refusal has no Session Present and ends the connection", async () => {
  let code = 0;
  const hook = {
    ...refusing(0),
    onConnectAuthenticate() {
      if (code !== 0) throw new MqttError(code, "no");
      return true;
    },
  };
  await using harness = await start({ hooks: [hook] });
  await (await harness.connect(stored)).disconnect();
  for (const [reason, returnCode] of RETURN_CODES) {
    code = reason;
    const client = await harness.open();
    await client.sendConnect(stored);
    await client.expect(`20 02 00 0${returnCode}`);
    await client.expectClosed();
  }
  code = 0;
  assert((await harness.connect(stored)).connack!.sessionPresent);
});

Deno.test("[v311 MQTT-3.2.2-6] where no code fits there is no CONNACK", async () => {
  for (let reason = 0x80; reason <= 0xa2; reason++) {
    await using harness = await start({ hooks: [refusing(reason)] });
    const returnCode = RETURN_CODES.get(reason);
    await expectAnswers(harness, [C4], returnCode === undefined ? undefined : `20 02 00 0${returnCode}`);
  }
});

Deno.test("[v311 MQTT-3.2.2-6] the reasons of the broker itself", async () => {
  await using wrong = await start({ hooks: [login()] });
  await expectAnswers(wrong, [connectBytes("82", "00 01 'a' 00 01 'u'")], "20 02 00 04");
  await using closed = await start({ hooks: [] });
  await expectAnswers(closed, [C4], "20 02 00 04"); // nobody lets anyone in
  await using full = await start({ capabilities: { maximumClients: 1 } });
  await full.connect("first");
  await expectAnswers(full, [C4], "20 02 00 03");
  await using will = await start({ capabilities: { maximumQos: 1, retainAvailable: false } });
  for (const flags of ["16", "26"]) {
    await expectAnswers(will, [connectBytes(flags, "00 01 'a' 00 01 'w' 00 01 'x'")], undefined);
  }
});

Deno.test("[v311 NOTE-3] packets right behind CONNECT are handled after it, in order", async () => {
  const slow = {
    id: "slow",
    onConnectAuthenticate: () => Promise.resolve(true),
    onAclCheck: () => Promise.resolve(true),
  };
  for (const hooks of [undefined, [slow]]) {
    await using harness = await start({ hooks });
    const client = await harness.open();
    await client.send(C4, "82 06 00 01 00 01 't' 01", "C0 00", "32 06 00 01 't' 00 05 'x'");
    await client.expect("20 02 00 00");
    await client.expect("90 03 00 01 01");
    await client.expect("D0 00");
    const rest = [await client.next(), await client.next()];
    assertEquals(rest.map(({ type }) => type).toSorted(), [PacketType.PUBLISH, PacketType.PUBACK]);
  }
});
