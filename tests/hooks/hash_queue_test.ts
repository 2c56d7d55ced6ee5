import { assert, assertEquals, assertRejects } from "@std/assert";
import { HashQueue, type HashQueueOptions } from "../../hooks/auth/hash_queue.ts";
import type { MqttError } from "../../src/packets/errors.ts";
import { settle } from "../helpers/fake_clock.ts";
import { newClient } from "./clients.ts";

/** A queue whose computations end when a test says so. */
function bench(options: Partial<HashQueueOptions> = {}) {
  const queue = new HashQueue({ atOnce: 1, waiting: 4, patience: 60_000, ...options });
  const begun: string[] = [], refused: string[] = [], running: (() => void)[] = [];
  const add = (name: string, address = "10.0.0.1") => {
    const client = newClient({ id: name, remoteAddress: `${address}:${50_000 + begun.length}` });
    const compute = () => {
      begun.push(name);
      return new Promise<boolean>((resolve) => running.push(() => resolve(true)));
    };
    queue.run(client, compute).catch(({ reasonCode }: MqttError) => refused.push(`${name} ${reasonCode}`));
    return client;
  };
  const finish = async () => {
    running.shift()!();
    await settle();
  };
  return { queue, add, begun, refused, running, finish };
}

Deno.test("so many are computed at once, and the next one when one is done", async () => {
  const { add, begun, running, finish } = bench({ atOnce: 2 });
  for (const name of ["a", "b", "c", "d"]) add(name);
  assertEquals(begun, ["a", "b"]);
  await finish();
  assertEquals([begun, running.length], [["a", "b", "c"], 2]);
  await finish();
  await finish();
  await finish();
  assertEquals([begun, running.length], [["a", "b", "c", "d"], 0]);
  add("e");
  assertEquals(begun.at(-1), "e");
});

Deno.test("a result and an error are passed on, and both make room", async () => {
  const { queue } = bench(), client = newClient({});
  await assertRejects(() => queue.run(client, () => Promise.reject(new Error("no"))), Error, "no");
  assertEquals(await queue.run(client, () => Promise.resolve(true)), true);
});

Deno.test("after a wrong password nothing is computed for as long as that took, after a right one the next begins at once", async () => {
  const { queue } = bench({ atOnce: 1 }), client = newClient({}), rest = 40, begun: number[] = [];
  const answer = (isRight: boolean) => () => {
    begun.push(performance.now());
    return new Promise<boolean>((resolve) => setTimeout(() => resolve(isRight), rest));
  };
  assertEquals(await Promise.all([true, false, true].map((isRight) => queue.run(client, answer(isRight)))), [
    true,
    false,
    true,
  ]);
  const [afterRight, afterWrong] = [begun[1] - begun[0], begun[2] - begun[1]];
  assert(afterWrong >= 2 * rest - 2, `${afterWrong} ms`);
  assert(afterRight < afterWrong, `${afterRight} ms`);
});

Deno.test("who comes while the core rests waits for the end of that, and no longer", async () => {
  const { queue } = bench({ atOnce: 2 }), client = newClient({}), rest = 40;
  const isWrong = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), rest));
  assertEquals(await queue.run(client, isWrong), false);
  const came = performance.now(), waited = () => Promise.resolve(performance.now() - came >= rest / 2 - 2);
  assertEquals(await queue.run(client, waited), true); // one of two cores has worked
  const later = performance.now();
  assertEquals(await queue.run(client, () => Promise.resolve(performance.now() - later < rest / 2)), true);
});

Deno.test("who waits for the end of the rest is served before those who come then", async () => {
  const { queue } = bench({ atOnce: 1 }), client = newClient({}), begun: string[] = [];
  const isWrong = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20));
  const named = (name: string) => () => Promise.resolve(begun.push(name) > 0);
  await queue.run(client, isWrong);
  const waits = queue.run(client, named("waits")), from = performance.now();
  while (performance.now() - from < 60); // the rest is over, and its timer has had no turn
  await Promise.all([queue.run(client, named("comes")), waits]);
  assertEquals(begun, ["waits", "comes"]);
});

Deno.test("addresses take turns, however many come from one; of IPv6 a network is one", async () => {
  const { add, begun, finish } = bench({ waiting: 10 });
  add("first");
  for (const name of ["a1", "a2", "a3"]) add(name, "10.0.0.2");
  add("b1", "10.0.0.3");
  for (const [index, name] of ["c1", "c2"].entries()) add(name, `[2001:db8::${index}]`);
  while (begun.length < 7) await finish();
  assertEquals(begun, ["first", "a1", "b1", "c1", "a2", "c2", "a3"]);
});

Deno.test("one address cannot fill the queue: who comes from elsewhere takes the place of its last one", async () => {
  const { add, begun, refused, finish } = bench();
  add("first");
  for (const name of ["a1", "a2", "a3", "a4", "a5"]) add(name, "10.0.0.2");
  await settle();
  assertEquals(refused, ["a5 151"]);
  for (const name of ["b1", "b2", "b3"]) {
    add(name, "10.0.0.3");
    await settle();
  }
  assertEquals(refused, ["a5 151", "a4 151", "a3 151", "b3 151"]);
  while (begun.length < 5) await finish();
  assertEquals(begun, ["first", "a1", "b1", "a2", "b2"]);
});

Deno.test("clients that have gone take no place and cost no computation", async () => {
  const { add, begun, refused, finish } = bench();
  add("first");
  const gone = ["a1", "a2", "a3", "a4"].map((name) => add(name));
  for (const client of gone.slice(0, 3)) client.closeConnection = undefined;
  add("b1");
  await settle();
  assertEquals(refused, ["a1 151", "a2 151", "a3 151"]);
  gone[3].closeConnection = undefined;
  await finish();
  assertEquals([begun, refused.at(-1)], [["first", "b1"], "a4 151"]);
});

Deno.test("who has waited too long is told so instead of being computed for", async () => {
  const { add, begun, refused, finish } = bench({ patience: -1 });
  add("a");
  add("b");
  await finish();
  assertEquals([begun, refused], [["a"], ["b 151"]]);
});
