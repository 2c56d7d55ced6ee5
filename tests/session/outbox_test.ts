import { assertEquals, assertStrictEquals } from "@std/assert";
import { DELIVERY } from "../../src/session/cost.ts";
import { DeliveryTotals } from "../../src/session/delivery_totals.ts";
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

const SIZE = record(1).message!.size;

function newOutbox(): Outbox {
  return new Outbox(new DeliveryTotals());
}

/** Sends a record under the next Packet Identifier. */
function send(outbox: Outbox): number {
  const packetId = outbox.allocatePacketId();
  if (packetId > 0) outbox.begin(record(packetId), packetId);
  return packetId;
}

Deno.test("Packet Identifiers go from 1 to 65,535 and begin anew, past those in use", () => {
  const outbox = newOutbox();
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
  const outbox = newOutbox();
  for (let index = 0; index < 65_535; index++) send(outbox);
  assertEquals([outbox.exhausted, send(outbox), send(outbox)], [true, 0, 0]);
  outbox.inflight.delete(777);
  assertEquals([outbox.exhausted, send(outbox), send(outbox)], [false, 777, 0]);
});

Deno.test("a message may be sent while there is quota, and less than so many bytes are not acknowledged", () => {
  const outbox = newOutbox();
  outbox.sendQuota.begin(2);
  assertEquals([outbox.maySend(1), outbox.maySend(0)], [true, false]);
  send(outbox);
  assertEquals([outbox.maySend(SIZE + 1), outbox.maySend(SIZE)], [true, false]);
  send(outbox);
  assertEquals(outbox.maySend(1_000), false);
});

Deno.test("records stay apart while the table grows, and after it was emptied", () => {
  const outbox = newOutbox(), model = new Map<number, number>();
  for (let round = 0, sequence = 1; round < 300; round++) {
    for (let count = 1 + round * 7 % 50; count > 0; count--) {
      const packetId = outbox.allocatePacketId();
      outbox.begin(record(0, sequence), packetId);
      model.set(packetId, sequence++);
    }
    for (const packetId of [...model.keys()].filter((packetId) => packetId * round % 3 === 0)) {
      outbox.forget(outbox.inflight.get(packetId)!);
      model.delete(packetId);
    }
    assertEquals(outbox.inflight.size, model.size);
    assertEquals(outbox.inflightBytes, SIZE * model.size);
  }
  const order = [...model].sort((a, b) => a[1] - b[1]);
  for (let { oldest } = outbox.inflight; oldest !== undefined; oldest = oldest.newer) {
    assertEquals([oldest.packetId, oldest.sequence], order.shift());
  }
  assertEquals(order, []);
});

Deno.test("a slot of the send quota is taken by what is sent and comes back once, never above where it began", () => {
  const outbox = newOutbox();
  outbox.sendQuota.begin(2);
  const first = outbox.inflight.get(send(outbox))!, second = outbox.inflight.get(send(outbox))!;
  assertEquals([outbox.sendQuota.slots, outbox.finished], [0, 0]);
  for (const record of [first, second, first]) outbox.finish(record);
  assertEquals([outbox.sendQuota.slots, outbox.finished], [2, 3]);
  outbox.sendQuota.begin(1);
  assertEquals(outbox.sendQuota.slots, 1);
});

Deno.test("the sums of all outboxes count what is sent and what is queued, with its bytes", () => {
  const totals = new DeliveryTotals(), outbox = new Outbox(totals), other = new Outbox(totals), one = SIZE + DELIVERY;
  outbox.sendQuota.begin(10);
  send(outbox);
  outbox.enqueue(record(0, 2));
  other.enqueue(record(0, 1));
  other.restore(record(5, 2));
  assertEquals([totals.inflight, totals.bytes], [4, 4 * one]);
  const queued = outbox.dequeue()!;
  assertEquals([totals.inflight, totals.bytes], [3, 3 * one]);
  outbox.begin(queued, outbox.allocatePacketId());
  assertEquals([totals.inflight, totals.bytes], [4, 4 * one]);
  outbox.finish(queued);
  outbox.clear();
  assertEquals([totals.inflight, totals.bytes], [2, 2 * one]);
  outbox.begin(record(0, 3), 1);
  outbox.release(outbox.inflight.get(1)!);
  assertEquals([totals.inflight, totals.bytes], [3, 2 * one + DELIVERY]);
  outbox.forget(outbox.inflight.get(1)!);
  other.clear();
  assertEquals([totals.inflight, totals.bytes, other.size], [0, 0, 0]);
});

Deno.test("a message that several sessions get is counted once, with each of its deliveries", () => {
  const totals = new DeliveryTotals(), outboxes = [1, 2, 3].map(() => new Outbox(totals));
  const { message } = record(0),
    delivery = { qos: 1, retain: false, identifiers: undefined, share: undefined } as const;
  for (const outbox of outboxes) outbox.enqueue(new OutboundRecord("a", 1, message, delivery));
  assertEquals(totals.bytes, SIZE + 3 * DELIVERY);
  outboxes[0].clear();
  outboxes[1].dequeue();
  assertEquals(totals.bytes, SIZE + DELIVERY);
  outboxes[2].clear();
  assertEquals(totals.bytes, 0);
});

