import { assertEquals } from "@std/assert";
import { type Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { denying } from "../v5/hooks.ts";
import { start, stored, subscriber } from "./harness.ts";

const { PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;

Deno.test("[v311 MQTT-4.3.1-1] a message of QoS 0 is sent once, with DUP 0", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2, stored);
  const publisher = await harness.connect("publisher");
  await publisher.publish("t", "x");
  await publisher.publish("t", "x", { qos: 0, retain: true });
  for (let message = 0; message < 2; message++) await client.expect("30 04 00 01 't' 'x'");
  await client.subscribe("t", { qos: 2 });
  await client.expect("31 04 00 01 't' 'x'");
  await harness.advance(10_000_000);
  await client.cut();
  await (await harness.connect(stored)).expectNothing();
});

Deno.test("[v311 MQTT-4.3.2-1] a message of QoS 1 is unacknowledged until PUBACK", async () => {
  await using harness = await start();
  let client = await subscriber(harness, 1, stored);
  await harness.broker.publish("t", "x", { qos: 1 });
  await client.expect("32 06 00 01 't' 00 01 'x'");
  for (let time = 0; time < 2; time++) {
    await client.cut();
    client = await harness.connect(stored);
    await client.expect("3A 06 00 01 't' 00 01 'x'");
  }
  await client.send("40 02 00 01");
  await client.cut();
  client = await harness.connect(stored);
  await client.expectNothing();
  await harness.broker.publish("t", "y", { qos: 1 });
  await client.expect("32 06 00 01 't' 00 02 'y'");
});

Deno.test("[v311 MQTT-4.3.2-2] after PUBACK the same identifier is a new message, whatever DUP says", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 0), publisher = await harness.connect("publisher");
  for (const header of ["32", "3A", "3A"]) {
    await publisher.send(`${header} 06 00 01 't' 00 01 'x'`);
    await publisher.expect("40 02 00 01");
    await client.expectMessage("t", "x");
  }
});

Deno.test("[v311 MQTT-4.3.3-1] a message of QoS 2 is PUBLISH until PUBREC, and PUBREL until PUBCOMP", async () => {
  await using harness = await start();
  let client = await subscriber(harness, 2, stored);
  await harness.broker.publish("t", "x", { qos: 2 });
  await client.expect("34 06 00 01 't' 00 01 'x'");
  await client.cut();
  client = await harness.connect(stored);
  await client.expect("3C 06 00 01 't' 00 01 'x'");
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
  await client.send("40 02 00 01"); // not the answer to PUBREL
  await client.cut();
  client = await harness.connect(stored);
  await client.expect("62 02 00 01");
  await client.send("70 02 00 01");
  await client.cut();
  await (await harness.connect(stored)).expectNothing();
});

Deno.test("[v311 MQTT-4.3.3-1] PUBACK and PUBCOMP settle no message of QoS 2 that is not released", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2, stored);
  await harness.broker.publish("t", "x", { qos: 2 });
  await client.expectMessage("t", "x");
  await client.send("40 02 00 01", "70 02 00 01");
  await client.cut();
  await (await harness.connect(stored)).expect("3C 06 00 01 't' 00 01 'x'");
});

Deno.test("[v311 MQTT-4.3.3-2] until PUBREL the same identifier is the same message, after PUBCOMP a new one", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2);
  let publisher = await harness.connect(stored);
  for (let time = 0; time < 2; time++) {
    for (const header of ["34", "3C", "34"]) {
      await publisher.send(`${header} 06 00 01 't' 00 01 'x'`);
      await publisher.expect("50 02 00 01");
    }
    await publisher.cut();
    publisher = await harness.connect(stored);
    await publisher.send("3C 06 00 01 't' 00 01 'x'");
    await publisher.expect("50 02 00 01");
    await client.expectMessage("t", "x", { dup: false });
    await client.expectNothing();
    await publisher.send("62 02 00 01");
    await publisher.expect("70 02 00 01");
    await publisher.send("62 02 00 01");
    await publisher.expect("70 02 00 01");
  }
});

