/** How often the runtime is given time to look at the sockets, by a clock and an event loop of the test's own. */
import { assertEquals } from "@std/assert";
import { ReadingOrder } from "../../src/broker/core/reading_order.ts";

/** Rounds of the event loop that a look takes. */
const LOOK = 64;

/** Time that passes, and an event loop that goes round, when a test says so. */
class Loop implements Disposable {
  now = 1_000_000;
  readonly order = new ReadingOrder((error) => {
    throw error;
  });
  readonly #waiting: (() => void)[] = [];
  readonly #real = { now: Date.now, setImmediate: globalThis.setImmediate };

  constructor() {
    Date.now = () => this.now;
    const later = (callback: () => void) => this.#waiting.push(callback);
    Object.assign(globalThis, { setImmediate: later });
  }

  /** Readers that have read just now want to read on. @returns how often the loop goes round until all of them do */
  readOn(count: number, { begunIn = 0, turnBegan = this.now, asks = false } = {}): number {
    let waiting = count;
    for (let index = 0; index < count; index++) {
      this.order.add({ cost: 100, hasFlooded: !asks && index % 2 === 0, turnBegan, begunIn, readOn: () => waiting-- });
    }
    this.order.turnEnded();
    return this.lapsUntil(() => waiting === 0);
  }

  /** Lets the event loop go round. @returns how often, until something is true */
  lapsUntil(isDone: () => boolean): number {
    let laps = 0;
    for (; !isDone(); laps++) this.#waiting.shift()!();
    return laps;
  }

  /** Lets the event loop go round so often. */
  laps(count: number): void {
    for (let left = count; left > 0; left--) this.#waiting.shift()?.();
  }

  /** Reads on every four milliseconds, without a pause. @returns how often there was a look */
  looks(times: number): number {
    let looks = 0, turnBegan = this.now;
    for (let time = 0; time < times; time++) {
      this.now += 4;
      if (this.readOn(1, { turnBegan }) >= LOOK) looks++;
      turnBegan = this.now;
    }
    return looks;
  }

  [Symbol.dispose](): void {
    Date.now = this.#real.now;
    globalThis.setImmediate = this.#real.setImmediate;
  }
}

Deno.test("while reading goes on without a pause there is a look every 16 milliseconds", () => {
  using loop = new Loop();
  loop.readOn(1);
  assertEquals(loop.looks(100), 25);
});

Deno.test("after a pause no look is needed: there was time for it", () => {
  using loop = new Loop();
  for (let time = 0; time < 10; time++) {
    loop.now += 1_000;
    assertEquals(loop.readOn(1), 1);
  }
});

Deno.test("a few read on at once until three milliseconds after a round has begun", () => {
  using loop = new Loop();
  assertEquals(loop.readOn(10), 1);
  for (const [passed, laps] of [[0, 0], [2, 0], [1, 1], [2, 0]]) {
    loop.now += passed;
    assertEquals(loop.readOn(10), laps);
  }
  assertEquals(loop.readOn(65), 1);
});

Deno.test("reads that find data at once are none that the runtime has handed over, however many there are", () => {
  using loop = new Loop();
  loop.readOn(1);
  const readers = Array.from({ length: 10 }, () => ({
    ...{ cost: 100, hasFlooded: false, turnBegan: loop.now, begunIn: 0, readOn: () => {} },
  }));
  for (let time = 0; time < 20; time++) {
    for (const reader of readers) loop.order.add(reader);
    loop.order.turnEnded();
  }
  loop.now += 4;
  assertEquals(loop.readOn(1, { turnBegan: loop.now - 4 }), 1);
});

Deno.test("what came while others read on in a round has not come after a pause", () => {
  using loop = new Loop();
  loop.readOn(1);
  const takesLong = () => void (loop.now += 20);
  loop.now += 10;
  loop.order.add({ cost: 100, hasFlooded: true, turnBegan: loop.now - 10, begunIn: 0, readOn: takesLong });
  loop.order.turnEnded();
  loop.lapsUntil(() => loop.now === 1_000_030);
  assertEquals(loop.readOn(1, { turnBegan: loop.now - 10 }), LOOK);
});

