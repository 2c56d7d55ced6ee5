/** Clients that unsubscribe while hooks are asked who gets a message. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

type SelectedSubscriber = Parameters<NonNullable<Hook["onSelectSubscribers"]>>[1]["subscribers"][number];

/** Hooks that answer once the gate is open. */
const HOOKS: Record<string, (gate: Promise<void>) => Hook[]> = {
  onAclCheck: (gate) => [{
    id: "acl",
    onConnectAuthenticate: () => true,
    onAclCheck: ({ id }, topic, access) =>
      id === "stays" && topic === "t" && access === "read" ? gate.then(() => true) : true,
  }],
  onSelectSubscribers: (gate) => [allowAll(), { id: "select", onSelectSubscribers: () => gate }],
};

for (const [event, hooks] of Object.entries(HOOKS)) {
  for (const filter of ["t", "$share/group/t"]) {
    Deno.test(`[v5 MQTT-3.10.4-2] who unsubscribes from ${filter} while ${event} is asked gets nothing more`, async () => {
      const gate = Promise.withResolvers<void>();
      await using harness = await Harness.start({ hooks: hooks(gate.promise) });
      const [leaves, stays, publisher] = [
        await harness.connect("leaves"),
        await harness.connect("stays"),
        await harness.connect("p"),
      ];
      await leaves.subscribe(filter);
      const subscription = {
        topicFilter: "+",
        qos: 0,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
      } as const;
      await stays.send({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions: [subscription] });
      await stays.expect({ type: PacketType.SUBACK });
      await publisher.sendPublish("t", "x");
      await harness.clock.advance(0);
      assertEquals(await leaves.unsubscribe(filter), 0);
      gate.resolve();
      await stays.expectMessage("t", "x");
      await leaves.expectNothing();
    });
  }
}

Deno.test("whom a hook has chosen without a subscription has not left", async () => {
  let chosen: SelectedSubscriber | undefined;
  const onSelectSubscribers: Hook["onSelectSubscribers"] = ({ topic }, matched) => {
    chosen ??= matched.subscribers[0];
    if (topic !== "u") return matched;
    const { subscriber, qos, noLocal, retainAsPublished } = chosen!;
    const one = { subscriber, qos, noLocal, retainAsPublished, identifiers: undefined, subscriptions: [] };
    return Promise.resolve({ shares: [], subscribers: [one] });
  };
  await using harness = await Harness.start({ hooks: [allowAll(), { id: "choosing", onSelectSubscribers }] });
  const subscriber = await harness.connect("s"), publisher = await harness.connect("p");
  await subscriber.subscribe("t");
  for (const topic of ["t", "u"]) {
    await publisher.publish(topic, "x");
    await subscriber.expectMessage(topic, "x");
  }
});

for (const filters of [["t"], ["t", "+"]]) {
  for (const asked of [false, true]) {
    const name = `as a hook has chosen it: ${filters.length} subscriptions, No Local ${asked}`;
    Deno.test(`a client gets its own message ${name}`, async () => {
      const onSelectSubscribers: Hook["onSelectSubscribers"] = (_, { subscribers: [one], shares }) => {
        const { subscriber, retainAsPublished, subscriptions } = one;
        const chosen = {
          subscriber,
          qos: 0,
          noLocal: false,
          retainAsPublished,
          identifiers: [7],
          subscriptions,
        } as const;
        return { subscribers: [chosen], shares };
      };
      await using harness = await Harness.start({ hooks: [allowAll(), { id: "lowering", onSelectSubscribers }] });
      const client = await harness.connect("c"), rest = { retainAsPublished: false, retainHandling: 0 } as const;
      const subscriptions = filters.map((topicFilter) => ({ topicFilter, qos: 1, noLocal: asked, ...rest } as const));
      await client.send({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions });
      await client.expect({ type: PacketType.SUBACK });
      await client.sendPublish("t", "x", { qos: 1 });
      const { qos, properties } = await client.expect({ type: PacketType.PUBLISH, topic: "t" });
      assertEquals([qos, properties?.subscriptionIdentifiers], [0, [7]]);
    });
  }
}

Deno.test("who has joined a share group gets its messages from its SUBACK on where the others leave, one by one", async () => {
  for (const leave of ["unsubscribe", "disconnect"] as const) {
    const gate = Promise.withResolvers<void>(), asked = Promise.withResolvers<void>();
    const acl: Hook = {
      id: "acl",
      onConnectAuthenticate: () => true,
      onAclCheck({ id }, topic, access) {
        if (id !== "old" || topic !== "t" || access !== "read") return true;
        asked.resolve();
        return gate.promise.then(() => true);
      },
    };
    await using harness = await Harness.start({ hooks: [acl] });
    const [old, young, publisher] = [
      await harness.connect("old"),
      await harness.connect("young"),
      await harness.connect("p"),
    ];
    await old.subscribe("$share/group/+", { qos: 1 });
    const packetId = await publisher.sendPublish("t", "x", { qos: 1 });
    await asked.promise;
    await young.subscribe("$share/group/+", { qos: 1 });
    if (leave === "unsubscribe") await old.unsubscribe("$share/group/+");
    else await old.disconnect();
    gate.resolve();
    await young.expect({ type: PacketType.PUBLISH, topic: "t" });
    await publisher.expect({ type: PacketType.PUBACK, packetId });
  }
});
