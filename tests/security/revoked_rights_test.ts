import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

const LASTING = { sessionExpiryInterval: 100 };

/** Rights to read that can be taken away; asked at once, or after a while. */
function rights(later: boolean): { hook: Hook; denied: Set<string> } {
  const denied = new Set<string>();
  const onAclCheck: Hook["onAclCheck"] = (client, topic, access) => {
    const answer = access === "write" || !denied.has(`${client.id} ${topic}`);
    return later ? Promise.resolve(answer) : answer;
  };
  return { hook: { id: "rights", onConnectAuthenticate: () => true, onAclCheck }, denied };
}

for (const later of [false, true]) {
  const how = later ? ", by an async hook" : "";

  Deno.test(`no message after the right was taken away: live, plain and shared${how}`, async () => {
    const { hook, denied } = rights(later);
    await using harness = await Harness.start({ hooks: [hook] });
    const client = await harness.connect("a"), other = await harness.connect("b");
    for (const qos of [0, 1, 2] as const) await client.subscribe(`t/${qos}`, { qos });
    await client.subscribe("$share/g/s");
    for (const qos of [0, 1, 2] as const) denied.add(`a t/${qos}`);
    denied.add("a s");
    for (const qos of [0, 1, 2] as const) await other.publish(`t/${qos}`, "x", { qos });
    await other.publish("s", "x", { qos: 1 });
    await client.expectNothing();
    denied.clear();
    await other.publish("t/1", "again", { qos: 1 });
    await client.expectMessage("t/1", "again");
  });

  Deno.test(`no queued message after the right was taken away${how}`, async () => {
    const { hook, denied } = rights(later);
    await using harness = await Harness.start({ hooks: [hook] });
    const client = await harness.connect({ clientId: "a", properties: LASTING });
    await client.subscribe("secret", { qos: 1 });
    await client.subscribe("open", { qos: 1 });
    await client.disconnect();
    const other = await harness.connect("b");
    for (const topic of ["secret", "open", "secret", "open"]) await other.publish(topic, "x", { qos: 1 });
    denied.add("a secret");
    const again = await harness.connect({ clientId: "a", cleanStart: false, properties: LASTING });
    for (let index = 0; index < 2; index++) await again.expectMessage("open", "x");
    await again.expectNothing();
    assertEquals(harness.broker.info.messagesDropped, 2);
  });

  Deno.test(`no message is sent again after the right was taken away${how}`, async () => {
    const { hook, denied } = rights(later);
    await using harness = await Harness.start({ hooks: [hook] });
    const client = await harness.connect({ clientId: "a", properties: LASTING });
    await client.subscribe("#", { qos: 2 });
    const other = await harness.connect("b");
    await other.publish("secret", "x", { qos: 2 });
    await other.publish("open", "x", { qos: 1 });
    await client.expectMessage("secret", "x");
    await client.expectMessage("open", "x");
    await client.cut();
    denied.add("a secret");
    const again = await harness.connect({ clientId: "a", cleanStart: false, properties: LASTING });
    await again.expectMessage("open", "x", { dup: true });
    await again.expectNothing();
  });

  Deno.test(`no retained message without the right${how}`, async () => {
    const { hook, denied } = rights(later);
    await using harness = await Harness.start({ hooks: [hook] });
    for (const topic of ["t/open", "t/secret"]) await harness.broker.publish(topic, "x", { retain: true });
    denied.add("a t/secret");
    const client = await harness.connect("a");
    await client.subscribe("t/#");
    await client.expectMessage("t/open", "x");
    await client.expectNothing();
  });
}

Deno.test("a right that goes while an async hook is asked about a queued message", async () => {
  const gates: ((answer: boolean) => void)[] = [];
  let slow = false;
  const hook: Hook = {
    id: "slow",
    onConnectAuthenticate: () => true,
    onAclCheck: (_client, _topic, access) =>
      slow && access === "read" ? new Promise((resolve) => gates.push(resolve)) : true,
  };
  await using harness = await Harness.start({
    hooks: [hook],
    capabilities: { maximumQueuedMessages: 2, queueOverflow: "drop_oldest", maximumAcknowledgementDelay: 0 },
  });
  const away = await harness.connect({ clientId: "a", properties: LASTING });
  await away.subscribe("t", { qos: 1 });
  await away.disconnect();
  for (const payload of ["1", "2"]) await harness.broker.publish("t", payload, { qos: 1 });
  slow = true;
  const again = await harness.connect({ clientId: "a", cleanStart: false, properties: LASTING });
  assertEquals(gates.length, 1);
  slow = false;
  for (const payload of ["3", "4"]) await harness.broker.publish("t", payload, { qos: 1 }); // the first two give way
  gates[0](true);
  for (const payload of ["3", "4"]) {
    const { packetId } = await again.expectMessage("t", payload);
    await again.ack(PacketType.PUBACK, packetId!);
  }
  await again.expectNothing();
  assertEquals([harness.broker.info.inflight, harness.broker.info.messagesDropped], [0, 2]);
});