Deno.test("[v311 MQTT-4.3.2-2] [v311 MQTT-4.3.3-2] a message is acknowledged when the broker has it for good", async () => {
  const commits: (() => void)[] = [];
  const onQosPublish = () => new Promise<void>((resolve) => commits.push(resolve));
  await using harness = await start({ hooks: [denying(), { id: "store", durable: true, onQosPublish } as never] });
  await (await subscriber(harness, 1, stored)).cut();
  const publisher = await harness.connect("publisher");
  // at QoS 1 the queued message is stored, at QoS 2 the identifier as well
  for (
    const [sent, count, answer] of [["32 06 00 01 't' 00 01 'x'", 1, "40 02 00 01"], [
      "34 06 00 01 't' 00 02 'x'",
      2,
      "50 02 00 02",
    ]] as const
  ) {
    await publisher.send(sent);
    for (let open = count; open > 0; open--) {
      await publisher.expectNothing();
      assertEquals(commits.length, open);
      commits.pop()!();
    }
    await publisher.expect(answer);
  }
});

/** Three open messages, of which the second one is released. */
async function openThree(harness: Harness): Promise<RawClient> {
  const client = await subscriber(harness, 2, stored);
  for (const [payload, qos] of [["one", 1], ["two", 2], ["three", 2], ["four", 1]] as const) {
    await harness.broker.publish("t", payload, { qos });
    await client.expectMessage("t", payload);
  }
  await client.ack(PUBREC, 2);
  await client.expect({ type: PUBREL, packetId: 2 });
  return client;
}

Deno.test("[v311 MQTT-4.4.0-1] [v311 MQTT-4.6.0-1] what is open comes again in its old order under its old identifiers, before anything new", async () => {
  await using harness = await start();
  let client = await openThree(harness);
  for (let time = 0; time < 2; time++) {
    await client.cut();
    if (time === 0) await harness.broker.publish("t", "new", { qos: 1 });
    client = await harness.connect(stored);
    await client.expect("3A 08 00 01 't' 00 01 'one'");
    await client.expect("62 02 00 02");
    await client.expect("3C 0A 00 01 't' 00 03 'three'");
    await client.expect("3A 09 00 01 't' 00 04 'four'");
    await client.expectMessage("t", "new", { packetId: 5, dup: time > 0 });
    await client.expectNothing();
  }
});

Deno.test("[v311 MQTT-4.4.0-1] with Clean Session nothing comes again", async () => {
  await using harness = await start();
  await (await openThree(harness)).cut();
  const client = await harness.connect({ ...stored, cleanStart: true });
  await client.expectNothing();
});

Deno.test("[v311 NOTE-8] on a live connection nothing is sent again", async () => {
  await using harness = await start();
  const client = await openThree(harness);
  await harness.advance(100_000_000);
  await client.expectNothing();
});

Deno.test("[v311 MQTT-4.5.0-1] every client with a matching subscription gets the message, there or away", async () => {
  await using harness = await start();
  await (await subscriber(harness, 1, { ...stored, filter: "a/#" })).cut();
  const online = await subscriber(harness, 1, { filter: "a/+" });
  const other = await subscriber(harness, 2, { clientId: "other", filter: "a/b" });
  const stranger = await subscriber(harness, 2, { clientId: "stranger", filter: "b" });
  const publisher = await harness.connect("publisher");
  await publisher.subscribe("a/b", { qos: 1 });
  await publisher.send("34 08 00 03 'a/b' 00 01 'x'");
  const first = [await publisher.next(), await publisher.next()].map(({ type }) => type);
  assertEquals(first.toSorted(), [PUBLISH, PUBREC]);
  await online.expectMessage("a/b", "x", { qos: 1 });
  await other.expectMessage("a/b", "x", { qos: 2 });
  await (await harness.connect(stored)).expectMessage("a/b", "x", { qos: 1 });
  await stranger.expectNothing();
});

