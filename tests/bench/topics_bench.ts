/** Scale of the topics room. `deno run -A --v8-flags=--expose-gc tests/bench/topics_bench.ts` prints the tables (about
 * a minute, 1.5 GB); `deno bench` measures the single steps. */

import { parseTopicFilter, topicMatchesFilter } from "../../src/topics/topic_filter.ts";
import { validateTopicName } from "../../src/topics/topic_name.ts";
import { RetainedTree } from "../../src/topics/retained_tree.ts";
import { type SubscriptionOptions, SubscriptionTree } from "../../src/topics/subscription_tree.ts";

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const PLAIN: SubscriptionOptions = {
  qos: 1,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
  identifier: 0,
};

interface Client {
  readonly id: number;
}

const clients: Client[] = Array.from({ length: 10_000 }, (_, id) => ({ id }));

/** The mix: a quarter each of exact, `+`, `#` and shared filters, all for different devices. */
function filterOf(index: number): string {
  const device = `site${index % 97}/device${index}`;
  switch (index % 4) {
    case 0:
      return `${device}/temperature`;
    case 1:
      return `${device}/+/state`;
    case 2:
      return `${device}/alarm/#`;
    default:
      return `$share/group${index % 50}/${device}/jobs`;
  }
}

/** A topic that the subscription with this index receives. */
function topicOf(index: number): string {
  const device = `site${index % 97}/device${index}`;
  return `${device}/${["temperature", "door/state", "alarm/fire/hall", "jobs"][index % 4]}`;
}

/** A string as it comes out of a decoder: one piece, not a rope. */
function flat(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}

function memory(): { heap: number; rss: number } {
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  collect?.();
  const usage = Deno.memoryUsage();
  return { heap: usage.heapUsed + usage.external, rss: usage.rss };
}

function fill(size: number): SubscriptionTree<Client> {
  const tree = new SubscriptionTree<Client>();
  for (let index = 0; index < size; index++) {
    tree.subscribe(clients[index % clients.length], parseTopicFilter(flat(filterOf(index))), PLAIN);
  }
  return tree;
}

/** Microseconds for one match of topics that the cache does not know: the median of five parts. */
function missCost(tree: SubscriptionTree<Client>, topics: readonly string[]): { cost: number; found: number } {
  const part = topics.length / 5;
  const costs: number[] = [];
  let found = 0;
  for (let from = 0; from < topics.length; from += part) {
    const start = performance.now();
    for (let at = from; at < from + part; at++) {
      const result = tree.match(topics[at]);
      found += result.subscribers.length + result.shares.length;
    }
    costs.push((performance.now() - start) * 1000 / part);
  }
  return { cost: costs.sort((left, right) => left - right)[2], found: found / topics.length };
}

function hitCost(tree: SubscriptionTree<Client>, topics: readonly string[]): number {
  const rounds = 200;
  for (const topic of topics) tree.match(topic);
  const start = performance.now();
  for (let round = 0; round < rounds; round++) for (const topic of topics) tree.match(topic);
  return (performance.now() - start) * 1e6 / rounds / topics.length;
}

function spread(size: number, count: number, offset: number): string[] {
  const stride = Math.max(1, Math.floor(size / count) | 1);
  return Array.from({ length: count }, (_, at) => flat(topicOf((at * stride + offset) % size)));
}

function reportSubscriptions(): void {
  fill(20_000);
  const rows: Record<string, unknown>[] = [];
  for (const size of SIZES) {
    const parsed = Array.from({ length: size }, (_, index) => flat(filterOf(index)));
    const tree = new SubscriptionTree<Client>();
    const start = performance.now();
    for (let index = 0; index < size; index++) {
      tree.subscribe(clients[index % clients.length], parseTopicFilter(parsed[index]), PLAIN);
    }
    const seconds = (performance.now() - start) / 1000;
    const few = missCost(tree, spread(size, 20_000, 0));
    const none = missCost(tree, Array.from({ length: 20_000 }, (_, at) => flat(`nobody${at}/device/x/y`)));
    rows.push({
      subscriptions: size,
      "insert/s": Math.round(size / seconds),
      "miss us": few.cost.toFixed(2),
      "matched": few.found.toFixed(2),
      "no match us": none.cost.toFixed(2),
      "hit ns": hitCost(tree, spread(size, 1_000, 3)).toFixed(0),
    });
  }
  console.log("\nSubscriptions: a quarter each of exact, +, # and shared, all unrelated");
  console.table(rows);
}

/** The kinds of filters of the mix, by what their index leaves when divided by four. */
const KINDS = ["exact", "+", "#", "shared, one member each", "mixed"];

/** Fills a tree in this process and prints what it costs; each kind runs in a process of its own. */
function measureMemory(kind: string): void {
  const rest = KINDS.indexOf(kind);
  const size = 1_000_000;
  const before = memory();
  const tree = new SubscriptionTree<Client>();
  for (let index = 0; index < size; index++) {
    const filter = filterOf(kind === "mixed" ? index : index * 4 + rest);
    tree.subscribe(clients[index % clients.length], parseTopicFilter(flat(filter)), PLAIN);
  }
  const after = memory();
  const heap = Math.round((after.heap - before.heap) / tree.size);
  console.log(JSON.stringify({ filters: kind, "heap bytes each": heap, "rss MB": Math.round(after.rss / 1e6) }));
}

