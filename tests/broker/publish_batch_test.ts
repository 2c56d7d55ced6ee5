/** Runs of QoS 0 messages: whatever is routed at once reaches everybody just as one by one. */
import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { PacketType, type ProtocolVersion } from "../../src/packets/types.ts";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Harness } from "../helpers/harness.ts";
import type { RawClient } from "../helpers/raw_client.ts";

/** The payloads 0 to `count` - 1, each a packet. */
function packets(
  count: number,
  version: ProtocolVersion = 5,
  topic: (index: number) => string = () => "t",
): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    encodePacket({
      type: PacketType.PUBLISH,
      topic: topic(index),
      payload: new TextEncoder().encode(String(index)),
      ...{ qos: 0, retain: false, dup: false, packetId: 0 },
    }, version)!);
}

async function expectAll(
  client: RawClient,
  count: number,
  topic: (index: number) => string = () => "t",
): Promise<void> {
  for (let index = 0; index < count; index++) await client.expectMessage(topic(index), String(index));
  await client.expectNothing();
}

Deno.test("a run reaches subscribers of every kind, once and in order", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect({ clientId: "p" });
  const plain = await harness.connect({ clientId: "plain" });
  await plain.subscribe("t");
  const twice = await harness.connect({ clientId: "twice" });
  await twice.subscribe("t", { qos: 1 });
  await twice.subscribe("#");
  const old = await harness.connect({ clientId: "old", protocolVersion: 4 });
  await old.subscribe("+");
  const numbered = await harness.connect({ clientId: "numbered" });
  await numbered.subscribe("t", { identifier: 7 });
  const aliased = await harness.connect({ clientId: "aliased", properties: { topicAliasMaximum: 3 } });
  await aliased.subscribe("t");
  const heard: string[] = [];
  harness.broker.subscribe(
    "t",
    (client, { payload }) => void heard.push(client.id + new TextDecoder().decode(payload)),
  );
  await publisher.send(...packets(40));
  for (const client of [plain, twice, old]) await expectAll(client, 40);
  for (let index = 0; index < 40; index++) {
    await numbered.expect({ type: PacketType.PUBLISH, properties: { subscriptionIdentifiers: [7] } });
    await aliased.expect({ type: PacketType.PUBLISH, properties: { topicAlias: 1 } });
  }
  assertEquals(heard, Array.from({ length: 40 }, (_, index) => `p${index}`));
  assertEquals(harness.broker.info.messagesReceived, 40);
  assertEquals(harness.broker.info.messagesSent, 200);
});

Deno.test("each message of a run goes to one member of a share group", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect("p"), members = [await harness.connect("a"), await harness.connect("b")];
  for (const member of members) await member.subscribe("$share/g/t");
  await publisher.send(...packets(10));
  await harness.settle();
  for (const [offset, member] of members.entries()) {
    for (let index = offset; index < 10; index += 2) await member.expectMessage("t", String(index));
    await member.expectNothing();
  }
});

Deno.test("No Local holds for a run, and for what overlaps it", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("p");
  await client.subscribe("t", { noLocal: true });
  await client.send(...packets(3));
  await client.expectNothing();
  await client.subscribe("#");
  await client.send(...packets(3));
  await expectAll(client, 3);
});

Deno.test("runs end where the topic, the QoS or the version's properties change", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect("p"), subscriber = await harness.connect("s");
  await subscriber.subscribe("#", { qos: 1 });
  const topic = (index: number) => index % 5 < 3 ? "t" : "tt";
  await publisher.send(...packets(30, 5, topic));
  await expectAll(subscriber, 30, topic);
  await publisher.send(
    ...packets(2),
    "31 05 00 01 't' 00 'r'",
    ...packets(2),
    "30 07 00 01 't' 02 01 01 'x'",
    ...packets(1),
  );
  for (const payload of ["0", "1", "r", "0", "1", "x", "0"]) await subscriber.expectMessage("t", payload);
});

