import { assertEquals } from "@std/assert";
import { Relief } from "../../src/session/relief.ts";

/** Whether the wait is over when the queue is so long. */
async function endsAt(length: number, bytes: number): Promise<boolean> {
  const relief = new Relief({ length: 5, bytes: 1_000 }, { at: 0, finished: 0 });
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
