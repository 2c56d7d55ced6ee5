import { assertEquals } from "@std/assert";
import { AckQueue } from "../../src/broker/connection/ack_queue.ts";
import { WAITING } from "../../src/session/cost.ts";
import { LITTLE } from "../../src/session/fair_part.ts";

/** A queue of at most 3, of 10 in all, and what it has sent. */
function queue(all = { acknowledgements: 0, maximum: 10 }, receiveMaximum = 3) {
  const sent: string[] = [], errors: unknown[] = [];
  let shorter = 0;
  const core = { waiting: all, options: { capabilities: { receiveMaximum } } };
  const reader = { resume: () => void shorter++ };
  const acks = new AckQueue({ core, reader, fail: (error) => void errors.push(error) });
  const add = (name: string, commits?: Promise<unknown>[]) =>
    acks.after(commits, (failure) => void sent.push(failure === undefined ? name : `${name}: ${failure.message}`));
  return { acks, all, add, sent, errors, shorter: () => shorter };
}

Deno.test("what has nothing to wait for is sent at once, everything else in its order", async () => {
  const { acks, add, sent, shorter } = queue(), { promise, resolve } = Promise.withResolvers<void>();
  add("a");
  add("b", [promise]);
  add("c");
  assertEquals([sent, acks.length], [["a"], 2]);
  resolve();
  await promise;
  await Promise.resolve();
  assertEquals([sent, acks.length, shorter()], [["a", "b", "c"], 0, 1]);
});

Deno.test("a queue is long by itself, or when all together are and it is not empty", async () => {
  const all = { acknowledgements: 0, maximum: 5 }, first = queue(all), second = queue(all), third = queue(all);
  const { promise, resolve } = Promise.withResolvers<void>();
  for (let count = 0; count < 3; count++) first.add("a", [promise]);
  assertEquals([first.acks.isLong, second.acks.isLong], [false, false]);
  first.add("a", [promise]);
  assertEquals([first.acks.isLong, second.acks.isLong], [true, false]);
  second.add("b", [promise]);
  assertEquals([second.acks.isLong, all.acknowledgements], [false, 5]);
  second.add("b", [promise]);
  assertEquals([second.acks.isLong, third.acks.isLong, all.acknowledgements], [true, false, 6]);
  resolve();
  await promise;
  await Promise.resolve();
  assertEquals([first.acks.isLong, second.acks.isLong, all.acknowledgements], [false, false, 0]);
});

Deno.test("the last eighth of what all may have waiting is for those who have little of it", () => {
  const all = { acknowledgements: 0, maximum: 160 }, greedy = queue(all, 1_000), modest = queue(all, 1_000);
  const never = [new Promise<void>(() => {})], little = LITTLE / WAITING;
  for (let count = 0; count < little; count++) modest.add("m", never);
  while (all.acknowledgements < 140) greedy.add("g", never);
  assertEquals([greedy.acks.isLong, modest.acks.isLong], [false, false]);
  greedy.add("g", never);
  assertEquals([greedy.acks.isLong, modest.acks.isLong], [true, false]);
  modest.add("m", never); // no longer little
  assertEquals([greedy.acks.isLong, modest.acks.isLong], [true, true]);
});

Deno.test("a connection that has ended keeps nothing that waits behind others, and tells only what failed", async () => {
  const { acks, all, add, sent } = queue(), good = Promise.withResolvers<void>(), bad = Promise.withResolvers<void>();
  add("a", [good.promise]);
  add("b");
  add("c", [bad.promise]);
  acks.end();
  add("d");
  add("e", [bad.promise]);
  assertEquals([acks.length, all.acknowledgements], [0, 0]);
  good.resolve();
  bad.reject(new Error("lost"));
  await bad.promise.catch(() => {});
  await Promise.resolve();
  assertEquals(sent, ["d", "c: lost", "e: lost"]);
  assertEquals([acks.length, all.acknowledgements], [0, 0]);
});
