import { assertEquals } from "@std/assert";
import { type ConnectOptions, Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { denying } from "./hooks.ts";

const { PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;
const stored: ConnectOptions = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

async function subscriber(harness: Harness, qos: 0 | 1 | 2): Promise<RawClient> {
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos });
  return client;
}

Deno.test("[v5 MQTT-4.3.1-1] a message of QoS 0 goes out once, with QoS 0 and DUP 0", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 0);
  await harness.broker.publish("t", "x", { qos: 2, retain: true });
  await client.expect("30 05 00 01 't' 00 'x'");
  await client.subscribe("t");
  await client.expect("31 05 00 01 't' 00 'x'");
  await harness.advance(100_000);
  await client.expectNothing();
});

Deno.test("[v5 MQTT-4.3.2-2] [v5 MQTT-4.3.3-2] the first transmission has its QoS, an identifier and DUP 0", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 2);
  await harness.broker.publish("t", "x", { qos: 1 });
  await client.expect("32 07 00 01 't' 00 01 00 'x'");
  await harness.broker.publish("t", "x", { qos: 2 });
  await client.expect("34 07 00 01 't' 00 02 00 'x'");
  await client.cut();
  await harness.broker.publish("t", "queued", { qos: 1 });
  const again = await harness.connect(stored);
  await again.expect("3A 07 00 01 't' 00 01 00 'x'");
  await again.expect("3C 07 00 01 't' 00 02 00 'x'");
  await again.expect("32 0C 00 01 't' 00 03 00 'queued'");
});

Deno.test("[v5 MQTT-4.3.2-3] [v5 MQTT-4.4.0-1] a message of QoS 1 is open until PUBACK", async () => {
  await using harness = await Harness.start();
  let client = await subscriber(harness, 1);
  await harness.broker.publish("t", "x", { qos: 1 });
  await client.expect("32 07 00 01 't' 00 01 00 'x'");
  for (let time = 0; time < 2; time++) {
    await client.cut();
    client = await harness.connect(stored);
    await client.expect("3A 07 00 01 't' 00 01 00 'x'");
  }
  await client.send("40 02 00 01");
  await client.cut();
  client = await harness.connect(stored);
  await client.expectNothing();
});

Deno.test("[v5 MQTT-4.3.2-5] after PUBACK the identifier is free, whatever DUP says", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 0), publisher = await harness.connect("publisher");
  for (const header of ["32", "3A", "3A"]) {
    await publisher.send(`${header} 07 00 01 't' 00 01 00 'x'`);
    await publisher.expect("40 02 00 01");
    await client.expectMessage("t", "x");
  }
});

Deno.test("[v5 MQTT-4.3.2-4] [v5 MQTT-4.3.3-8] a message is acknowledged once it is safe, in order, and not at all when that fails", async () => {
  let commit: PromiseWithResolvers<void> | undefined;
  const store = { id: "store", durable: true, onQosPublish: () => (commit = Promise.withResolvers<void>()).promise };
  await using harness = await Harness.start({ hooks: [denying(), store as never], errorsExpected: true });
  const away = await harness.connect({ ...stored, clientId: "away" });
  await away.subscribe("t", { qos: 1 });
  await away.cut();
  const publisher = await harness.connect("publisher");
  await publisher.sendPublish("t", "x", { qos: 1, packetId: 1 });
  await publisher.sendPublish("other", "x", { qos: 1, packetId: 2 });
  await publisher.expectNothing();
  commit!.resolve();
  await publisher.expect("40 02 00 01");
  await publisher.expect("40 03 00 02 10");
  await publisher.sendPublish("t", "x", { qos: 1, packetId: 3 });
  await harness.settle();
  commit!.reject(new Error("disk full"));
  await publisher.expect("40 .. 00 03 83 *");
  await publisher.sendPublish("other", "x", { qos: 2, packetId: 4 });
  await publisher.expectNothing();
  commit!.reject(new Error("disk full"));
  await publisher.expect("50 .. 00 04 83 *");
  await publisher.send("62 02 00 04");
  await publisher.expect("70 03 00 04 92");
});

Deno.test("[v5 MQTT-4.3.2-4] acknowledgements keep the order of the messages, whichever is stored first", async () => {
  const commits: PromiseWithResolvers<void>[] = [];
  const store = {
    id: "store",
    durable: true,
    onRetainMessage: () => (commits[commits.length] = Promise.withResolvers<void>()).promise,
  };
  await using harness = await Harness.start({ hooks: [denying(), store as never] });
  const publisher = await harness.connect("publisher");
  for (const packetId of [1, 2, 3]) {
    await publisher.sendPublish(`t/${packetId}`, "x", { qos: 1, retain: true, packetId });
  }
  await publisher.sendPublish("t", "x", { qos: 1, packetId: 4 });
  for (const index of [2, 1]) {
    await publisher.expectNothing();
    commits[index].resolve();
  }
  await publisher.expectNothing();
  commits[0].resolve();
  for (const packetId of [1, 2, 3, 4]) await publisher.expect({ type: PUBACK, packetId });
});

