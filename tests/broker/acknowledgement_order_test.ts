/** Acknowledgements keep the order of the messages, those that refuse too. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

for (const qos of [1, 2] as const) {
  Deno.test(`[v5 MQTT-4.6.0-${qos + 1}] at QoS ${qos} a message that storage has lost is refused in its place`, async () => {
    const commits: PromiseWithResolvers<void>[] = [];
    const hook: Hook = {
      id: "store",
      durable: true,
      onRetainMessage: () => {
        commits.push(Promise.withResolvers<void>());
        return commits.at(-1)!.promise;
      },
    };
    await using harness = await Harness.start({ hooks: [allowAll(), hook], errorsExpected: true });
    const publisher = await harness.connect("p");
    for (const packetId of [1, 2, 3]) {
      await publisher.sendPublish(`t${packetId}`, "x", { qos, retain: true, packetId });
    }
    await harness.settle();
    commits[0].reject(new Error("lost"));
    for (const { resolve } of commits) resolve();
    const type = qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, answers = [];
    for (let count = 0; count < 3; count++) {
      const { packetId, reasonCode } = await publisher.expect({ type });
      answers.push([packetId, reasonCode]);
    }
    assertEquals(answers, [[1, 0x83], [2, 0x10], [3, 0x10]]);
  });
}
