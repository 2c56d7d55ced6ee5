/** Remembered answers of a ledger: one message for many subscribers asks the same question for each of them.
 * @module */
import type { Access } from "../../src/hook/hook.ts";
import type { AccessCheck } from "./ledger_access.ts";

/** Longer topics are answered each time, so that what is remembered stays small whatever clients send. */
const LONGEST_TOPIC = 256;
const MOST_ANSWERS = 50_000;

/** Clients that the same rules are about, and what they were answered. */
export class RuleGroup {
  /** Answers by topic. */
  readonly read: Map<string, boolean> = new Map();
  /** Answers by topic. */
  readonly write: Map<string, boolean> = new Map();

  /**
   * Makes a group that remembers nothing yet.
   * @param checks the rules that are about these clients, in order
   */
  constructor(readonly checks: readonly AccessCheck[]) {}
}

/** All groups of a ledger. Together they remember a limited number of answers. */
export class Verdicts {
  readonly #groups = new Map<string, RuleGroup>();
  #answers = 0;

  /**
   * Finds the group of clients that the same rules are about.
   *
   * @param key the rules' names
   * @param checks the rules in order
   */
  group(key: string, checks: readonly AccessCheck[]): RuleGroup {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = new RuleGroup(checks);
    this.#groups.set(key, group);
    return group;
  }

  /**
   * Answers for a client of a group.
   *
   * @param group the client's group
   * @param topic a topic, or a filter that is asked for
   * @param access what the client wants with it
   */
  decide(group: RuleGroup, topic: string, access: Access): boolean {
    const answers = access === "read" ? group.read : group.write;
    const known = answers.get(topic);
    if (known !== undefined) return known;
    const verdict = firstVerdict(group.checks, topic, access);
    if (topic.length <= LONGEST_TOPIC) {
      this.#makeRoom();
      answers.set(topic, verdict);
    }
    return verdict;
  }

  /** Forgets everything at once when there is too much: simple, and rare enough to cost nothing. */
  #makeRoom(): void {
    if (++this.#answers <= MOST_ANSWERS) return;
    this.#answers = 1;
    for (const group of this.#groups.values()) {
      group.read.clear();
      group.write.clear();
    }
  }
}

function firstVerdict(checks: readonly AccessCheck[], topic: string, access: Access): boolean {
  for (const check of checks) {
    const verdict = check(topic, access);
    if (verdict !== undefined) return verdict;
  }
  return access === "read" || !topic.startsWith("$");
}
