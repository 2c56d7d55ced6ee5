import { assertEquals } from "@std/assert";
import { Message } from "../../src/session/message.ts";
import { OutboundRecord } from "../../src/session/outbound_record.ts";
import { Outbox } from "../../src/session/outbox.ts";

function record(packetId: number, sequence = packetId): OutboundRecord {
  const message = new Message({ topic: "t", payload: new Uint8Array(0), receivedAt: 0 });
  const made = new OutboundRecord("a", sequence, message, {
    ...{ qos: 1, retain: false, identifiers: undefined, share: undefined },
  });
  made.packetId = packetId;
  return made;
}

/** Takes the next Packet Identifier for a record. */
function send(outbox: Outbox): number {
  const packetId = outbox.allocatePacketId();
  if (packetId > 0) outbox.inflight.set(packetId, record(packetId));
  return packetId;
}

Deno.test("Packet Identifiers go from 1 to 65,535 and begin anew, past those in use", () => {
  const outbox = new Outbox();
  for (let expected = 1; expected <= 65_535; expected++) {
    if (send(outbox) !== expected) throw new Error(`expected ${expected}`);
    if (expected % 1_000 !== 0) outbox.inflight.delete(expected);
  }
  for (let round = 0; round < 2; round++) {
    const seen = new Set<number>();
    for (let index = 0; index < 65_535 - 65; index++) {
      const packetId = send(outbox);
      if (packetId % 1_000 === 0) throw new Error(`${packetId} is in use`);
      seen.add(packetId);
      outbox.inflight.delete(packetId);
    }
    assertEquals(seen.size, 65_470);
  }
});

Deno.test("without a free Packet Identifier there is none, and the one that is given back comes next", () => {
  const outbox = new Outbox();
  for (let index = 0; index < 65_535; index++) send(outbox);
  assertEquals([outbox.exhausted, send(outbox), send(outbox)], [true, 0, 0]);
  outbox.inflight.delete(777);
  assertEquals([outbox.exhausted, send(outbox), send(outbox)], [false, 777, 0]);
});

Deno.test("there is room for just as many messages as there are free Packet Identifiers", () => {
  const outbox = new Outbox();
  assertEquals([outbox.roomForIds(65_535), outbox.roomForIds(65_536)], [true, false]);
  for (let index = 0; index < 65_530; index++) send(outbox);
  assertEquals([outbox.roomForIds(5), outbox.roomForIds(6)], [true, false]);
});

Deno.test("the quota never rises above where it began", () => {
  const outbox = new Outbox();
  outbox.connect(2);
  outbox.returnQuota();
  assertEquals(outbox.quota, 2);
  outbox.quota -= 2;
  for (let index = 0; index < 3; index++) outbox.returnQuota();
  assertEquals(outbox.quota, 2);
  outbox.connect(1);
  assertEquals(outbox.quota, 1);
});

Deno.test("a new connection is sent everything again in its old order, also behind the highest Packet Identifier", () => {
  const outbox = new Outbox(), order = [65_534, 65_535, 1, 2];
  order.forEach((packetId, index) => outbox.inflight.set(packetId, record(packetId, index + 1)));
  outbox.connect(10);
  assertEquals(outbox.resend.map(({ packetId }) => packetId).reverse(), order);
  assertEquals([outbox.waiting, outbox.ahead, outbox.size], [true, true, 4]);
});

Deno.test("restored records keep their Packet Identifiers, queued ones have none", () => {
  const outbox = new Outbox();
  for (const [packetId, sequence] of [[7, 1], [3, 2], [0, 3], [0, 4]]) outbox.restore(record(packetId, sequence));
  assertEquals([...outbox.records()].map(({ sequence }) => sequence), [1, 2, 3, 4]);
  assertEquals([outbox.inflight.size, outbox.queue.length, outbox.size], [2, 2, 4]);
  assertEquals(send(outbox), 8);
});

Deno.test("something waits while there is anything to send", () => {
  const outbox = new Outbox();
  assertEquals([outbox.waiting, outbox.ahead], [false, false]);
  outbox.replays.push({ qos: 0, next: () => false });
  assertEquals([outbox.waiting, outbox.ahead], [true, false]);
  outbox.queue.push(record(0));
  assertEquals([outbox.waiting, outbox.ahead], [true, true]);
});
