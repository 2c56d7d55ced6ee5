/** What hooks may rely on, however the bytes of a client arrive. */
import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { ReasonCode } from "../../src/packets/reason_codes.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import type { PublishPacket, QoS, Will } from "../../src/packets/types.ts";
import { settle } from "../helpers/fake_clock.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const SECRET = 0x73, HIDDEN = 0x2a;

function packets(count: number, qos: QoS, size: number, topic = "t"): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const payload = new Uint8Array(size).fill(SECRET), packetId = qos === 0 ? 0 : index + 1;
    return encodePacket({ type: PacketType.PUBLISH, topic, payload, qos, packetId, retain: false, dup: false }, 5)!;
  });
}

async function payloadsOf(client: RawClient, count: number): Promise<string[]> {
  const payloads: string[] = [];
  while (payloads.length < count) {
    const { payload, qos, packetId } = await client.expect({ type: PacketType.PUBLISH });
    payloads.push(new TextDecoder().decode(payload));
    if (qos === 1) await client.ack(PacketType.PUBACK, packetId!);
  }
  return payloads;
}

for (const way of ["sync", "async"] as const) {
  for (const size of [4, 300, 5_000]) {
    for (const qos of [0, 1, 2] as const) {
      Deno.test(`what an ${way} hook writes into payloads of ${size} bytes at QoS ${qos} is what is sent and kept`, async () => {
        const redact = (_: unknown, { payload }: PublishPacket) => void payload.fill(HIDDEN);
        const onPublish = way === "sync" ? redact : async (...all: Parameters<typeof redact>) => {
          await Promise.resolve();
          redact(...all);
        };
        await using harness = await Harness.start({ hooks: [allowAll(), { id: "redact", onPublish }] });
        const live = await harness.connect("live"), away = { clientId: "away", cleanStart: false };
        const lasting = await harness.connect({ ...away, properties: { sessionExpiryInterval: 60 } });
        await live.subscribe("t", { qos: 1 });
        await lasting.subscribe("t", { qos: 1 });
        await lasting.cut();
        const publisher = await harness.connect("publisher");
        await publisher.send(...packets(6, qos, size)); // together
        await harness.settle();
        for (const packet of packets(3, qos, size).map((bytes) => bytes.slice())) {
          if (qos > 0) packet[4 + 2 + (size > 125 ? 1 : 0) - 1] += 50; // another Packet Identifier
          await publisher.send(packet); // alone
          await harness.settle();
        }
        const hidden = "*".repeat(size);
        assertEquals(await payloadsOf(live, 9), new Array(9).fill(hidden));
        if (qos === 0) return;
        const back = await harness.connect(away);
        assertEquals(await payloadsOf(back, 9), new Array(9).fill(hidden));
      });
    }
  }
}

Deno.test("properties that a hook changes in place are what is sent, and what it leaves alone arrives as it was", async () => {
  const onPublish: Hook["onPublish"] = (_client, { properties }) => {
    if (properties?.userProperties !== undefined) properties.userProperties.push(["seen", "yes"]);
  };
  await using harness = await Harness.start({ hooks: [allowAll(), { id: "mark", onPublish }] });
  const subscriber = await harness.connect("s"), publisher = await harness.connect("p");
  await subscriber.subscribe("t");
  await publisher.sendPublish("t", "x", { properties: { contentType: "c", userProperties: [["a", "b"]] } });
  await publisher.sendPublish("t", "y", { properties: { contentType: "c" } });
  await subscriber.expectMessage("t", "x", {
    properties: { contentType: "c", userProperties: [["a", "b"], ["seen", "yes"]] },
  });
  await subscriber.expectMessage("t", "y", { properties: { contentType: "c" } });
});

Deno.test("access is asked for each message and each delivery, however many come together", async () => {
  let asked = { write: 0, read: 0 };
  const counting: Hook = {
    id: "counting",
    onConnectAuthenticate: () => true,
    onAclCheck: (client, _topic, access) => ++asked[access] <= 3 || access === "read" || client.id !== "p",
  };
  await using harness = await Harness.start({ hooks: [counting] });
  const subscriber = await harness.connect("s"), publisher = await harness.connect("p");
  await subscriber.subscribe("t");
  asked = { write: 0, read: 0 };
  await publisher.send(...packets(100, 0, 4));
  await harness.settle();
  assertEquals(asked, { write: 100, read: 3 });
  assertEquals((await payloadsOf(subscriber, 3)).length, 3);
  await subscriber.expectNothing();
});

Deno.test("time in which a hook works is not taken from the Keep Alive of its client", async () => {
  let open!: () => void;
  const onPublish = () => new Promise<void>((resolve) => open = resolve);
  await using harness = await Harness.start({ hooks: [allowAll(), { id: "slow", onPublish }] });
  const client = await harness.connect({ clientId: "a", keepAlive: 2 });
  await client.sendPublish("t", "x", { qos: 1, packetId: 1 });
  await settle();
  await client.send("C0 00"); // not read while the hook works
  await harness.clock.advance(8_000);
  open();
  await client.expect({ type: PacketType.PUBACK, packetId: 1 });
  await client.expect({ type: PacketType.PINGRESP });
  await harness.clock.advance(2_999);
  await client.expectNothing();
  await harness.clock.advance(3_001);
  await client.expectDisconnect(0x8d);
});

