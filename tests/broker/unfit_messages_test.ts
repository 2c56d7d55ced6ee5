/** What hooks make of messages and wills is sent only where it may be sent. */
import { assertEquals, assertRejects } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { ReasonCode } from "../../src/packets/reason_codes.ts";
import type { Properties, PublishPacket, Will } from "../../src/packets/types.ts";
import { Harness } from "../helpers/harness.ts";

/** Made for each subscriber, or for the broker alone. */
const PRIVATE: Properties = { topicAlias: 3, subscriptionIdentifiers: [9], willDelayInterval: 5 };

for (const isSeen of [false, true]) {
  for (const what of ["message", "will"]) {
    const name = `what belongs to others is left out of a ${what} of a hook${isSeen ? " that is shown to hooks" : ""}`;
    Deno.test(`[v5 MQTT-3.3.2-11] ${name}`, async () => {
      const add = ({ properties }: PublishPacket | Will) => ({ ...properties, ...PRIVATE });
      const hook: Hook = {
        id: "add",
        onPublish: (_, packet) => ({ ...packet, properties: add(packet) }),
        onWill: (_, will) => ({ ...will, properties: add(will) }),
        ...isSeen ? { onPacketSent: () => {} } : {},
      };
      await using harness = await Harness.start({ hooks: [allowAll(), hook] });
      const plain = await harness.connect("plain"), numbered = await harness.connect("numbered");
      await plain.subscribe("t");
      await numbered.subscribe("t", { identifier: 4 });
      const properties: Properties = { userProperties: [["a", "b"]] };
      const will = { topic: "t", payload: "x", retain: true, properties };
      const publisher = await harness.connect({ clientId: "p", will: what === "will" ? will : undefined });
      if (what === "will") await publisher.cut();
      else await publisher.publish("t", "x", { retain: true, properties });
      await plain.expectMessage("t", "x", { properties });
      await numbered.expectMessage("t", "x", { properties: { ...properties, subscriptionIdentifiers: [4] } });
      const late = await harness.connect("late");
      await late.subscribe("t");
      await late.expectMessage("t", "x", { retain: true, properties });
    });
  }
}

/** Wills that no subscriber could be sent. */
const UNFIT: Record<string, Partial<Will>> = {
  "a wildcard": { topic: "a/#" },
  "an empty topic": { topic: "" },
  "U+0000 in its topic": { topic: "a\0" },
  "a response topic that is a filter": { properties: { responseTopic: "r/+" } },
  "a text as payload": { payload: "text" as unknown as Uint8Array },
  "no payload": { payload: undefined },
  "no topic": { topic: undefined },
  "an impossible interval": { properties: { messageExpiryInterval: -1 } },
};

for (const [name, change] of Object.entries(UNFIT)) {
  Deno.test(`a will that a hook gives ${name} is dropped`, async () => {
    const dropped: string[] = [];
    const hook: Hook = {
      id: "change",
      onWill: (_, will) => ({ ...will, ...change }),
      onWillDropped: (client) => void dropped.push(client.id),
    };
    await using harness = await Harness.start({ hooks: [allowAll(), hook], errorsExpected: true });
    const subscriber = await harness.connect("s"), old = await harness.connect({ clientId: "old", protocolVersion: 4 });
    await subscriber.subscribe("#");
    await old.subscribe("#");
    const client = await harness.connect({ clientId: "c", will: { topic: "t", retain: true } });
    await client.cut();
    await subscriber.expectNothing();
    await old.expectNothing();
    assertEquals([dropped, harness.broker.info.retained], [["c"], 0]);
  });
}

/** What is no PUBLISH packet that could be sent. */
const NO_PACKETS: Record<string, (packet: PublishPacket) => unknown> = {
  "true": () => true,
  "a text": () => "text",
  "nothing but a topic": ({ topic }) => ({ topic }),
  "a text as payload": (packet) => ({ ...packet, payload: "text" }),
  "a list of bytes as payload": (packet) => ({ ...packet, payload: [1, 2] }),
  "a text as payload, in place": (packet) => void (packet.payload = "text" as unknown as Uint8Array),
};

for (const [name, make] of Object.entries(NO_PACKETS)) {
  for (const wait of [false, true]) {
    Deno.test(`a hook that makes ${name} of a message has failed, and its client goes on${wait ? ", later" : ""}`, async () => {
      const onPublish = (_: unknown, packet: PublishPacket) => wait ? Promise.resolve(make(packet)) : make(packet);
      const hook = { id: "make", onPublish } as Hook;
      await using harness = await Harness.start({ hooks: [allowAll(), hook], errorsExpected: true });
      const subscriber = await harness.connect("s"), publisher = await harness.connect("p");
      await subscriber.subscribe("#", { qos: 2 });
      for (const qos of [0, 1, 2] as const) {
        const code = await publisher.publish("t", "x", { qos, retain: true });
        assertEquals(code, qos === 0 ? 0 : ReasonCode.ImplementationSpecificError);
      }
      await assertRejects(() => harness.broker.publish("t", "x"), MqttError, "an error within the broker");
      await subscriber.expectNothing();
      const { hookErrors, retained } = harness.broker.info;
      assertEquals([hookErrors, retained, harness.errors.length], [4, 0, 4]);
    });
  }
}
