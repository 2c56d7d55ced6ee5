import { assertEquals } from "@std/assert";
import { Relief } from "../../src/session/relief.ts";

/** Whether the wait is over when the queue is so long. */
async function endsAt(length: number, bytes: number): Promise<boolean> {
  const relief = new Relief({ length: 5, bytes: 1_000 });
  let ended = false;
  relief.promise.then(() => ended = true);
  relief.queueIsShorter({ length, bytes });
  await Promise.resolve();
  return ended;
}

Deno.test("a queue is short enough when it has no more records and no more bytes than that", async () => {
  assertEquals([await endsAt(5, 1_000), await endsAt(0, 0)], [true, true]);
  assertEquals([await endsAt(6, 1_000), await endsAt(5, 1_001), await endsAt(6, 0)], [false, false, false]);
});

Deno.test("a subscriber needs so long for one message of each publisher that has published since the last look", () => {
  const relief = new Relief({ length: 5, bytes: 1_000 });
  assertEquals(relief.spacing, Infinity);
  for (const publisher of ["a", "b", "c", "a"]) relief.publishers.add(publisher);
  relief.pace(0.4);
  assertEquals(relief.spacing, 8);
  relief.publishers.add("d");
  relief.pace(0.1);
  assertEquals(relief.spacing, 10);
});
