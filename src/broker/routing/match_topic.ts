/** From a topic to all who have subscribed to it, in portions where many filters have to be looked at.
 * @module */
import type { Message } from "../../session/message.ts";
import type { Session } from "../../session/session.ts";
import { type MatchResult, PendingMatch } from "../../topics/subscription_tree.ts";
import type { Core } from "../core/core.ts";

/** Nodes of the tree that are visited at once. A node takes half a microsecond or so, where it leads to a filter that matches. */
const NODES = 512;

/**
 * Finds who receives a topic. Nearly always that is known at once. Filters that were made to match all at the same time keep the
 * publisher waiting, and nobody else.
 *
 * @returns a Promise only when many filters have to be looked at
 */
export function matchTopic(
  core: Core,
  { topic, known }: Pick<Message, "topic" | "known">,
): MatchResult<Session> | Promise<MatchResult<Session>> {
  const { tree } = core, { visited } = tree, matched = tree.tryMatch(topic, NODES, known);
  core.charged += tree.visited - visited >> 1;
  if (!(matched instanceof PendingMatch)) return matched;
  const kind = matched.isAgain ? "again" : "first", found = core.longMatches[kind].then(() => goOn(core, matched));
  core.longMatches[kind] = found.catch(() => {});
  return found;
}

/** In one step it may be many nodes, or as much as many take where thousands have the same filter: that is what counts. */
function goOn(core: Core, matched: PendingMatch<Session>): Promise<MatchResult<Session>> {
  const { tree } = core;
  return new Promise((resolve, reject) => {
    core.portions.run(1, () => {
      const { visited } = tree;
      try {
        const found = matched.goOn(NODES);
        if (found !== undefined) resolve(found);
        return found === undefined;
      } catch (error) {
        reject(error); // others do not wait for it
        return false;
      } finally {
        core.portions.spend(tree.visited - visited >> 1);
      }
    });
  });
}
