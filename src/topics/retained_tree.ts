/** Retained messages by topic, and by filter for those who subscribe.
 * @module */

import { dropOne, getOne, itemsOf, type OneOrMap, putOne } from "./one_or_map.ts";

/** One level of the topics that have a retained message. */
class RetainedNode<M> {
  readonly level: string;
  readonly parent: RetainedNode<M> | undefined;
  children: OneOrMap<string, RetainedNode<M>> = undefined;
  message: M | undefined = undefined;

  constructor(level: string, parent: RetainedNode<M> | undefined) {
    this.level = level;
    this.parent = parent;
  }
}

/** Nodes still to be visited, and the level of the filter that leads to their children. */
interface Pending<M> {
  readonly nodes: Iterator<RetainedNode<M>>;
  readonly depth: number;
}

/**
 * The retained messages of a broker.
 *
 * @typeParam M the message; anything but `undefined`
 *
 * @example
 * ```ts
 * import { RetainedTree } from "./retained_tree.ts";
 *
 * const tree = new RetainedTree<string>();
 * tree.set("room/1/temperature", "21.5");
 * tree.set("room/2/temperature", "19.0");
 * console.assert([...tree.match("room/+/temperature")].length === 2);
 * ```
 */
export class RetainedTree<M> {
  readonly #byTopic: Map<string, RetainedNode<M>> = new Map();
  readonly #root: RetainedNode<M> = new RetainedNode<M>("", undefined);

  /** How many messages there are. */
  get size(): number {
    return this.#byTopic.size;
  }

  /**
   * Keeps a message for a topic in place of the one before.
   *
   * @param topic a Topic Name
   * @param message the message to keep
   * @returns the message before, or `undefined`
   */
  set(topic: string, message: M): M | undefined {
    const node = this.#byTopic.get(topic) ?? this.#addTopic(topic);
    const previous = node.message;
    node.message = message;
    return previous;
  }

  /**
   * Reads the message of a topic with one lookup.
   *
   * @param topic a Topic Name
   * @returns the message, or `undefined`
   */
  get(topic: string): M | undefined {
    return this.#byTopic.get(topic)?.message;
  }

  /**
   * Forgets the message of a topic.
   *
   * @param topic a Topic Name
   * @returns the message that was there, or `undefined`
   */
  delete(topic: string): M | undefined {
    const node = this.#byTopic.get(topic);
    if (node === undefined) return undefined;
    const previous = node.message;
    this.#byTopic.delete(topic);
    node.message = undefined;
    prune(node);
    return previous;
  }

  /**
   * Walks the messages whose topic a filter matches, lazily, reading only the branches that the filter leads to.
   * Messages may be set and deleted while the walk pauses: those that stay are met once, deleted ones not any more.
   *
   * @param filter a valid inner filter, without `$share/name/`
   * @returns an iterator over the messages
   */
  match(filter: string): Generator<M, void, undefined> {
    return this.matchInSteps(filter, Infinity) as Generator<M, void, undefined>;
  }

  /**
   * Walks like {@linkcode match}, and yields `undefined` whenever it has visited `steps` nodes, so that a walk over many
   * branches without a match can be paused too.
   *
   * @param filter a valid inner filter, without `$share/name/`
   * @param steps how many nodes are visited between two pauses
   * @returns an iterator over the messages, with `undefined` for a pause
   */
  *matchInSteps(filter: string, steps: number): Generator<M | undefined, void, undefined> {
    if (!filter.includes("+") && !filter.endsWith("#")) {
      const message = this.get(filter);
      if (message !== undefined) yield message;
      return;
    }
    const levels = filter.split("/");
    const pending: Pending<M>[] = [{ nodes: below(this.#root, levels[0]), depth: 0 }];
    let visited = 0;
    while (pending.length > 0) {
      const { nodes, depth } = pending[pending.length - 1];
      const next = nodes.next();
      if (next.done) {
        pending.pop();
        continue;
      }
      const node = next.value;
      if (++visited % steps === 0) yield undefined;
      // [MQTT-4.7.2-1]
      if (node.parent === this.#root && isHidden(node.level, filter)) continue;
      const at = levels[depth] === "#" ? depth : depth + 1;
      const ends = at === levels.length || levels[at] === "#";
      if (ends && node.message !== undefined) yield node.message;
      if (at < levels.length && node.children !== undefined) {
        pending.push({ nodes: below(node, levels[at]), depth: at });
      }
    }
  }

  /**
   * Walks all messages with their topics, lazily.
   *
   * @returns an iterator over pairs of topic and message
   */
  *entries(): Generator<[topic: string, message: M], void, undefined> {
    for (const [topic, node] of this.#byTopic) {
      if (node.message !== undefined) yield [topic, node.message];
    }
  }

  #addTopic(topic: string): RetainedNode<M> {
    let node = this.#root;
    for (let start = 0; start <= topic.length;) {
      const slash = topic.indexOf("/", start);
      const end = slash === -1 ? topic.length : slash;
      node = childOf(node, topic.slice(start, end));
      start = end + 1;
    }
    this.#byTopic.set(topic, node);
    return node;
  }
}

function levelOf<M>(node: RetainedNode<M>): string {
  return node.level;
}

function isHidden(level: string, filter: string): boolean {
  return level.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"));
}

function childOf<M>(node: RetainedNode<M>, level: string): RetainedNode<M> {
  const known = getOne(node.children, level, levelOf);
  if (known !== undefined) return known;
  const child = new RetainedNode<M>(level, node);
  node.children = putOne(node.children, child, levelOf);
  return child;
}

/** The children that a level of a filter leads to. */
function below<M>(node: RetainedNode<M>, level: string): Iterator<RetainedNode<M>> {
  if (level === "+" || level === "#") return itemsOf(node.children);
  return itemsOf(getOne(node.children, level, levelOf));
}

function prune<M>(from: RetainedNode<M>): void {
  let node = from;
  while (node.parent !== undefined && node.message === undefined && node.children === undefined) {
    const parent = node.parent;
    parent.children = dropOne(parent.children, node.level, levelOf);
    node = parent;
  }
}
