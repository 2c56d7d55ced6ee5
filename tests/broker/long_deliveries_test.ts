/** Messages that go to very many wait for each other. */
import { assertEquals } from "@std/assert";
import { LongDeliveries } from "../../src/broker/core/long_deliveries.ts";

Deno.test("a topic is concerned as long as a message to it is under way or waits", async () => {
  const all = new LongDeliveries(), first = Promise.withResolvers<void>();
  const concerned = () => ["a", "b", "c"].filter((topic) => all.concerns(topic)).join("");
  assertEquals([all.isBusy, concerned()], [false, ""]);
  all.begin("a", first.promise);
  const found: string[] = [], choose = (name: string) => () => void found.push(`${name}:${concerned()}`);
  const waiting = ["b", "b", "c"].map((topic, index) => all.after(topic, choose(`${topic}${index}`)));
  assertEquals([all.isBusy, concerned(), found], [true, "abc", []]);
  first.resolve();
  await all.settled();
  assertEquals([all.isBusy, concerned()], [false, ""]);
  await Promise.all(waiting);
  assertEquals(found, ["b0:bc", "b1:bc", "c2:c"]);
});
