import { assert, assertEquals } from "@std/assert";
import type { Reader } from "../../src/broker/core/reading_order.ts";
import { Turn } from "../../src/broker/core/turn.ts";
import { until } from "../helpers/until.ts";

/** Nothing throws here. */
const fail = (error: unknown) => {
  throw error;
};

/** Reads on at once, as a socket does that always has data. */
class Flooder implements Reader {
  readonly cost: number;
  readonly hasFlooded: boolean;
  readonly turnBegan = 0;
  begunIn = 0;
  rounds = 0;
  stopped = false;
  readonly #turn: Turn;
  readonly #mostRounds: number;

  /** @param mostRounds stops it at last */
  constructor(turn: Turn, bytes: number, hasFlooded = true, mostRounds = Infinity) {
    this.#turn = turn;
    this.#mostRounds = mostRounds;
    this.cost = bytes;
    this.hasFlooded = hasFlooded;
  }

  readOn(): void {
    if (this.stopped) return;
    this.stopped = ++this.rounds > this.#mostRounds;
    Promise.resolve().then(() => this.#turn.readNext(this));
  }
}

function reader(cost: number, readOn: () => void): Reader {
  return { cost, turnBegan: 0, hasFlooded: true, begunIn: 0, readOn };
}

/** Lets the event loop go round without a look at the sockets. */
async function loopLaps(count: number): Promise<void> {
  for (let lap = 0; lap < count; lap++) await new Promise((resolve) => setImmediate(resolve));
}

/** Counts rounds of the event loop. */
async function loopRounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("timers have their turn while sockets always have data", async () => {
  const turn = new Turn(fail), flooders = Array.from({ length: 20 }, () => new Flooder(turn, 65_536));
  for (const flooder of flooders) turn.readNext(flooder);
  await loopRounds(3); // would never come
  await until(() => flooders.every(({ rounds }) => rounds > 2));
  for (const flooder of flooders) flooder.stopped = true;
});

Deno.test("who has read little reads on in each round of the event loop, whoever reads much", async () => {
  const turn = new Turn(fail), heavy = Array.from({ length: 30 }, () => new Flooder(turn, 131_072));
  const light = new Flooder(turn, 2);
  for (const reader of [...heavy, light]) turn.readNext(reader);
  const most = () => Math.max(...heavy.map(({ rounds }) => rounds));
  await until(() => light.rounds > 2 * most() + 10);
  await until(() => Math.min(...heavy.map(({ rounds }) => rounds)) > 1); // each of the others has its turn as well
  for (const reader of [...heavy, light]) reader.stopped = true;
});

Deno.test("what is appended in one turn is flushed once, at its end", async () => {
  const turn = new Turn(fail), flushed: string[] = [];
  turn.schedule({ flush: () => void flushed.push("first") });
  turn.schedule({ flush: () => void flushed.push("second") });
  assertEquals(flushed, []);
  turn.readNext(reader(0, () => void flushed.push("read")));
  await until(() => flushed.length === 3);
  assertEquals(flushed, ["first", "second", "read"]); // what was appended leaves before more is read
});

Deno.test("who only asks reads on in each round, however many publish", async () => {
  const turn = new Turn(fail), publishers = Array.from({ length: 2_000 }, () => new Flooder(turn, 200));
  const asking = new Flooder(turn, 2, false);
  for (const one of [...publishers, asking]) turn.readNext(one);
  const most = () => Math.max(...publishers.map(({ rounds }) => rounds));
  await until(() => asking.rounds > 20);
  assert(asking.rounds > 10 * most(), `${asking.rounds} and ${most()}`);
  await until(() => Math.min(...publishers.map(({ rounds }) => rounds)) > 1); // each of them has its turn as well
  for (const one of [...publishers, asking]) one.stopped = true;
});

Deno.test("nor do those count as asking who have a lot answered, or publish something long", async () => {
  const turn = new Turn(fail), greedy = Array.from({ length: 2_000 }, () => new Flooder(turn, 1_024, false));
  const asking = new Flooder(turn, 1_023, false);
  for (const one of [...greedy, asking]) turn.readNext(one);
  const most = () => Math.max(...greedy.map(({ rounds }) => rounds));
  await until(() => asking.rounds > 20);
  assert(asking.rounds > 10 * most(), `${asking.rounds} and ${most()}`);
  for (const one of [...greedy, asking]) one.stopped = true;
});

/** Publishers whose reads the runtime hands over. */
class Crowd {
  readOn = 0;
  readonly #turn = new Turn(fail);