Deno.test("[v311 MQTT-4.6.0-2] [v311 MQTT-4.6.0-3] acknowledgements go out in the order of the messages", async () => {
  const slow = {
    id: "slow",
    onConnectAuthenticate: () => true,
    onAclCheck: (_client: unknown, topic: string) =>
      topic === "slow" ? new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 2)) : true,
  };
  await using harness = await start({ hooks: [slow] });
  const publisher = await harness.connect("publisher");
  const publish = (header: string, topic: string, id: number) => `${header} 09 00 04 '${topic}' 00 0${id} 'x'`;
  for (const [header, ack] of [["32", "40"], ["34", "50"]]) {
    await publisher.send(publish(header, "slow", 3), publish(header, "fast", 1), publish(header, "fast", 2));
    for (const id of [3, 1, 2]) await publisher.expect(`${ack} 02 00 0${id}`);
  }
});

Deno.test("[v311 MQTT-4.6.0-4] PUBRELs go out in the order of the PUBRECs", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2, stored);
  for (const payload of ["1", "2", "3"]) {
    await harness.broker.publish("t", payload, { qos: 2 });
    await client.expectMessage("t", payload);
  }
  await client.send("50 02 00 02", "50 02 00 01", "50 02 00 03");
  for (const id of [2, 1, 3]) await client.expect(`62 02 00 0${id}`);
});

Deno.test("[v311 MQTT-4.6.0-5] [v311 MQTT-4.6.0-6] messages come in the order in which they were published", async () => {
  await using harness = await start();
  const clients = [0, 1, 2].map((qos) => subscriber(harness, qos as 0 | 1 | 2, { clientId: `${qos}`, filter: "t/+" }));
  const subscribers = await Promise.all(clients);
  await (await subscriber(harness, 2, { ...stored, filter: "t/#" })).cut();
  const publisher = await harness.connect("publisher");
  for (let number = 1; number <= 1_000; number += 100) {
    const packets = Array.from({ length: 100 }, (_, index) => ({
      ...{ type: PUBLISH, topic: `t/${index % 3}`, payload: new TextEncoder().encode(`${number + index}`) },
      ...{ qos: 2, retain: false, dup: false, packetId: number + index } as const,
    }));
    await publisher.send(...packets);
    for (const { packetId } of packets) await publisher.expect({ type: PUBREC, packetId });
    await publisher.send(...packets.map(({ packetId }) => ({ type: PUBREL, packetId, reasonCode: 0 })));
    for (const { packetId } of packets) await publisher.expect({ type: PUBCOMP, packetId });
  }
  subscribers.push(await harness.connect(stored));
  for (const client of subscribers) {
    for (let number = 1; number <= 1_000; number++) {
      await client.expectMessage(`t/${(number - 1) % 100 % 3}`, `${number}`, { dup: false });
    }
    await client.expectNothing();
  }
});

Deno.test("[v311 MQTT-4.3.2-1] 3.1.1 clients have no Receive Maximum: the broker's own limit counts, and PUBACK makes room", async () => {
  await using harness = await start({ capabilities: { maximumInflight: 2 } });
  const client = await subscriber(harness, 1);
  for (const payload of ["1", "2", "3", "4"]) await harness.broker.publish("t", payload, { qos: 1 });
  for (const id of [1, 2]) await client.expectMessage("t", `${id}`, { packetId: id });
  await client.expectNothing();
  for (const id of [1, 2]) {
    await client.ack(PUBACK, id);
    await client.expectMessage("t", `${id + 2}`, { packetId: id + 2 });
  }
});

Deno.test("[v311 MQTT-4.3.3-2] as many messages as there are identifiers may wait for PUBREL", async () => {
  await using harness = await start({ capabilities: { receiveMaximum: 1 } });
  const publisher = await harness.connect("publisher");
  for (let id = 1; id <= 50; id++) {
    await publisher.send({
      ...{ type: PUBLISH, topic: "t", payload: Uint8Array.of(id), qos: 2, retain: false, dup: false, packetId: id },
    });
    await publisher.expect({ type: PUBREC, packetId: id });
  }
});
