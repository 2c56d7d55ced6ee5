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

Deno.test("Packet Identifiers of a run follow each other, all of them free and none above 65,535", () => {
  const outbox = new Outbox();
  assertEquals([outbox.allocatePacketIds(3), outbox.allocatePacketIds(2), send(outbox)], [1, 4, 6]);
  outbox.inflight.set(10, record(10));
  assertEquals([outbox.allocatePacketIds(4), outbox.allocatePacketIds(3)], [0, 7]);
  assertEquals([outbox.allocatePacketIds(1), outbox.allocatePacketIds(65_536 - 10)], [0, 0]);
  assertEquals([send(outbox), outbox.allocatePacketIds(65_535 - 11), outbox.allocatePacketIds(1)], [11, 12, 0]);
  assertEquals([send(outbox), outbox.allocatePacketIds(1)], [1, 2]);
});

/** Keeps a run of so many messages, whose payload has as many bytes as their place in the run. */
function keepRun(outbox: Outbox, count: number, sequence: number, qos: 1 | 2 = 1): number {
  const packetId = outbox.allocatePacketIds(count),
    messages = Array.from({ length: count }, (_, index) => {
      return new Message({ topic: "t", payload: new Uint8Array(index), receivedAt: 0 });
    });
  outbox.keepRun({ clientId: "a", sequence, packetId, qos, messages });
  return packetId;
}

Deno.test("the deliveries of a run are forgotten without a record, one by one, and count until then", () => {
  const outbox = new Outbox();
  keepRun(outbox, 40, 1);
  assertEquals([outbox.inflight.size, outbox.inflightBytes], [40, 40 * 65 + 40 * 39 / 2]);
  assertEquals([outbox.forgetUnseen(41), outbox.forgetUnseen(0), outbox.forgetUnseen(40 + 64)], [false, false, false]);
  assertEquals([outbox.forgetUnseen(40), outbox.forgetUnseen(40), outbox.forgetUnseen(1)], [true, false, true]);
  assertEquals([outbox.inflight.size, outbox.inflightBytes], [38, 38 * 65 + 38 * 39 / 2]);
  for (let packetId = 2; packetId < 40; packetId++) outbox.forgetUnseen(packetId);
  assertEquals([outbox.inflight.size, outbox.inflightBytes], [0, 0]);
});

Deno.test("a message may be sent while there is quota, and less than so many bytes are not acknowledged", () => {
  const outbox = new Outbox();
  outbox.connect(1);
  assertEquals([outbox.maySend(1), outbox.maySend(0)], [true, false]);
  keepRun(outbox, 1, 1);
  assertEquals([outbox.maySend(66), outbox.maySend(65)], [true, false]);
  outbox.quota--;
  assertEquals(outbox.maySend(66), false);
});

Deno.test("a delivery of a run becomes a record when it is asked for, always the same, with its place and message", () => {
  const outbox = new Outbox();
  keepRun(outbox, 20, 5);
  const made = outbox.inflight.get(3)!, { clientId, direction, sequence, packetId, state, qos, retain, message } = made;
  assertEquals([clientId, direction, sequence, packetId, state, qos, retain], ["a", "out", 7, 3, "sent", 1, false]);
  assertEquals([message?.payloadLength, outbox.inflight.get(3) === made, outbox.forgetUnseen(3)], [2, true, false]);
  outbox.forget(made);
  assertEquals([outbox.inflight.get(3), outbox.inflight.size], [undefined, 19]);
  assertEquals(outbox.inflight.values().map(({ sequence }) => sequence), [
    5,
    6,
    ...Array.from({ length: 17 }, (_, at) => 8 + at),
  ]);
  assertEquals([outbox.forgetUnseen(1), outbox.inflightBytes], [false, 19 * 65 + 20 * 19 / 2 - 2]);
});

Deno.test("at QoS 2 no delivery of a run is forgotten without a record", () => {
  const outbox = new Outbox();
  keepRun(outbox, 3, 1, 2);
  assertEquals([outbox.forgetUnseen(2), outbox.inflight.size], [false, 3]);
  const { qos, state, sequence } = outbox.inflight.get(2)!;
  assertEquals([qos, state, sequence], [2, "sent", 2]);
});

Deno.test("runs and records stay apart while the table grows, and after it was emptied", () => {
  const outbox = new Outbox(), model = new Map<number, number>();
  for (let round = 0, sequence = 1; round < 300; round++) {
    const count = 1 + round * 7 % 50, first = keepRun(outbox, count, sequence);
    for (let index = 0; index < count; index++) model.set(first + index, sequence + index);
    sequence += count;
    const packetId = outbox.allocatePacketId();
    outbox.keep(record(packetId, sequence));
    model.set(packetId, sequence++);
    for (const packetId of [...model.keys()].filter((packetId) => packetId * round % 3 === 0)) {
      const unseen = round % 2 === 0 && outbox.forgetUnseen(packetId);
      if (!unseen) outbox.forget(outbox.inflight.get(packetId)!);
      model.delete(packetId);
    }
    assertEquals(outbox.inflight.size, model.size);
  }
  assertEquals(
    outbox.inflight.values().map(({ packetId, sequence }) => [packetId, sequence]),
    [...model].sort((a, b) => a[1] - b[1]),
  );
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
