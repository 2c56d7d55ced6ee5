/** All attacks, by name. */

import { deepFilters, deepFiltersOneByOne, deepTopics } from "./churners.ts";
import * as publishers from "./publishers.ts";
import * as sessions from "./sessions.ts";
import * as strangers from "./strangers.ts";
import * as subscribers from "./subscribers.ts";
import * as webStrangers from "./web_strangers.ts";

/** The attacks. */
export const ATTACKS = {
  deepFilters,
  deepFiltersOneByOne,
  deepTopics,
  ...publishers,
  ...sessions,
  ...strangers,
  ...subscribers,
  ...webStrangers,
};

/** Name of one. */
export type AttackName = keyof typeof ATTACKS;

/** How many of which. */
export type Forces = Readonly<Partial<Record<AttackName, number>>>;