Deno.test("[v5 MQTT-4.3.3-3] [v5 MQTT-4.3.3-6] a message of QoS 2 is sent again until PUBREC, and never after it", async () => {
  await using harness = await Harness.start();
  let client = await subscriber(harness, 2);
  await harness.broker.publish("t", "x", { qos: 2 });
  await client.expect("34 07 00 01 't' 00 01 00 'x'");
  await client.cut();
  client = await harness.connect(stored);
  await client.expect("3C 07 00 01 't' 00 01 00 'x'");
  await client.send("50 02 00 01");
  await client.expect("62 02 00 01");
  await client.send("50 02 00 01");
  await client.expect("62 02 00 01");
  for (let time = 0; time < 2; time++) {
    await client.cut();
    client = await harness.connect(stored);
    await client.expect("62 02 00 01");
    await client.expectNothing();
  }
});

Deno.test("[v5 MQTT-4.3.3-4] PUBREC is answered with PUBREL, unless it refuses", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 2);
  for (const [code, released] of [[0x00, true], [0x10, true], [0x80, false], [0x87, false], [0x97, false]] as const) {
    await harness.broker.publish("t", "x", { qos: 2 });
    const { packetId } = await client.expectMessage("t", "x");
    await client.ack(PUBREC, packetId!, code);
    if (released) await client.expect({ type: PUBREL, packetId, reasonCode: 0 });
    await client.expectNothing();
    if (released) await client.ack(PUBCOMP, packetId!);
  }
  await client.expectNothing();
  assertEquals(harness.broker.info.inflight, 0);
});

Deno.test("[v5 MQTT-4.3.3-5] PUBREL is open until PUBCOMP", async () => {
  await using harness = await Harness.start();
  let client = await subscriber(harness, 2);
  await harness.broker.publish("t", "x", { qos: 2 });
  await client.expectMessage("t", "x");
  await client.send("50 02 00 01");
  await client.expect("62 02 00 01");
  await client.cut();
  client = await harness.connect(stored);
  await client.expect("62 02 00 01");
  await client.send("70 02 00 01");
  await client.cut();
  client = await harness.connect(stored);
  await client.expectNothing();
});

Deno.test("[v5 MQTT-4.3.3-7] a message that was sent expires no more", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 2);
  for (const qos of [1, 2] as const) {
    await harness.broker.publish("t", `${qos}`, { qos, properties: { messageExpiryInterval: 1 } });
  }
  await client.expectMessage("t", "1");
  await client.expectMessage("t", "2");
  await client.cut();
  await harness.advance(3_000);
  const again = await harness.connect(stored);
  await again.expectMessage("t", "1", { dup: true });
  await again.expectMessage("t", "2", { dup: true });
});

Deno.test("[v5 MQTT-4.3.3-9] after a refusing PUBREC the identifier is free", async () => {
  await using harness = await Harness.start({ hooks: [denying("write")] });
  const client = await subscriber(harness, 0), publisher = await harness.connect("publisher");
  await publisher.sendPublish("denied", "x", { qos: 2, packetId: 1 });
  await publisher.expect({ type: PUBREC, packetId: 1, reasonCode: 0x87 });
  await publisher.sendPublish("t", "x", { qos: 2, packetId: 1 });
  await publisher.expect("50 02 00 01");
  await client.expectMessage("t", "x");
});

Deno.test("[v5 MQTT-4.3.3-10] until PUBREL a message with the same identifier is the same message", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 2);
  let publisher = await harness.connect({ ...stored, clientId: "publisher" });
  await publisher.send("34 07 00 01 't' 00 01 00 'x'");
  await publisher.expect("50 02 00 01");
  for (const header of ["3C", "34"]) {
    await publisher.send(`${header} 07 00 01 't' 00 01 00 'x'`);
    await publisher.expect("50 02 00 01");
  }
  await publisher.cut();
  publisher = await harness.connect({ ...stored, clientId: "publisher" });
  await publisher.send("3C 07 00 01 't' 00 01 00 'x'");
  await publisher.expect("50 02 00 01");
  await client.expectMessage("t", "x");
  await client.expectNothing();
  await publisher.send("62 02 00 01");
  await publisher.expect("70 02 00 01");
});

Deno.test("[v5 MQTT-4.3.3-11] every PUBREL is answered", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect(stored);
  await publisher.send("34 07 00 01 't' 00 01 00 'x'");
  await publisher.expect("50 03 00 01 10");
  await publisher.cut();
  const again = await harness.connect(stored);
  await again.send("62 02 00 01", "62 02 00 01");
  await again.expect("70 02 00 01");
  await again.expect("70 03 00 01 92");
});

Deno.test("[v5 MQTT-4.3.3-12] after PUBCOMP the identifier is free", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 0), publisher = await harness.connect("publisher");
  for (let time = 0; time < 3; time++) {
    await publisher.send("34 07 00 01 't' 00 01 00 'x'");
    await publisher.expect("50 02 00 01");
    await publisher.send("62 02 00 01");
    await publisher.expect("70 02 00 01");
    await client.expectMessage("t", "x");
  }
});

Deno.test("[v5 MQTT-4.3.3-13] an exchange of QoS 2 is finished though the message has expired", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect();
  await publisher.sendPublish("t", "x", { qos: 2, packetId: 1, properties: { messageExpiryInterval: 1 } });
  await publisher.expect({ type: PUBREC, packetId: 1 });
  await harness.advance(3_000);
  await publisher.send("62 02 00 01");
  await publisher.expect("70 02 00 01");
  const client = await subscriber(harness, 2);
  await harness.broker.publish("t", "x", { qos: 2, properties: { messageExpiryInterval: 1 } });
  const { packetId } = await client.expectMessage("t", "x");
  await harness.advance(3_000);
  await client.ack(PUBREC, packetId!);
  await client.expect({ type: PUBREL, packetId });
});
