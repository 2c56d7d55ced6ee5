import { assertEquals } from "@std/assert";
import { ChangeLog } from "../../src/topics/change_log.ts";
import { changeOf } from "./cached_matches.ts";

const TOPIC = "a/b", CHANGE = changeOf("a/#");

function logOf(bytes: number): ChangeLog<string> {
  return new ChangeLog<string>({ bytes, sizeOf: () => 1_000 });
}

Deno.test("changes are kept until they take more than their room", () => {
  const one = logOf(0).note(CHANGE);
  const isKept = (bytes: number) => {
    const log = logOf(bytes);
    log.note(CHANGE);
    return log.since(TOPIC, 0, true) !== undefined;
  };
  assertEquals([one > 1_000, isKept(one), isKept(one - 1)], [true, true, false]);
});

Deno.test("what is kept stays within the room, the latest changes of it, however many there are", () => {
  const log = logOf(20 * logOf(0).note(changeOf("a"))), short = changeOf("a");
  log.keepMany();
  for (let count = 1; count <= 1_000; count++) {
    log.note({ ...short, subscriber: `${count}` });
    const known = (changes: number) => log.since("a", log.generation - changes, true)?.length;
    assertEquals([known(Math.min(count, 10)), known(22)], [Math.min(count, 10), undefined]);
  }
});

Deno.test("nothing that was known before the changes were forgotten is known to be true", () => {
  const log = logOf(100_000);
  for (let count = 0; count < 10; count++) log.note(changeOf("b/#"));
  const { generation } = log;
  log.clear();
  assertEquals([log.since(TOPIC, generation, true), log.since(TOPIC, log.generation, true)], [undefined, []]);
});
