import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Harness } from "../helpers/harness.ts";

Deno.test("a retained message that took the place of another one lives its own time", async () => {
  const expired: string[] = [];
  const hook = { id: "expired", onRetainedExpired: (topic: string) => void expired.push(topic) };
  await using harness = await Harness.start({ hooks: [hook, allowAll()] });
  const { broker } = harness;
  const retain = (topic: string, payload: string, messageExpiryInterval?: number) =>
    broker.publish(topic, payload, { retain: true, properties: { messageExpiryInterval } });
  for (const topic of ["for ever", "longer", "shorter", "cleared", "cleared and set"]) await retain(topic, "old", 10);
  await retain("for ever", "new");
  await retain("longer", "new", 20);
  await retain("shorter", "new", 5);
  await retain("cleared", "");
  await retain("cleared and set", "");
  await retain("cleared and set", "new");
  const left = async (seconds: number) => {
    await harness.advance(seconds * 1_000);
    return [...broker.topics.retained()].map(({ topic }) => topic).sort();
  };
  assertEquals(await left(5), ["cleared and set", "for ever", "longer"]);
  assertEquals(await left(5), ["cleared and set", "for ever", "longer"]);
  assertEquals(await left(10), ["cleared and set", "for ever"]);
  assertEquals(await left(1_000_000), ["cleared and set", "for ever"]);
  assertEquals(expired, ["shorter", "longer"]);
});
