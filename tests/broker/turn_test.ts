import { assertEquals } from "@std/assert";
import { Turn } from "../../src/broker/core/turn.ts";

/** Many bytes, as far as one reader is concerned. */
const MANY = 100_000;

for (const handledBytes of [0, MANY]) {
  Deno.test(`a queue and a reader that throw leave others their turn, readers of ${handledBytes} bytes`, async () => {
    const errors: unknown[] = [], done: string[] = [];
    const turn = new Turn((error) => errors.push(error));
    const failing = (name: string) => () => {
      throw name;
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    turn.schedule({ flush: failing("queue") });
    turn.schedule({ flush: () => done.push("queue") });
    turn.readNext({ handledBytes, readOn: failing("reader") });
    turn.readNext({ handledBytes, readOn: () => done.push("reader") && resolve() });
    await promise;
    assertEquals([errors, done], [["queue", "reader"], ["queue", "reader"]]);
  });
}
