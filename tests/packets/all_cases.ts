/** All packet tables. */

import type { Cases } from "./cases.ts";
import { BAD_V31, GOOD_V31 } from "./cases_v31.ts";
import { BAD_V311, GOOD_V311 } from "./cases_v311.ts";
import { GOOD_V5 } from "./cases_v5.ts";
import { BAD_V5 } from "./cases_v5_bad.ts";

export const ALL_CASES: readonly Cases[] = [
  { version: 5, good: GOOD_V5, bad: BAD_V5 },
  { version: 4, good: GOOD_V311, bad: BAD_V311 },
  { version: 3, good: GOOD_V31, bad: BAD_V31 },
];