Deno.test("a new connection is sent everything again in its old order, also behind the highest Packet Identifier", () => {
  const outbox = newOutbox(), order = [65_534, 65_535, 1, 2];
  order.forEach((packetId, index) => outbox.begin(record(0, index + 1), packetId));
  outbox.sendQuota.begin(10);
  outbox.connect();
  assertEquals([outbox.waiting, outbox.ahead, outbox.size], [true, true, 4]);
  for (const packetId of order) {
    assertEquals(outbox.nextAgain?.packetId, packetId);
    outbox.sendAgain();
  }
  assertEquals([outbox.nextAgain, outbox.ahead, outbox.sendQuota.slots], [undefined, false, 6]);
});

Deno.test("restored records keep their Packet Identifiers, queued ones have none", () => {
  const outbox = newOutbox();
  for (const [packetId, sequence] of [[7, 1], [3, 2], [0, 3], [0, 4]]) outbox.restore(record(packetId, sequence));
  assertEquals([outbox.inflight.size, outbox.queue.length, outbox.size], [2, 2, 4]);
  assertEquals(send(outbox), 8);
  outbox.forget(outbox.inflight.get(8)!);
  const order: number[] = [];
  for (; outbox.oldest !== undefined; outbox.forgetOldest()) order.push(outbox.oldest.sequence);
  assertEquals([order, outbox.size], [[1, 2, 3, 4], 0]);
});

Deno.test("of two restored records with one Packet Identifier the last one stays", () => {
  const totals = new DeliveryTotals(), outbox = new Outbox(totals);
  for (const sequence of [1, 2]) outbox.restore(record(7, sequence));
  assertEquals([outbox.size, outbox.oldest?.sequence, totals.inflight], [1, 2, 1]);
});

Deno.test("what is acknowledged before it was sent again is left out", () => {
  for (const acknowledged of [[1, 2], [1, 4], [3], [1, 2, 3, 4]]) {
    const outbox = newOutbox(), again: number[] = [];
    for (let index = 0; index < 4; index++) send(outbox);
    outbox.connect();
    for (const packetId of acknowledged) outbox.finish(outbox.inflight.get(packetId)!);
    for (; outbox.nextAgain !== undefined; outbox.sendAgain()) again.push(outbox.nextAgain.packetId);
    assertEquals(again, [1, 2, 3, 4].filter((packetId) => !acknowledged.includes(packetId)));
    assertEquals(outbox.waiting, false);
  }
});

Deno.test("something waits while there is anything to send", () => {
  const outbox = newOutbox();
  assertEquals([outbox.waiting, outbox.ahead], [false, false]);
  outbox.addReplay({ qos: 0, filter: "t", next: () => false });
  assertEquals([outbox.waiting, outbox.ahead], [true, false]);
  outbox.enqueue(record(0));
  assertEquals([outbox.waiting, outbox.ahead], [true, true]);
});

Deno.test("there is one source of retained messages for each filter, the last one, behind those that came before it", () => {
  const outbox = new Outbox(new DeliveryTotals());
  const [first, second, third] = ["a", "b", "a"].map((filter) => ({ qos: 0, filter, next: () => false }) as const);
  for (const replay of [first, second, third]) outbox.addReplay(replay);
  outbox.endReplay("a", first); // has ended already
  assertStrictEquals(outbox.nextReplay, second);
  outbox.endReplay("b", second);
  assertStrictEquals(outbox.nextReplay, third);
  outbox.endReplay("a", third);
  assertEquals([outbox.nextReplay, outbox.waiting], [undefined, false]);
});

Deno.test("sources that come while others are read have their turn, and those that are not wanted any more have none", () => {
  const outbox = new Outbox(new DeliveryTotals());
  const add = (filter: string) => outbox.addReplay({ qos: 0, filter, next: () => false });
  const end = () => {
    const { filter } = outbox.nextReplay!;
    outbox.endReplay(filter);
    return filter;
  };
  for (const filter of ["a", "b", "c"]) add(filter);
  assertEquals([end(), outbox.nextReplay?.filter], ["a", "b"]);
  outbox.endReplay("c");
  add("d");
  assertEquals([end(), end(), outbox.waiting], ["b", "d", false]);
  add("e");
  assertEquals(outbox.nextReplay?.filter, "e");
  outbox.endReplays();
  assertEquals([outbox.nextReplay, outbox.waiting], [undefined, false]);
  add("f");
  assertEquals(outbox.nextReplay?.filter, "f");
});

Deno.test("ten thousand sources are taken in their order", () => {
  const outbox = new Outbox(new DeliveryTotals()), count = 10_000;
  for (let index = 0; index < count; index++) outbox.addReplay({ qos: 0, filter: `${index}`, next: () => false });
  for (let index = 0; index < count; index++) {
    assertEquals(outbox.nextReplay?.filter, `${index}`);
    outbox.endReplay(`${index}`);
  }
  assertEquals(outbox.waiting, false);
});