  /** The first of them has read on. */
  static async begin(): Promise<Crowd> {
    const crowd = new Crowd();
    crowd.handOver(1);
    await until(() => crowd.readOn === 1);
    return crowd;
  }

  handOver(count: number): void {
    const one = { ...reader(200, () => void this.readOn++), begunIn: -1 };
    for (let index = 0; index < count; index++) this.#turn.readNext({ ...one });
  }
}

Deno.test("publishers wait while the runtime hands over what others have sent", async () => {
  const crowd = await Crowd.begin();
  crowd.handOver(128); // as many as it can: there may be more
  for (let look = 0; look < 4; look++) {
    await loopLaps(40);
    assertEquals(crowd.readOn, 1);
    crowd.handOver(20);
  }
  await until(() => crowd.readOn === 209); // that was all
});

/** Runs a test with the system's clock set back by an hour. */
async function anHourAgo(test: () => Promise<void>): Promise<void> {
  const { now } = Date;
  Date.now = () => now() - 3_600_000;
  try {
    await test();
  } finally {
    Date.now = now;
  }
}

Deno.test("timers have their turn when the clock is set back", async () => {
  const turn = new Turn(fail), early = new Flooder(turn, 200, false);
  turn.readNext(early);
  await until(() => early.rounds > 2);
  early.stopped = true;
  await loopRounds(3);
  const flooder = new Flooder(turn, 200, false, 300_000); // nobody else would ever be served
  await anHourAgo(() => {
    turn.readNext(flooder);
    return loopRounds(3);
  });
  assert(!flooder.stopped);
  flooder.stopped = true;
});

Deno.test("publishers do not wait for longer when the clock is set back", async () => {
  const crowd = await Crowd.begin();
  await anHourAgo(async () => {
    crowd.handOver(128);
    for (let look = 0; look < 500 && crowd.readOn === 1; look++) {
      await loopLaps(40);
      crowd.handOver(20);
    }
    assert(crowd.readOn > 1);
  });
});

/** Many bytes, as far as one reader is concerned. */
const MANY = 100_000;

for (const cost of [0, MANY]) {
  Deno.test(`a queue and a reader that throw leave others their turn, readers of ${cost} bytes`, async () => {
    const errors: unknown[] = [], done: string[] = [];
    const turn = new Turn((error) => errors.push(error));
    const failing = (name: string) => () => {
      throw name;
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    turn.schedule({ flush: failing("queue") });
    turn.schedule({ flush: () => done.push("queue") });
    turn.readNext(reader(cost, failing("reader")));
    turn.readNext(reader(cost, () => done.push("reader") && resolve()));
    await promise;
    assertEquals([errors, done], [["queue", "reader"], ["queue", "reader"]]);
  });
}

Deno.test("a turn is long when 3 ms have gone since its first read, and the next one begins anew", async () => {
  const turn = new Turn(fail);
  assertEquals([turn.isLong(10), turn.isLong(12), turn.isLong(13), turn.isLong(20)], [false, false, true, true]);
  const { promise, resolve } = Promise.withResolvers<void>();
  turn.readNext(reader(1, resolve));
  await promise;
  assertEquals([turn.isLong(20), turn.isLong(22), turn.isLong(23)], [false, false, true]);
});

Deno.test("of many queues 64 are written before the event loop goes round, and readers read on when all are written", async () => {
  const turn = new Turn(fail), seen: number[] = [];
  let written = 0;
  for (let queue = 0; queue < 150; queue++) turn.schedule({ flush: () => void written++ });
  const readsOn = new Promise<number>((resolve) => turn.readNext(reader(1, () => resolve(written))));
  assertEquals(turn.scheduled, 150);
  for (let lap = 0; lap < 3; lap++) {
    await loopLaps(1);
    seen.push(written);
  }
  assertEquals([seen, await readsOn, turn.scheduled], [[64, 128, 150], 150, 0]);
});

Deno.test("a queue that is appended to while others are written is written behind them", async () => {
  const turn = new Turn(fail), order: string[] = [];
  turn.schedule({ flush: () => turn.schedule({ flush: () => order.push("late") }) });
  for (let queue = 0; queue < 65; queue++) turn.schedule({ flush: () => order.push("early") });
  await until(() => order.length === 66);
  assertEquals(order.at(-1), "late");
});
