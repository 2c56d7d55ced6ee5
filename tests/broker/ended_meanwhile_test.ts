/** Hooks that end a client, or answer when its session has ended already. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { type ConnectOptions, Harness, PacketType } from "../helpers/harness.ts";

for (const event of ["onPacketSent", "onPacketEncode"] as const) {
  Deno.test(`a client that ${event} ends with its CONNACK has gone, and is counted once`, async () => {
    const hook: Hook = {
      id: "ending",
      [event]: (client: { disconnect(): void }, { type }: { type: number }) =>
        void (type === PacketType.CONNACK && client.disconnect()),
    };
    await using harness = await Harness.start({ hooks: [allowAll(), hook] });
    const client = await harness.open();
    await client.sendConnect({ clientId: "a", keepAlive: 1 });
    await harness.clock.advance(10_000); // longer than its Keep Alive, and than its socket may stay
    assertEquals([harness.broker.info.clientsConnected, harness.broker.clients.size], [0, 0]);
  });
}

const STORED: ConnectOptions = { clientId: "a", properties: { sessionExpiryInterval: 60 } };

Deno.test("a QoS 2 message that is decided on after the end of its session leaves nothing to the next one", async () => {
  const gate = Promise.withResolvers<void>(), stored: string[] = [];
  const hook: Hook = {
    id: "slow",
    onPublish: (_client, { topic }) => topic === "slow" ? gate.promise : undefined,
    onClientExpired: ({ id }) => void stored.push(`${id} ended`),
    onQosPublish: (_client, { direction, packetId }) => void stored.push(`${direction} ${packetId}`),
  };
  await using harness = await Harness.start({ hooks: [allowAll(), hook] });
  const gone = await harness.connect(STORED);
  await gone.sendPublish("slow", "x", { qos: 2, packetId: 7 });
  await harness.clock.advance(0);
  const again = await harness.connect(STORED);
  gate.resolve();
  await again.expectNothing();
  assertEquals(stored, ["a ended"]);
});
