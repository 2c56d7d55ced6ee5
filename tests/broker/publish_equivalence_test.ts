/** Messages in one write have the outcome of messages in a write each. */
import { assertEquals } from "@std/assert";
import { play } from "./publish_play.ts";
import { scenarioOf } from "./publish_model.ts";

const SCENARIOS = 240, PARTS = 12;

for (let part = 0; part < PARTS; part++) {
  Deno.test(`messages in one write have the outcome of one by one, scenarios ${part + 1} of ${PARTS}`, async () => {
    for (let seed = part * SCENARIOS / PARTS; seed < (part + 1) * SCENARIOS / PARTS; seed++) {
      const scenario = scenarioOf(seed), outcome = await play(scenario, [1]);
      assertEquals(await play(scenario, [Infinity]), outcome, `seed ${seed}`);
      assertEquals(await play(scenario, [seed % 3 + 2, Infinity]), outcome, `seed ${seed} in two writes`);
    }
  });
}
