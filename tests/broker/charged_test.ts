/** What takes long without many packets is told of, so that a reader looks at the clock. */
import { assert, assertEquals } from "@std/assert";
import { Core } from "../../src/broker/core/core.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { BatchCost } from "../../src/broker/inbound/batch_cost.ts";
import { judgeAll } from "../../src/broker/routing/choose.ts";
import { deliverTo, isKeptOut } from "../../src/broker/routing/deliver_all.ts";
import type { Recipients } from "../../src/broker/routing/recipients.ts";
import { Message } from "../../src/session/message.ts";
import { Session } from "../../src/session/session.ts";

/** So many are worth a look at the clock. */
const MANY = 4_000;

/** A message at QoS 1 for many sessions that have ended. */
function play(): { core: Core; message: Message; recipients: Recipients } {
  const core = new Core(resolveOptions({ capabilities: { maximumTotalQueuedBytes: 1 } }));
  const message = Object.assign(new Message(), { qos: 1, publisherId: "p" });
  const subscriber = Object.assign(Object.create(Session.prototype), { ended: true, client: { id: "c" } }) as Session;
  const one = {
    subscriber,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    identifiers: undefined,
    subscriptions: [],
  };
  const matched = {
    subscribers: Array.from({ length: MANY }, () => one),
    shares: [],
  } as unknown as Recipients["matched"];
  core.deliveries.bytes = 1_000_000_000;
  return { core, message, recipients: { matched, deniedSubscribers: undefined, members: undefined } };
}

const STEPS: [what: string, step: (stage: ReturnType<typeof play>) => unknown][] = [
  [
    "who may read a message",
    ({ core, message, recipients }) => judgeAll(core, message, recipients.matched.subscribers),
  ],
  ["whether it is kept out", ({ core, message, recipients }) => isKeptOut(core, message, recipients)],
  ["its delivery", ({ core, message, recipients }) => deliverTo(core, message, recipients)],
];

for (const [what, step] of STEPS) {
  Deno.test(`${what} is charged where many receive it, and looked at the clock for`, () => {
    const stage = play(), { core } = stage, batch = new BatchCost();
    batch.begin(20, core.now() - 10);
    assert(!batch.isLate(core), "a packet that costs little");
    step(stage);
    assert(core.charged >= 500, `${core.charged}`);
    assert(batch.isLate(core));
    assertEquals(core.charged, 0);
    assert(batch.cost >= 10 * 21_845);
  });
}

Deno.test("what waits is as dear as what came before it, and as dear as it is itself afterwards", () => {
  const batch = new BatchCost();
  assertEquals([batch.begin(100, 0), batch.begin(20, 0)], [0, 100]);
  batch.waitAs(100);
  assertEquals([batch.cost, batch.bytes], [100, 20]);
  batch.goOn(0);
  assertEquals(batch.cost, 20);
  batch.waitAs(10);
  assertEquals(batch.cost, 20);
});

Deno.test("a read that was charged is as dear as what is handled in that time, and the next one begins anew", () => {
  const { core } = play(), batch = new BatchCost();
  batch.begin(100, 0);
  core.charged = 90 * 5;
  batch.end(core);
  assert(batch.cost > 9_000 && batch.cost < 10_000, `${batch.cost}`);
  assertEquals([core.charged, batch.begin(100, 0) === 100], [0, false]);
  batch.end(core);
  assertEquals(batch.cost, 100);
});

Deno.test("more filters are never less dear, also when it was looked at the clock meanwhile", () => {
  const { core } = play(), batch = new BatchCost(), costs: number[] = [];
  for (const filters of [1, 50, 99, 100, 101, 500]) {
    batch.begin(20, core.now());
    core.charged = filters * 5;
    batch.isLate(core);
    batch.end(core);
    costs.push(batch.cost);
  }
  assertEquals(costs, costs.toSorted((a, b) => a - b));
});
