import { assertEquals, assertThrows } from "@std/assert";
import { debug } from "../../hooks/debug.ts";
import { kvStorage } from "../../hooks/storage/kv.ts";
import { memoryStorage, MemoryStore } from "../../hooks/storage/memory.ts";
import { redisStorage } from "../../hooks/storage/redis.ts";

// types forbid some of it; programs in JavaScript have none
const any = (value: unknown) => value as never;

const WRONG: [make: () => unknown, message: string][] = [
  [
    () => debug({ payloadBytes: -1 }),
    "Cannot use payloadBytes: current value is -1, expected a whole number from 0 to 1048576",
  ],
  [() => debug({ level: "warn" as never }), "Cannot use level: current value is warn, expected debug or info"],
  [
    () => memoryStorage({ durability: "fast" as never }),
    'Cannot use durability: current value is "fast", expected',
  ],
  [
    () => memoryStorage({ maximumPendingMutations: 0 }),
    "Cannot use maximumPendingMutations: current value is 0",
  ],
  [
    () => memoryStorage({ maximumPendingBytes: -1 }),
    "Cannot use maximumPendingBytes: current value is -1, expected",
  ],
  [() => memoryStorage({ stopTimeout: 0.5 }), "Cannot use stopTimeout: current value is 0.5, expected a whole"],
  [() => memoryStorage({ logPeriod: 3_600_001 }), "Cannot use logPeriod: current value is 3600001, expected"],
  [
    () => redisStorage({ lease: 99 }),
    "Cannot use lease: current value is 99, expected a whole number from 100 to 3600000",
  ],
  [() => redisStorage({ url: "redis://h?lease=x" }), "Cannot use lease: current value is NaN, expected a whole number"],
  [
    () => kvStorage({ lease: 99 }),
    "Cannot use lease: current value is 99, expected a whole number from 100 to 3600000",
  ],
  [() => kvStorage(any("x")), "Cannot use options: expected an object with path, prefix, lease, id, durability"],
  [() => kvStorage(any({ pat: "x" })), "Cannot use pat: there is no such option, did you mean path?"],
  [
    () => kvStorage({ path: any(new URL("file:///x")) }),
    "Cannot use path: current value is an object, expected a text",
  ],
  [
    () => redisStorage(any("redis://u:secret@h")),
    "ca, id, durability, maximumPendingMutations, maximumPendingBytes, stopTimeout, logPeriod, got a string",
  ],
  [() => redisStorage(any({ ulr: "redis://h" })), "Cannot use ulr: there is no such option, known are url, prefix,"],
  [() => redisStorage(any(null)), "Cannot use options: expected an object with url, prefix"],
  [() => memoryStorage(any({ size: 1 })), "Cannot use size: there is no such option, known are store, id"],
  [() => memoryStorage(any(["x"])), "Cannot use options: expected an object with store, id"],
  [() => debug(any({ event: ["qos"] })), "Cannot use event: there is no such option, did you mean events?"],
  [() => debug({ events: any("qos") }), 'Cannot use events: current value is "qos", expected a list'],
  [() => debug(any("qos")), "Cannot use options: expected an object with events, payloadBytes, level, got a string"],
  [() => redisStorage({ timeout: 0 }), "Cannot use timeout: current value is 0, expected a whole number from 1"],
];

for (const [make, message] of WRONG) {
  Deno.test(`an option of a hook that cannot be used is named: ${message}`, () => {
    assertThrows(make, Error, message);
  });
}

Deno.test("all options of a store are taken", () => {
  const common = { durability: "relaxed", maximumPendingMutations: 1, stopTimeout: 1, logPeriod: 1 } as const;
  const limits = { ...common, id: "x", maximumPendingBytes: 1 };
  assertEquals(kvStorage({ ...limits, path: "x", prefix: "x", lease: 100 }).id, "x");
  assertEquals(redisStorage({ ...limits, url: "redis://h", prefix: "x", lease: 100, timeout: 1, ca: "x" }).id, "x");
  assertEquals(memoryStorage({ ...limits, store: new MemoryStore() }).id, "x");
});
