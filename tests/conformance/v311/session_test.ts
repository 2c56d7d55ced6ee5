import { assertEquals } from "@std/assert";
import type { ConnectOptions } from "../../helpers/raw_client.ts";
import { PacketType } from "../../helpers/harness.ts";
import { start, stored, subscriber } from "./harness.ts";

const { PUBLISH, PUBREC, PUBREL, PUBCOMP } = PacketType;
const fresh: ConnectOptions = { ...stored, cleanStart: true };

Deno.test("[v311 MQTT-3.1.2-4] [v311 MQTT-3.1.4-3] without Clean Session the stored session goes on", async () => {
  await using harness = await start();
  let client = await harness.open();
  await client.send("10 0D 00 04 4D 51 54 54 04 00 00 3C 00 01 61");
  await client.expect("20 02 00 00");
  await client.subscribe("t", { qos: 1 });
  await client.send("E0 00");
  await client.expectClosed();
  for (let time = 0; time < 2; time++) {
    client = await harness.open();
    await client.send("10 0D 00 04 4D 51 54 54 04 00 00 3C 00 01 61");
    await client.expect("20 02 01 00");
    await harness.broker.publish("t", "x", { qos: 1 });
    await client.expect(`32 06 00 01 't' 00 0${time + 1} 'x'`);
    await client.send(`40 02 00 0${time + 1}`);
    await client.cut();
  }
});

Deno.test("[v311 MQTT-3.1.2-5] messages of QoS 1 and 2 wait for a client that is away", async () => {
  await using harness = await start();
  const client = await harness.connect(stored);
  await client.subscribe("one/+", { qos: 1 });
  await client.subscribe("two/#", { qos: 2 });
  await client.disconnect();
  for (const topic of ["one/a", "two/b", "other"]) {
    for (const qos of [0, 1, 2] as const) await harness.broker.publish(topic, `${qos}`, { qos });
  }
  await harness.advance(1_000_000_000);
  const again = await harness.connect(stored);
  await again.expectMessage("one/a", "1", { qos: 1 });
  await again.expectMessage("one/a", "2", { qos: 1 });
  await again.expectMessage("two/b", "1", { qos: 1 });
  await again.expectMessage("two/b", "2", { qos: 2 });
  await again.expectNothing();
});

Deno.test("[v311 MQTT-3.1.2-6] [v311 MQTT-3.1.4-3] [v311 MQTT-3.2.2-3] Clean Session discards what was and leaves nothing", async () => {
  await using harness = await start();
  const first = await subscriber(harness, 2, stored);
  await harness.broker.publish("t", "open", { qos: 2 });
  await first.expectMessage("t", "open");
  await first.cut();
  await harness.broker.publish("t", "queued", { qos: 1 });
  const clean = await harness.connect(fresh);
  assertEquals(clean.connack!.bytes, Uint8Array.of(0x20, 2, 0, 0));
  await harness.broker.publish("t", "x", { qos: 1 });
  await clean.expectNothing();
  await clean.subscribe("t", { qos: 1 });
  await harness.broker.publish("t", "unacknowledged", { qos: 1 });
  await clean.expectMessage("t", "unacknowledged");
  await clean.cut();
  await harness.broker.publish("t", "late", { qos: 1 });
  const again = await harness.connect(stored);
  assertEquals(again.connack!.sessionPresent, false);
  await harness.broker.publish("t", "x", { qos: 1 });
  await again.expectNothing();
  assertEquals(harness.broker.info.inflight, 0);
});

Deno.test("[v311 MQTT-3.1.2-6] Clean Session on a live connection's ClientID discards its session too", async () => {
  await using harness = await start();
  const old = await subscriber(harness, 1, stored);
  const next = await harness.connect(fresh);
  assertEquals(next.connack!.sessionPresent, false);
  await old.expectClosed();
  await harness.broker.publish("t", "x", { qos: 1 });
  await next.expectNothing();
});

Deno.test("[v311 MQTT-3.1.2-6] Clean Session forgets what the client has not released", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0);
  for (const cleanStart of [false, true]) {
    const publisher = await harness.connect({ ...stored, cleanStart });
    await publisher.send("34 06 00 01 't' 00 07 'x'");
    await publisher.expect("50 02 00 07");
    await witness.expectMessage("t", "x");
    await publisher.cut();
  }
});

