/** Topics that thousands of filters match: who waits for whom. */
import { assert, assertEquals } from "@std/assert";
import { Core } from "../../src/broker/core/core.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { matchTopic } from "../../src/broker/routing/match_topic.ts";
import { NO_TOPIC } from "../../src/topics/known_topic.ts";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import { Session } from "../../src/session/session.ts";

const LEVELS = 11, DEEP = Array(LEVELS).fill("a").join("/");
const OPTIONS = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;

/** A broker with 2,048 filters that all match what is below one topic. */
function play() {
  const core = new Core(resolveOptions()),
    somebody = Object.create(Session.prototype, { bytes: { value: 1_000 } }) as Session;
  for (let ways = 0; ways < 2 ** LEVELS; ways++) {
    const levels = Array.from({ length: LEVELS }, (_, level) => ways >> level & 1 ? "+" : "a");
    core.tree.subscribe(somebody, parseTopicFilter(`${levels.join("/")}/#`), OPTIONS);
  }
  const match = (topic: string) => matchTopic(core, { topic: `${DEEP}/${topic}`, known: NO_TOPIC });
  const change = (filter: string, times: number) => {
    for (let time = 0; time < times; time++) {
      core.tree.subscribe(somebody, parseTopicFilter(filter), OPTIONS);
      core.tree.unsubscribe(somebody, parseTopicFilter(filter));
    }
  };
  return { core, match, change };
}

Deno.test("a long match of a topic that comes again is not behind those of new topics, which follow one another", async () => {
  const { match, change } = play(), order: string[] = [];
  await match("known");
  change("z/#", 20_000); // more than is looked through
  const all = ["new 1", "new 2", "new 3", "known"].map(async (topic) => {
    await match(topic);
    order.push(topic);
  });
  await Promise.all(all);
  assertEquals(order.filter((topic) => topic !== "known"), ["new 1", "new 2", "new 3"]);
  assert(order.indexOf("known") < 2, order.join());
});

Deno.test("a topic whose filters come and go is matched at once, and that is charged", async () => {
  const { core, match, change } = play();
  await match("known");
  change("a/#", 5);
  core.charged = 0;
  const found = match("known");
  assert(!(found instanceof Promise), "nobody waits");
  assert(core.charged > 2_048 / 64 && core.charged < 512, `${core.charged}`);
  change("z/#", 1_000);
  core.charged = 0;
  assert(match("known") === found);
  assert(core.charged >= 250, `${core.charged}`);
  change("z/#", 2_000);
  const later = match("known");
  assert(later instanceof Promise, "more is looked through in portions");
  assert(await later === found);
});

Deno.test("where memory becomes short all that is remembered of matches goes", async () => {
  const { core, match } = play();
  await match("known");
  assert(!(match("known") instanceof Promise));
  const use = Deno.memoryUsage;
  Deno.memoryUsage = () => ({ ...use(), heapUsed: 1e12 });
  try {
    assert(core.memory.isShort);
  } finally {
    Deno.memoryUsage = use;
  }
  const again = match("known");
  assert(again instanceof Promise);
  await again;
});
