/** Levels that topics have in common take memory, often more than the messages: limits count them. */
import { assert, assertEquals } from "@std/assert";
import { NODE } from "../../src/session/cost.ts";
import { Harness } from "../helpers/harness.ts";

/** Levels of {@linkcode PATH}. */
const LEVELS = 30;
const PATH = Array.from({ length: LEVELS }, (_, level) => `l${level}`).join("/");

Deno.test("retained messages count with the levels of their topics, and give them back", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("publisher"), bytes = () => harness.broker.info.retainedBytes;
  const retain = (topic: string, payload: string) => client.publish(topic, payload, { qos: 1, retain: true });
  await retain(`${PATH}/first`, "x");
  const alone = bytes();
  await retain(`${PATH}/other`, "x");
  assert(bytes() - 2 * alone > (LEVELS - 2) * NODE, `${alone}, then ${bytes()}`);
  for (const topic of ["other", "first"]) await retain(`${PATH}/${topic}`, "");
  assertEquals(bytes(), 0);
});

Deno.test("filters with wildcards count with the levels that they have in common", async () => {
  await using harness = await Harness.start({ capabilities: { maximumTotalSubscriptionBytes: LEVELS * NODE } });
  const client = await harness.connect("subscriber");
  for (const last of ["+", "#"]) assertEquals(await client.subscribe(`${PATH}/${last}`), 0);
  assertEquals(await client.subscribe("t"), 0x97);
});