Deno.test("[v311 MQTT-3.1.2-7] retained messages belong to no session", async () => {
  await using harness = await start();
  const publisher = await harness.connect({ clientId: "publisher" });
  await publisher.publish("t", "kept", { qos: 1, retain: true });
  await publisher.disconnect();
  await (await harness.connect({ clientId: "publisher" })).cut();
  await (await subscriber(harness, 1)).expectMessage("t", "kept", { retain: true });
});

Deno.test("[v311 MQTT-3.1.3-2] the session belongs to the ClientID, compared byte by byte", async () => {
  await using harness = await start();
  const ids = ["id", "ID", "Id", "id ", " id", "\u00e9", "e\u0301", "__proto__", "constructor"];
  for (const clientId of ids) {
    const client = await harness.connect({ clientId, cleanStart: false });
    assertEquals(client.connack!.sessionPresent, false, clientId);
    await client.subscribe(`t/${ids.indexOf(clientId)}`, { qos: 1 });
    await client.disconnect();
  }
  for (const [index, clientId] of ids.entries()) {
    const client = await harness.connect({ clientId, cleanStart: false });
    assertEquals(client.connack!.sessionPresent, true, clientId);
    await harness.broker.publish(`t/${index}`, "x");
    await client.expectMessage(`t/${index}`, "x");
    await harness.broker.publish(`t/${(index + 1) % ids.length}`, "x");
    await client.expectNothing();
  }
});

Deno.test("[v311 MQTT-4.1.0-1] subscriptions, open exchanges of both directions and queued messages outlive connections", async () => {
  await using harness = await start({ capabilities: { maximumInflight: 3 } });
  let client = await subscriber(harness, 2, stored);
  const witness = await subscriber(harness, 0, { clientId: "witness", filter: "from" });
  await harness.broker.publish("t", "one", { qos: 1 });
  for (const payload of ["two", "released", "queued"]) await harness.broker.publish("t", payload, { qos: 2 });
  for (const payload of ["one", "two", "released"]) await client.expectMessage("t", payload);
  await client.ack(PUBREC, 3);
  await client.expect({ type: PUBREL, packetId: 3 });
  await client.send("34 09 00 04 'from' 00 09 'x'");
  await client.expect("50 02 00 09");
  await witness.expectMessage("from", "x");
  for (let time = 0; time < 3; time++) {
    await client.cut();
    client = await harness.connect(stored);
    await client.expect("3A 08 00 01 't' 00 01 'one'");
    await client.expect("3C 08 00 01 't' 00 02 'two'");
    await client.expect("62 02 00 03");
    await client.send("3C 09 00 04 'from' 00 09 'x'");
    await client.expect("50 02 00 09");
  }
  await client.send("62 02 00 09", "40 02 00 01", "70 02 00 03");
  await client.expect({ type: PUBCOMP, packetId: 9 });
  await client.expectMessage("t", "queued", { packetId: 4, dup: false });
  await witness.expectNothing();
  await harness.broker.publish("t", "new", { qos: 1 });
  await client.expectMessage("t", "new");
});

Deno.test("[v311 MQTT-4.1.0-2] a session lives as long as its connection, whatever the limit for sessions without one", async () => {
  await using harness = await start({ capabilities: { maximumSessionExpiryInterval: 1 } });
  const clients = [await subscriber(harness, 1), await subscriber(harness, 1, { ...stored })];
  await harness.advance(1_000_000_000);
  await harness.broker.publish("t", "x", { qos: 1 });
  for (const client of clients) await client.expect({ type: PUBLISH, payload: "x" });
});

Deno.test("[v311 NOTE-6] a stored session has no end of its own", async () => {
  await using harness = await start();
  await (await subscriber(harness, 1, stored)).disconnect();
  await harness.advance(200 * 365 * 24 * 3_600_000); // more than seconds can count in 32 bits
  await harness.broker.publish("t", "x", { qos: 1 });
  const again = await harness.connect(stored);
  assertEquals(again.connack!.sessionPresent, true);
  await again.expectMessage("t", "x");
});

Deno.test("[v311 NOTE-6] the administrator's limit ends it", async () => {
  await using harness = await start({ capabilities: { maximumSessionExpiryInterval: 3_600 } });
  for (const [seconds, present] of [[3_599, true], [3_601, false]] as const) {
    await (await harness.connect(stored)).cut();
    await harness.advance(seconds * 1_000);
    const again = await harness.connect(stored);
    assertEquals(again.connack!.sessionPresent, present);
  }
});