Deno.test("there are more looks while the runtime has more than it can hand over, and no longer than that", () => {
  using loop = new Loop();
  loop.readOn(1);
  loop.now += 4;
  const crowd = loop.readOn(128, { begunIn: 0, turnBegan: loop.now - 4 }); // all of them begun before the last round
  assertEquals(crowd >= LOOK, true);
  assertEquals(loop.looks(100), 25);
});

Deno.test("of work that goes on a part is done in each round, and the sockets are looked at before", () => {
  using loop = new Loop();
  let parts = 0, beside = 0;
  const work = () => {
    parts++;
    loop.order.afterRound(work);
  };
  loop.order.afterRound(work);
  for (let part = 1; part <= 3; part++) assertEquals(loop.lapsUntil(() => parts === part), LOOK);
  loop.order.afterRound(() => beside++);
  assertEquals(loop.lapsUntil(() => beside === 1), LOOK);
  assertEquals([parts, beside, loop.readOn(1)], [4, 1, LOOK]); // who reads does not overtake a look
});

Deno.test("publishers and work wait while the runtime hands over the ends of many connections, 50 milliseconds at most", () => {
  using loop = new Loop();
  let done = 0;
  const end = (count: number) => {
    for (let left = count; left > 0; left--) loop.order.readEnded();
  };
  const publisher = { cost: 2_000, hasFlooded: true, turnBegan: loop.now, begunIn: 0, readOn: () => done++ };
  loop.order.afterRound(() => done++);
  loop.lapsUntil(() => done === 1); // publishers and work have had their turn
  end(100); // there may be more
  loop.order.add(publisher);
  loop.order.afterRound(() => done++);
  for (let time = 0; time < 50; time += 10) {
    assertEquals([loop.readOn(1, { begunIn: -1, asks: true }), done], [LOOK, 1]); // who asks little does not wait
    end(16);
    loop.now += 10;
  }
  assertEquals([loop.readOn(1, { begunIn: -1, asks: true }), done], [LOOK, 3]);
});

Deno.test("when the runtime has had more for 700 milliseconds nobody reads on before it has handed over all of it", () => {
  using loop = new Loop();
  let done = 0;
  /** So many reads are handed over, and one of them wants to read on. @returns whether it does after a look */
  const looks = (handedOver: number, reader = true) => {
    loop.now += 10;
    for (let left = handedOver - Number(reader); left > 0; left--) loop.order.readEnded();
    const read = () => void done++, rest = { cost: 100, hasFlooded: false, turnBegan: loop.now - 10, begunIn: -1 };
    if (reader) loop.order.add({ ...rest, readOn: read });
    loop.order.turnEnded();
    const before = done;
    loop.laps(LOOK);
    return done > before;
  };
  looks(10); // there was a pause 10 milliseconds ago
  for (let time = 10; time < 690; time += 10) assertEquals([time, looks(100)], [time, true]);
  assertEquals([looks(100), looks(100, false), looks(50, false)], [false, false, false]);
  assertEquals([looks(49, false), done], [true, 70]);
});

Deno.test("during a look those who ask little read on by the hundred", () => {
  using loop = new Loop();
  loop.order.afterRound(() => {});
  assertEquals(loop.readOn(7 * 64, { asks: true }), LOOK - 8); // eight turns of the loop for each 64
});

for (const isInRound of [false, true]) {
  Deno.test(`when those who read on ${isInRound ? "at once" : "in a round"} take longer than they did last, the others wait for the next one`, () => {
    using loop = new Loop();
    if (isInRound) loop.readOn(1);
    const readers = 10, readOn: number[] = [];
    for (let index = 0; index < readers; index++) {
      const costly = () => {
        readOn.push(index);
        loop.now += 2;
      };
      loop.order.add({ cost: 100, hasFlooded: true, turnBegan: loop.now, begunIn: 0, readOn: costly });
    }
    loop.order.turnEnded();
    loop.lapsUntil(() => readOn.length > 0);
    assertEquals(readOn, [0, 1]);
    loop.lapsUntil(() => readOn.length > 2);
    assertEquals(readOn, [0, 1, 2, 3]);
    loop.lapsUntil(() => readOn.length === readers);
    assertEquals(readOn, Array.from({ length: readers }, (_, index) => index));
  });
}
