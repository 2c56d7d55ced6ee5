import { assert, assertEquals } from "@std/assert";
import { DELIVERY } from "../../src/session/cost.ts";
import { Message } from "../../src/session/message.ts";
import { OutboundRecord } from "../../src/session/outbound_record.ts";
import { RecordQueue } from "../../src/session/record_queue.ts";

/** A record whose message has a payload of `size` bytes. */
function record(sequence: number, size = 0): OutboundRecord {
  const message = new Message({ topic: "t", payload: new Uint8Array(size), receivedAt: 0 });
  return new OutboundRecord("a", sequence, message, {
    qos: 1,
    retain: false,
    identifiers: undefined,
    share: undefined,
  });
}

Deno.test("first in, first out, with the bytes of what is in it", () => {
  const queue = new RecordQueue(), empty = record(0).message!.size + DELIVERY;
  assertEquals([queue.length, queue.bytes, queue.peek(), queue.shift()], [0, 0, undefined, undefined]);
  for (let index = 0; index < 5; index++) queue.push(record(index, index));
  assertEquals([queue.length, queue.bytes], [5, 5 * empty + 10]);
  assertEquals(queue.peek()!.sequence, 0);
  assertEquals([...queue].map(({ sequence }) => sequence), [0, 1, 2, 3, 4]);
  assertEquals([0, 1, 2, 3, 4].map(() => queue.shift()!.sequence), [0, 1, 2, 3, 4]);
  assertEquals([queue.length, queue.bytes, queue.shift()], [0, 0, undefined]);
});

Deno.test("the same as an array, whatever is pushed and shifted", () => {
  const queue = new RecordQueue(), model: OutboundRecord[] = [];
  let seed = 1;
  for (let step = 0; step < 20_000; step++) {
    seed = seed * 48_271 % 0x7fffffff;
    const grows = step % 4_000 < 2_000 ? 3 : 1;
    if (seed % 4 < grows) {
      const added = record(step, seed % 50);
      queue.push(added);
      model.push(added);
    } else assert(queue.shift() === model.shift());
    assertEquals(queue.length, model.length);
    assert(queue.peek() === model[0]);
  }
  assertEquals(queue.bytes, model.reduce((sum, { message }) => sum + message!.size + DELIVERY, 0));
  assertEquals([...queue], model);
});

Deno.test("a long queue is emptied in linear time and forgets what has left", () => {
  const queue = new RecordQueue(), begun = performance.now();
  for (let index = 0; index < 300_000; index++) queue.push(record(index));
  for (let index = 0; index < 300_000; index++) assert(queue.shift()!.sequence === index);
  assert(performance.now() - begun < 5_000);
});
