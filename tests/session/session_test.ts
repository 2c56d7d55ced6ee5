import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { encodePacket } from "../../src/packets/codec.ts";
import { readPublish } from "../../src/packets/decode_publish.ts";
import { SlabPool } from "../../src/packets/slab.ts";
import { PacketType, type Properties } from "../../src/packets/types.ts";
import { Client } from "../../src/session/client.ts";
import { DeliveryTotals } from "../../src/session/delivery_totals.ts";
import { Message, type MessageInit } from "../../src/session/message.ts";
import { Session } from "../../src/session/session.ts";
import { SessionRegistry } from "../../src/session/session_registry.ts";

function session(id: string, username?: string): Session {
  return new Session(new Client({ id, username, protocolVersion: 5 }), 0);
}

function message(init: Partial<MessageInit> = {}): Message {
  return new Message({ topic: "t", payload: new Uint8Array(0), receivedAt: 1_000, ...init });
}

Deno.test("a session without messages has no queues", () => {
  const idle = session("a");
  assertEquals([idle.existingOutbox, idle.awaitsPubrel(1)], [undefined, false]);
  assertStrictEquals(idle.outbox, idle.outbox);
  assertStrictEquals(idle.existingOutbox, idle.outbox);
});

Deno.test("an outbox has the send quota of its session, also one that is made while the client is connected", () => {
  const connected = session("a");
  connected.sendQuota.begin(7);
  assertStrictEquals(connected.outbox.sendQuota, connected.sendQuota);
});

Deno.test("the order of delivery goes on behind what was restored", () => {
  const restored = session("a");
  restored.restoreSequence(5);
  restored.restoreSequence(3);
  assertEquals([restored.nextSequence(), restored.nextSequence()], [6, 7]);
});

Deno.test("the registry compares ClientIDs byte by byte, and knows no magic names", () => {
  const registry = new SessionRegistry(), ids = ["a", "A", "\u00e9", "e\u0301", "__proto__", "constructor", "toString"];
  for (const id of ids) {
    assertEquals(registry.get(id), undefined);
    registry.add(session(id));
  }
  assertEquals(registry.size, ids.length);
  assertEquals([...registry.values()].map(({ clientId }) => clientId), ids);
});

Deno.test("a session that was replaced is not removed in the place of the new one", () => {
  const registry = new SessionRegistry(), old = session("a"), young = session("a");
  registry.add(old);
  registry.add(young);
  registry.remove(old);
  assertStrictEquals(registry.get("a"), young);
  registry.remove(young);
  assertEquals(registry.size, 0);
});

Deno.test("a client is connected as long as it has a link", () => {
  const client = new Client({ id: "a", protocolVersion: 4 }), calls: unknown[] = [];
  client.disconnect();
  client.closeConnection = (code, options) => calls.push([code, options]);
  assertEquals(client.connected, true);
  client.disconnect();
  client.disconnect(0x9c, { serverReference: "other" });
  client.closeConnection = undefined;
  client.disconnect();
  assertEquals(calls, [[0x98, undefined], [0x9c, { serverReference: "other" }]]);
});

Deno.test("a message expires at the sooner of its own time and the broker's", () => {
  const table: [own: number | undefined, maximum: number | undefined, expiresAt: number][] = [
    [undefined, undefined, Infinity],
    [undefined, 0, Infinity],
    [5, undefined, 6_000],
    [5, 0, 6_000],
    [5, 3, 4_000],
    [2, 3, 3_000],
    [undefined, 3, 4_000],
    [0, 3, 1_000],
    [0xffff_ffff, undefined, 1_000 + 0xffff_ffff * 1_000],
  ];
  for (const [messageExpiryInterval, maximumExpiry, expiresAt] of table) {
    assertEquals(message({ properties: { messageExpiryInterval }, maximumExpiry }).expiresAt, expiresAt);
  }
});

Deno.test("a message that is kept keeps nothing of the buffer that it came in, and little of what others are kept in", () => {
  const slab = new Uint8Array(65_536), view = slab.subarray(10, 12), large = slab.subarray(0, 2_000);
  const kept = message({ payload: view, properties: { correlationData: view, contentType: "x" } });
  assertStrictEquals(kept.detach(), kept);
  assertEquals([kept.payload, kept.properties!.correlationData], [view, view]);
  assertEquals(kept.properties!.contentType, "x");
  assertEquals(kept.properties!.correlationData!.buffer.byteLength, 2);
  assert(kept.payload.buffer.byteLength <= 2_048);
  assertEquals(message({ payload: large }).detach().payload.buffer.byteLength, 2_000);
  const { payload } = kept;
  assertStrictEquals(kept.detach().payload, payload, "copied once");
  assert(payload !== view);
});

/** A message of a client, somewhere in a buffer. */
function received(buffer: Uint8Array, properties: Properties): Message {
  const parts = { topic: "t", payload: Uint8Array.of(1, 2), qos: 0, packetId: 0, retain: false, dup: false } as const;
  const packet = encodePacket({ type: PacketType.PUBLISH, ...parts, properties }, 5)!,
    start = buffer.length - packet.length;
  buffer.set(packet, start);
  const read = new Message();
  readPublish(read, packet[0], buffer, start + 2, buffer.length, 5, { from: "client" });
  return Object.assign(read, { frameStart: start, version5: true, buffer });
}