for (const version of [4, 5] as const) {
  Deno.test(`a store that takes no more refuses a message before anybody has it, in version ${version}`, async () => {
    let room = false;
    const store: Hook = {
      ...{ id: "store", durable: true, onQosPublish: () => Promise.resolve() },
      admit() {
        if (!room) throw new MqttError(ReasonCode.QuotaExceeded, "too much waits");
      },
    };
    await using harness = await Harness.start({ hooks: [allowAll(), store], errorsExpected: true });
    const subscriber = await harness.connect("s");
    await subscriber.subscribe("t", { qos: 2 });
    for (const qos of [1, 2] as const) {
      const publisher = await harness.connect({ clientId: "p", protocolVersion: version });
      room = false;
      const packetId = await publisher.sendPublish("t", "once", { qos });
      if (version === 4) await publisher.expectClosed();
      else {await publisher.expect({
          type: qos === 1 ? PacketType.PUBACK : PacketType.PUBREC,
          packetId,
          reasonCode: 0x97,
        });}
      await subscriber.expectNothing();
      room = true;
      const again = version === 5 ? publisher : await harness.connect({ clientId: "p", protocolVersion: version });
      await again.sendPublish("t", "once", { qos, packetId });
      await subscriber.expectMessage("t", "once", { qos });
      await again.expect({ type: qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, packetId });
    }
  });
}

Deno.test("a store that fails without a reason has failed: nothing is acknowledged", async () => {
  // deno-lint-ignore no-explicit-any
  const store: Hook = { id: "store", durable: true, onRetainMessage: () => Promise.reject() as any };
  await using harness = await Harness.start({ hooks: [allowAll(), store], errorsExpected: true });
  const publisher = await harness.connect("p");
  assertEquals(await publisher.publish("t", "x", { qos: 1, retain: true }), 0x83);
});

Deno.test("a message that a client does not take uses up no Topic Alias", async () => {
  await using harness = await Harness.start();
  const properties = { topicAliasMaximum: 1, maximumPacketSize: 40 };
  const subscriber = await harness.connect({ clientId: "s", properties }), publisher = await harness.connect("p");
  await subscriber.subscribe("#");
  await publisher.sendPublish("t", "x".repeat(100));
  await publisher.sendPublish("t", "1");
  await publisher.sendPublish("t", "2");
  await subscriber.expect("30 08 00 01 't' 03 23 00 01 '1'");
  await subscriber.expect("30 07 00 00 03 23 00 01 '2'");
});

Deno.test("a QoS 2 message that is too large for its client holds up nothing behind it, with a store too", async () => {
  const store: Hook = { id: "store", durable: true, onQosPublish: () => Promise.resolve() };
  await using harness = await Harness.start({ hooks: [allowAll(), store] });
  const properties = { receiveMaximum: 1, maximumPacketSize: 40 };
  const subscriber = await harness.connect({ clientId: "s", properties }), publisher = await harness.connect("p");
  await subscriber.subscribe("t", { qos: 2 });
  for (const payload of ["x".repeat(100), "small"]) await publisher.publish("t", payload, { qos: 2 });
  await subscriber.expectMessage("t", "small", { qos: 2 });
  assert(harness.broker.info.messagesDropped === 1);
});

const UNSENDABLE: Record<string, Partial<Will>> = {
  "a topic with a wildcard": { topic: "other/#" },
  "an empty topic": { topic: "" },
  "a topic of too many levels": { topic: "a/".repeat(200) },
  "a property out of its range": { properties: { payloadFormatIndicator: 2 } },
  "a text that is none": { properties: { contentType: "\ud800" } },
};

for (const [name, change] of Object.entries(UNSENDABLE)) {
  for (const way of ["returned", "written in place"]) {
    Deno.test(`a will that a hook gives ${name}, ${way}, goes nowhere, and is told of`, async () => {
      const dropped = Promise.withResolvers<string>();
      const onWill: Hook["onWill"] = (_client, will) =>
        way === "returned" ? { ...will, ...change } : void Object.assign(will, change);
      const onWillDropped: Hook["onWillDropped"] = (_client, _will, reason) => dropped.resolve(reason);
      await using harness = await Harness.start({ hooks: [allowAll(), { id: "h", onWill, onWillDropped }] });
      const watching = await harness.connect("watching");
      const dying = await harness.connect({ clientId: "dying", will: { topic: "will" } });
      let heard = 0;
      harness.broker.subscribe("#", () => void heard++);
      await watching.subscribe("#");
      await dying.cut();
      assert((await dropped.promise).length > 0);
      assertEquals(heard, 0);
      assertEquals([...harness.broker.topics.retained("#")].length, 0);
    });
  }
}

Deno.test("the words of a refusal name the reason that onAclCheck has given", async () => {
  const onAclCheck = () => {
    throw new MqttError(ReasonCode.QuotaExceeded, "come back tomorrow");
  };
  await using harness = await Harness.start({ hooks: [{ id: "q", onConnectAuthenticate: () => true, onAclCheck }] });
  const client = await harness.connect("a");
  await client.sendPublish("t", "x", { qos: 1, packetId: 1 });
  await client.expect({
    type: PacketType.PUBACK,
    packetId: 1,
    reasonCode: ReasonCode.QuotaExceeded,
    properties: { reasonString: "Cannot publish to t: Quota exceeded" },
  });
});
