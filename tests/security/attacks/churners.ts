/** Filters that match deep topics come and go, and who publishes to such topics beside them. */

import { publishTo, subscribeTo } from "../../helpers/attacker.ts";
import { type Attack, bytesOf, connectNew, flood, newName, unsubscribeFrom } from "./attack.ts";

const LEVELS = 12, FILTERS = 200, WILDCARDS = 8;

/** The ClientID of a good client whose topic all these filters match. */
export const DEEP: string = Array(LEVELS).fill("a").join("/");

let churners = 0;

/** Filters with as many `+` as a filter may have, others for each client. */
function ownFilters(): string[] {
  const filters: string[] = [];
  for (let ways = churners++ * 2 * FILTERS; filters.length < FILTERS; ways++) {
    const levels = Array.from({ length: LEVELS }, (_, level) => ways >> level & 1 ? "+" : "a");
    if (levels.filter((level) => level === "+").length <= WILDCARDS) {
      filters.push(`good/${levels.join("/")}/${ways % 2 ? "#" : "+"}`);
    }
  }
  return filters;
}

/** All of them in one packet. */
export const deepFilters: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "churner");
  const filters = ownFilters();
  yield* flood(attacker, bytesOf(1, () => subscribeTo(filters, 1)), bytesOf(1, () => unsubscribeFrom(filters)));
};

/** Each in a packet of its own. */
export const deepFiltersOneByOne: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "churner");
  const filters = ownFilters();
  yield* flood(
    attacker,
    bytesOf(FILTERS, (at) => subscribeTo([filters[at]], 1)),
    bytesOf(FILTERS, (at) => unsubscribeFrom([filters[at]])),
  );
};

/** One message after the other to ever new topics. */
export const deepTopics: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "deep");
  for (let answers = attacker.received;;) {
    const bytes = bytesOf(1, () => publishTo(`good/${DEEP}/${newName("topic")}`, { qos: 1, packetId: 1 }));
    if (!await attacker.send(bytes)) return;
    yield bytes.length;
    await attacker.receive(answers += 4);
  }
};