for (const end of ["acknowledged", "copied", "copied and acknowledged", "kept and acknowledged"]) {
  Deno.test(`memory that was read into is used again, or not: its messages are ${end}`, () => {
    const pool = new SlabPool(), slab = pool.take(65_536), [first, second] = [0, 1].map(() => received(slab.bytes, {}));
    for (const message of [first, second]) message.slab = slab;
    const begun = [first, first, second].map((message) => message.beginDelivery());
    slab.release(); // the reader goes on in other memory
    assertEquals(begun, [true, false, true]);
    if (end.startsWith("kept")) first.keepMemory();
    if (end.startsWith("copied")) first.detach();
    else assertEquals([first.endDelivery(), first.endDelivery()], [false, true]);
    assert(pool.take(65_536).bytes !== slab.bytes, "the second message needs it");
    second.endDelivery();
    if (end === "copied and acknowledged") { for (let ends = 0; ends < 2; ends++) first.endDelivery(); }
    assertEquals(pool.take(65_536).bytes === slab.bytes, !end.startsWith("kept"));
    assert(pool.take(65_536).bytes !== slab.bytes, "given back once");
  });
}

Deno.test("a message of a client that is kept finds everything again in its own memory", () => {
  const all: Properties[] = [
    {},
    { messageExpiryInterval: 0x01020304 },
    { topicAlias: 3 },
    { topicAlias: 3, messageExpiryInterval: 5, contentType: "x", correlationData: Uint8Array.of(1) },
  ];
  for (const properties of all) {
    const buffer = new Uint8Array(3_000),
      { topicAlias, ...forwarded } = properties,
      kept = received(buffer, properties);
    assertStrictEquals(kept.detach(), kept);
    buffer.fill(0xff);
    assertEquals([[...kept.payload], kept.expiryInterval], [[1, 2], properties.messageExpiryInterval]);
    assertEquals(kept.properties ?? {}, forwarded);
    const alias = kept.aliasStart === -1 ? [] : [...kept.buffer.subarray(kept.aliasStart, kept.aliasStart + 3)];
    assertEquals(alias, topicAlias === undefined ? [] : [0x23, 0, topicAlias]);
    assertEquals(kept.expiryStart === -1, properties.messageExpiryInterval === undefined);
  }
});

Deno.test("the size of a message counts all that may be large", () => {
  const large = "x".repeat(1_000), bytes = new Uint8Array(1_000), small = message().size;
  const inits: Partial<MessageInit>[] = [
    { topic: large },
    { payload: bytes },
    { properties: { correlationData: bytes } },
    { properties: { contentType: large } },
    { properties: { responseTopic: large } },
    { properties: { userProperties: [[large, ""]] } },
    { properties: { userProperties: [["", large]] } },
    { properties: { userProperties: Array.from({ length: 16 }, () => ["", ""] as const) } },
  ];
  for (const init of inits) assert(message(init).size - small >= 999, Object.keys(init.properties ?? init).join());
  const detached = message({ properties: { correlationData: bytes } }), before = detached.size;
  assertEquals(detached.detach().size, before, "what is added to a limit is taken from it again");
});

Deno.test("Packet Identifiers of QoS 2 messages from clients are counted while they are remembered", () => {
  const totals = new DeliveryTotals(), client = new Client({ id: "a", protocolVersion: 4 });
  const [first, second] = [new Session(client, 0, totals), new Session(client, 0, totals)];
  for (let packetId = 1; packetId <= 10; packetId++) first.awaitPubrel(packetId);
  assertEquals(totals.receivedBytes, 320);
  first.forgetPubrel(10);
  first.forgetPubrel(10);
  second.awaitPubrel(1);
  second.awaitPubrel(1);
  assertEquals(totals.receivedBytes, 320);
  for (let packetId = 1; packetId <= 65_535; packetId++) second.awaitPubrel(packetId);
  assertEquals(totals.receivedBytes, 9 * 32 + 8_192);
  first.clear();
  second.clear();
  assertEquals([totals.receivedBytes, first.awaitingPubrelMessages, second.awaitsPubrel(1)], [0, 0, false]);
});

Deno.test("the registry counts what sessions take by themselves, until they are gone", () => {
  const registry = new SessionRegistry(), small = session("a"), large = session("b".repeat(1_000), "u".repeat(500));
  registry.add(small);
  assertEquals(registry.bytes, small.bytes);
  registry.add(large);
  assertEquals(registry.bytes, small.bytes + large.bytes);
  assertEquals(large.bytes - small.bytes, 2 * (999 + 500));
  registry.remove(small);
  registry.remove(small);
  registry.add(session("b".repeat(1_000)));
  registry.remove(large); // there is a newer one
  assertEquals(registry.bytes, large.bytes - 1_000);
});
