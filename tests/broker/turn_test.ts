import { assertEquals } from "@std/assert";
import { type Reader, Turn } from "../../src/broker/core/turn.ts";
import { until } from "../helpers/until.ts";

/** Reads on at once, as a socket does that always has data. */
class Flooder implements Reader {
  readonly handledBytes: number;
  rounds = 0;
  stopped = false;
  readonly #turn: Turn;

  constructor(turn: Turn, bytes: number) {
    this.#turn = turn;
    this.handledBytes = bytes;
  }

  readOn(): void {
    if (this.stopped) return;
    this.rounds++;
    Promise.resolve().then(() => this.#turn.readNext(this));
  }
}

/** Counts rounds of the event loop. */
async function loopRounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("timers have their turn while sockets always have data", async () => {
  const turn = new Turn(), flooders = Array.from({ length: 20 }, () => new Flooder(turn, 65_536));
  for (const flooder of flooders) turn.readNext(flooder);
  await loopRounds(3); // would never come
  await until(() => flooders.every(({ rounds }) => rounds > 2));
  for (const flooder of flooders) flooder.stopped = true;
});

Deno.test("who has read little reads on in each round of the event loop, whoever reads much", async () => {
  const turn = new Turn(), heavy = Array.from({ length: 30 }, () => new Flooder(turn, 131_072));
  const light = new Flooder(turn, 2);
  for (const reader of [...heavy, light]) turn.readNext(reader);
  const most = () => Math.max(...heavy.map(({ rounds }) => rounds));
  await until(() => light.rounds > 2 * most() + 10);
  await until(() => Math.min(...heavy.map(({ rounds }) => rounds)) > 1); // each of the others has its turn as well
  for (const reader of [...heavy, light]) reader.stopped = true;
});

Deno.test("what is appended in one turn is flushed once, at its end", async () => {
  const turn = new Turn(), flushed: string[] = [];
  turn.schedule({ flush: () => void flushed.push("first") });
  turn.schedule({ flush: () => void flushed.push("second") });
  assertEquals(flushed, []);
  turn.readNext({ handledBytes: 0, readOn: () => void flushed.push("read") });
  await until(() => flushed.length === 3);
  assertEquals(flushed, ["first", "second", "read"]); // what was appended leaves before more is read
});
