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
  readOn(count: number, { begunIn = 0, turnBegan = this.now } = {}): number {
    let waiting = count, laps = 0;
    for (let index = 0; index < count; index++) {
      this.order.add({ cost: 100, hasFlooded: index % 2 === 0, turnBegan, begunIn, readOn: () => waiting-- });
    }
    for (this.order.turnEnded(); waiting > 0; laps++) this.#waiting.shift()!();
    return laps;
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

Deno.test("there are more looks while the runtime has more than it can hand over, and no longer than that", () => {
  using loop = new Loop();
  loop.readOn(1);
  loop.now += 4;
  loop.readOn(128, { begunIn: -1, turnBegan: loop.now - 4 });
  assertEquals(loop.looks(100), 25);
});