async function reportMemory(): Promise<void> {
  const rows: unknown[] = [];
  for (const kind of KINDS) {
    const args = ["run", "-A", "--v8-flags=--expose-gc", import.meta.url, "--memory", kind];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    rows.push(JSON.parse(new TextDecoder().decode(stdout)));
  }
  console.log("\nMemory of 1,000,000 subscriptions, filter strings included; the whole process beside it");
  console.table(rows);
}

function reportChurn(): void {
  const tree = fill(100_000);
  const topics = spread(100_000, 1_000, 0);
  const rows = [0, 1, 10, 100].map((every) => ({
    "wildcard changes per 1,000 matches": every,
    "match ns": churnCost(tree, topics, every).toFixed(0),
  }));
  console.log("\nMatching 1,000 topics in turn while unrelated wildcard subscriptions come and go");
  console.table(rows);
}

function churnCost(tree: SubscriptionTree<Client>, topics: readonly string[], every: number): number {
  const filters = Array.from({ length: 64 }, (_, at) => parseTopicFilter(`churn/${at}/#`));
  const rounds = 100;
  let changes = 0;
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < topics.length; at++) {
      if (every > 0 && at % (1000 / every) === 0) {
        const filter = filters[(changes >> 1) % filters.length];
        if (changes++ % 2 === 0) tree.subscribe(clients[0], filter, PLAIN);
        else tree.unsubscribe(clients[0], filter);
      }
      tree.match(topics[at]);
    }
  }
  return (performance.now() - start) * 1e6 / rounds / topics.length;
}

function reportFanOut(): void {
  const rows: Record<string, unknown>[] = [];
  for (const size of [1, 100, 10_000]) {
    const tree = new SubscriptionTree<Client>();
    for (let at = 0; at < size; at++) tree.subscribe(clients[at], parseTopicFilter("fan/#"), PLAIN);
    const one = missCost(tree, Array.from({ length: 2_000 }, (_, at) => flat(`fan/a${at}`)));
    for (let at = 0; at < size; at++) tree.subscribe(clients[at], parseTopicFilter("fan/+"), PLAIN);
    const two = missCost(tree, Array.from({ length: 2_000 }, (_, at) => flat(`fan/b${at}`)));
    rows.push({ subscribers: size, "one filter us": one.cost.toFixed(1), "two filters us": two.cost.toFixed(1) });
  }
  console.log("\nA match that is not cached, many subscribers");
  console.table(rows);
}

function timed(action: () => number): { ms: number; found: number } {
  const start = performance.now();
  const found = action();
  return { ms: performance.now() - start, found };
}

function drain(tree: RetainedTree<number>, filter: string): number {
  let found = 0;
  for (const _ of tree.match(filter)) found++;
  return found;
}

function reportRetained(): void {
  const size = 1_000_000;
  const topics = Array.from({ length: size }, (_, at) => flat(`site${at % 1000}/device${at / 1000 | 0}/temperature`));
  const before = memory();
  const tree = new RetainedTree<number>();
  const start = performance.now();
  for (let index = 0; index < size; index++) tree.set(topics[index], index);
  const inserted = performance.now() - start;
  const after = memory();
  console.log("\nRetained messages: 1,000 sites with 1,000 devices each; bytes without the message and its topic");
  console.table([{
    messages: tree.size,
    "set/s": Math.round(size / inserted * 1000),
    "heap bytes each": Math.round((after.heap - before.heap) / size),
    "rss bytes each": Math.round((after.rss - before.rss) / size),
  }]);
  for (let index = 0; index < 3; index++) tree.set(`gateway${index}/x/y`, index);
  for (let index = 0; index < 100_000; index++) tree.set(`wide${index}/status`, index);
  for (let index = 0; index < 5; index++) tree.set(`wide${index * 7}/x/y`, index);
  const gets = Array.from({ length: 100_000 }, (_, at) => flat(`site${at % 1000}/device${at % 997}/temperature`));
  const get = timed(() => gets.reduce((sum, topic) => sum + (tree.get(topic) === undefined ? 0 : 1), 0));
  const rows: Record<string, unknown>[] = [
    { read: "get, one topic", "ms": (get.ms / gets.length).toFixed(5), found: get.found / gets.length },
  ];
  for (const filter of ["site1/device2/#", "site1/+/temperature", "+/x/#", "+/device7/#", "#"]) {
    const first = timed(() => drain(tree, filter));
    const again = timed(() => drain(tree, filter));
    rows.push({ read: filter, ms: first.ms.toFixed(2), "again ms": again.ms.toFixed(2), found: first.found });
  }
  console.table(rows);
}

if (Deno.args[0] === "--memory") measureMemory(Deno.args[1]);
else if (import.meta.main) {
  reportSubscriptions();
  await reportMemory();
  reportChurn();
  reportFanOut();
  reportRetained();
} else {
  const tree = fill(100_000);
  const topics = spread(100_000, 1_000, 0);
  let at = 0;
  Deno.bench("match, cached, 100,000 subscriptions", () => void tree.match(topics[at++ % topics.length]));
  Deno.bench("match, no subscriber, new topic", () => void tree.match(`nobody/device${at++}/x`));
  Deno.bench("parseTopicFilter", () => void parseTopicFilter("$share/group/site1/+/temperature"));
  Deno.bench("validateTopicName", () => void validateTopicName("site1/device1234/temperature"));
  Deno.bench("topicMatchesFilter", () => void topicMatchesFilter("site1/device1234/temperature", "site1/+/#"));
}
