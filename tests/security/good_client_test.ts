/** The criterion of attacks: a good client on a quiet broker is served, and one whose broker stands still is not. */

import { assertRejects, assertThrows } from "@std/assert";
import { startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";

Deno.test("good client: a quiet broker serves it, one that stands still does not", async () => {
  await using broker = await startProgram();
  await using good = await startGoodClient(broker);
  let seen = await good.report();
  while (seen.connects === 0) seen = await good.report();
  broker.signal("SIGSTOP");
  do seen = await good.report(); while (seen.worst < 100);
  assertThrows(() => assertServed(seen, { roundTrips: 1 }), Error, "p99 not below 100 ms");
  broker.signal("SIGCONT");
});

Deno.test("good client: it tells of a broker that has gone", async () => {
  await using broker = await startProgram();
  await using good = await startGoodClient(broker);
  await broker.terminate();
  let { errors } = await good.report();
  while (errors.length === 0) ({ errors } = await good.report());
  await assertRejects(() => broker.rssBytes(), Error, "The program has ended");
});
