import { assertThrows } from "@std/assert";
import { debug } from "../../hooks/debug.ts";
import { resolveStorageOptions } from "../../hooks/storage/options.ts";
import { redisEngine } from "../../hooks/storage/redis_open.ts";

const WRONG: [make: () => unknown, message: string][] = [
  [
    () => debug({ payloadBytes: -1 }),
    "Cannot use payloadBytes: current value is -1, expected a whole number from 0 to 1048576",
  ],
  [() => debug({ level: "warn" as never }), "Cannot use level: current value is warn, expected debug or info"],
  [
    () => resolveStorageOptions({ durability: "fast" as never }),
    'Cannot use durability: current value is "fast", expected',
  ],
  [
    () => resolveStorageOptions({ maximumPendingMutations: 0 }),
    "Cannot use maximumPendingMutations: current value is 0",
  ],
  [
    () => resolveStorageOptions({ maximumPendingBytes: -1 }),
    "Cannot use maximumPendingBytes: current value is -1, expected",
  ],
  [() => resolveStorageOptions({ stopTimeout: 0.5 }), "Cannot use stopTimeout: current value is 0.5, expected a whole"],
  [() => resolveStorageOptions({ logPeriod: 3_600_001 }), "Cannot use logPeriod: current value is 3600001, expected"],
  [
    () => redisEngine({ lease: 99 }),
    "Cannot use lease: current value is 99, expected a whole number from 100 to 3600000",
  ],
  [() => redisEngine({ url: "redis://h?lease=x" }), "Cannot use lease: current value is NaN, expected a whole number"],
  [() => redisEngine({ timeout: 0 }), "Cannot use timeout: current value is 0, expected a whole number from 1"],
];

for (const [make, message] of WRONG) {
  Deno.test(`an option of a hook that cannot be used is named: ${message}`, () => {
    assertThrows(make, Error, message);
  });
}
