import { assert, assertEquals } from "@std/assert";
import { ExerciseClient } from "../../src/cli/exercise_client.ts";
import { warmUp } from "../../src/cli/warm_up.ts";
import { until } from "../helpers/until.ts";
import { allowAll, Broker, MemoryListener } from "../../mod.ts";

Deno.test("the warm-up ends when it is told to, and leaves nothing behind", async () => {
  let turns = 0;
  await warmUp(() => ++turns < 60);
  assertEquals(turns > 60, true, "it was asked until it was told");
  await warmUp(() => false);
});

for (const version of [3, 4, 5] as const) {
  for (const qos of [0, 1, 2] as const) {
    Deno.test(`a client for exercise takes part in each exchange: version ${version}, QoS ${qos}`, async () => {
      await using broker = new Broker();
      const listener = new MemoryListener({ id: "memory" });
      await broker.addHook(allowAll());
      await broker.addListener(listener);
      await broker.serve();
      const client = new ExerciseClient(listener.connect(), version);
      await client.connect("exercise", ["a/b"]);
      const message = { topic: "a/b", qos, retain: false, payload: new Uint8Array(10) };
      for (let sent = 0; sent < 50; sent++) client.publish(message);
      client.expect(50 * (qos === 2 ? 2 : 1));
      await client.settled();
      await until(() => broker.info.inflight === 0);
      assertEquals([broker.info.messagesReceived, broker.info.messagesSent], [50, 50]);
      await client.disconnect();
    });
  }
}

Deno.test("an exercise fails when the broker goes away", async () => {
  const broker = new Broker(), listener = new MemoryListener({ id: "memory" });
  await broker.addHook(allowAll());
  await broker.addListener(listener);
  await broker.serve();
  const client = new ExerciseClient(listener.connect(), 4);
  await client.connect("exercise", ["a"]);
  client.expect(1);
  const settled = client.settled().then(() => "settled", (error) => String(error));
  await broker.close();
  assert((await settled).includes("closed"));
});
