import { assertEquals } from "@std/assert";
import { ChangeLog } from "../../src/topics/change_log.ts";
import { changeOf } from "./cached_matches.ts";

Deno.test("changes are kept until they take more than their room", () => {
  const sizeOf = () => 1_000, change = changeOf("a/#"), one = new ChangeLog<string>({ bytes: 0, sizeOf }).note(change);
  const isKept = (bytes: number) => {
    const log = new ChangeLog<string>({ bytes, sizeOf });
    log.note(change);
    return log.since("a/b", 0, true) !== undefined;
  };
  assertEquals([one > 1_000, isKept(one), isKept(one - 1)], [true, true, false]);
});
