/** What a PUBLISH may not be when it leaves: larger than the client takes, older than it lives, or with what a hook has taken away. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import type { Client } from "../../src/session/client.ts";
import type { PublishPacket, QoS } from "../../src/packets/types.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

/** Bytes that a PUBLISH of this Remaining Length has. */
function sizeOf(remaining: number): number {
  return 1 + (remaining < 128 ? 1 : remaining < 16_384 ? 2 : 3) + remaining;
}

for (const content of [124, 125, 126, 127, 128]) {
  const name = `a Topic Alias never makes a packet too large, properties of ${content} bytes`;
  Deno.test(`[v5 MQTT-3.1.2-24] ${name}`, async () => {
    await using harness = await Harness.start({ capabilities: { maximumConnectRatePerClientId: 0 } });
    const publisher = await harness.connect("publisher");
    for (let remaining = 16_377; remaining < 16_386; remaining++) {
      for (let more = -1; more < 7; more++) {
        const limits = { topicAliasMaximum: 1, maximumPacketSize: sizeOf(remaining) + more };
        const subscriber = await harness.connect({ clientId: "s", properties: limits });
        await subscriber.subscribe("t");
        const payload = new Uint8Array(remaining - 3 - (content < 128 ? 1 : 2) - content);
        const properties = { correlationData: new Uint8Array(content - 3) };
        await publisher.publish("t", payload, { properties });
        await harness.settle();
        assertEquals(subscriber.take()?.type, more < 0 ? undefined : PacketType.PUBLISH, `${remaining} ${more}`);
      }
    }
  });
}

/** Events whose hooks hold a message up. */
const HOLDS = ["onPublish", "onAclCheck", "onSelectSubscribers"] as const;

for (const event of HOLDS) {
  for (const from of ["client", "program"]) {
    if (event === "onAclCheck" && from === "program") continue;
    for (const qos of [0, 1, 2] as const) {
      const name = `a message of a ${from} that ${event} holds up for longer than it lives is dropped, QoS ${qos}`;
      Deno.test(`[v5 MQTT-3.3.2-5] ${name}`, async () => {
        const dropped: string[] = [], waiting: (() => void)[] = [];
        let isHolding = false;
        const hold = () => isHolding ? new Promise<void>((resolve) => waiting.push(resolve)) : undefined;
        const slow: Hook = {
          id: "slow",
          [event]: event !== "onAclCheck"
            ? hold
            : (client: Client) => client.id === "p" ? hold()?.then(() => true) : undefined,
          onPublishDropped: (client, _, reason) => void dropped.push(`${client.id} ${reason}`),
        };
        await using harness = await Harness.start({ hooks: [slow, allowAll()] });
        const subscriber = await harness.connect("s"), told: string[] = [];
        await subscriber.subscribe("t", { qos: 2 });
        harness.broker.subscribe("t", (_, { properties }) => void told.push(`${properties?.messageExpiryInterval}`));
        const publisher = await harness.connect("p");
        isHolding = true;
        for (const messageExpiryInterval of [1, 9]) {
          const options = { qos, properties: { messageExpiryInterval } };
          const published = from === "client"
            ? publisher.sendPublish("t", "x", options)
            : harness.broker.publish("t", "x", options);
          while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve));
          await harness.clock.advance(2_000);
          waiting.shift()!();
          await published;
          if (from === "program" || qos === 0) continue;
          await publisher.expect({ type: qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, reasonCode: 0 });
        }
        await harness.settle();
        await subscriber.expectMessage("t", "x", { properties: { messageExpiryInterval: 7 } });
        await subscriber.expectNothing();
        assertEquals([dropped.toSorted(), told], [["$inline expired", "s expired"], ["9"]]);
      });
    }
  }
}

/** Ways to take the properties of a message away. */
const removals: Record<string, (packet: PublishPacket) => PublishPacket | void> = {
  "set to undefined in place": (packet) => void (packet.properties = undefined),
  "deleted in place": (packet) => void delete packet.properties,
  "left out of what is returned": ({ properties: _, ...packet }) => packet,
  "emptied in place": ({ properties }) => void delete properties!.userProperties,
};

for (const [way, remove] of Object.entries(removals)) {
  for (const wait of [false, true]) {
    for (const from of ["client", "program"]) {
      Deno.test(`properties of a ${from} that onPublish takes away go nowhere: ${way}${wait ? ", later" : ""}`, async () => {
        const onPublish = wait
          ? async (_: unknown, packet: PublishPacket) => {
            await Promise.resolve();
            return remove(packet);
          }
          : (_: unknown, packet: PublishPacket) => remove(packet);
        await using harness = await Harness.start({ hooks: [allowAll(), { id: "remove", onPublish } as Hook] });
        const subscriber = await harness.connect("s"), publisher = await harness.connect("p");
        await subscriber.subscribe("t", { qos: 1 });
        const properties = { userProperties: [["secret", "1"]] as [string, string][] }, qos: QoS = 1;
        if (from === "client") await publisher.publish("t", "x", { qos, retain: true, properties });
        else await harness.broker.publish("t", "x", { qos, retain: true, properties });
        await subscriber.expectMessage("t", "x", { properties: {} });
        await publisher.subscribe("t");
        await publisher.expectMessage("t", "x", { retain: true, properties: {} });
      });
    }
  }
}