Deno.test("what is wrong behind a run is told after the run was routed", async () => {
  for (
    const [wrong, reasonCode] of [["30 FF FF FF FF 7F", 0x81], ["36 03 00 01 't'", 0x81], [
      "30 FF FF FF 7F",
      0x95,
    ]] as const
  ) {
    await using harness = await Harness.start();
    const publisher = await harness.connect("p"), subscriber = await harness.connect("s");
    await subscriber.subscribe("t");
    await publisher.send(...packets(5), wrong);
    await expectAll(subscriber, 5);
    await publisher.expectDisconnect(reasonCode);
  }
});

Deno.test("a run of a topic that is not valid or not allowed reaches nobody", async () => {
  await using harness = await Harness.start();
  const subscriber = await harness.connect("s"),
    bad = await harness.connect("bad"),
    denied = await harness.connect("d");
  await subscriber.subscribe("#");
  await bad.send(...packets(3, 5, () => "a/#"));
  await bad.expectDisconnect(0x90);
  await denied.send(...packets(3, 5, () => "$SYS/x"));
  await subscriber.expectNothing();
  await denied.expectNothing();
});

Deno.test("a subscriber that may take less gets what it may take", async () => {
  await using harness = await Harness.start({ capabilities: { maximumClientWritesPending: 4 } });
  const publisher = await harness.connect("p");
  const small = await harness.connect({ clientId: "small", properties: { maximumPacketSize: 16 } });
  await small.subscribe("t");
  await publisher.send("30 05 00 01 't' 00 'a'", `30 14 00 01 't' 00 '${"b".repeat(16)}'`, "30 05 00 01 't' 00 'c'");
  await small.expectMessage("t", "a");
  await small.expectMessage("t", "c");
  await publisher.send(...packets(20));
  await harness.settle();
  assertEquals(harness.broker.info.messagesDropped, 1 + 20 - 4);
});

Deno.test("hooks see each message of what would be a run", async () => {
  const seen: string[] = [];
  const watching: Hook = {
    id: "watching",
    onPublished: (_, { payload }) => void seen.push(new TextDecoder().decode(payload)),
  };
  await using harness = await Harness.start({ hooks: [allowAll(), watching] });
  const publisher = await harness.connect("p");
  await publisher.send(...packets(4));
  await harness.settle();
  assertEquals(seen, ["0", "1", "2", "3"]);
});

Deno.test("async permission delays a run and keeps its order", async () => {
  const slow: Hook = {
    id: "slow",
    onConnectAuthenticate: () => true,
    onAclCheck: async (client, _topic, access) => {
      await Promise.resolve();
      return access === "write" || client.id !== "deaf";
    },
  };
  await using harness = await Harness.start({ hooks: [slow] });
  const publisher = await harness.connect("p"),
    subscriber = await harness.connect("s"),
    second = await harness.connect("u");
  await subscriber.subscribe("t");
  await second.subscribe("+");
  await publisher.send(...packets(10));
  await expectAll(subscriber, 10);
  await expectAll(second, 10);
});

const CHANGING = ["a/1", "a/2", "a/2", "a", "a/22", "ä/1", "ä/1", "å/1", "a/1"];

Deno.test("messages that come alone keep to their topic, however like the one before", async () => {
  for (const version of [4, 5] as const) {
    await using harness = await Harness.start();
    const publisher = await harness.connect({ clientId: "p", protocolVersion: version });
    const subscriber = await harness.connect({ clientId: "s", protocolVersion: version });
    await subscriber.subscribe("#");
    const heard: string[] = [];
    harness.broker.subscribe("#", (_, { topic }) => void heard.push(topic));
    for (const [index, packet] of packets(CHANGING.length, version, (index) => CHANGING[index]).entries()) {
      await publisher.send(packet);
      await subscriber.expectMessage(CHANGING[index], String(index));
    }
    assertEquals(heard, CHANGING);
  }
});

Deno.test("a message that comes alone with a topic that is no text ends the connection", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect("p");
  await publisher.send("30 05 00 01 't' 00 'x'");
  await publisher.send("30 05 00 01 FF 00 'x'");
  await publisher.expect({ type: PacketType.DISCONNECT, reasonCode: 0x81 });
  await publisher.expectClosed();
});
