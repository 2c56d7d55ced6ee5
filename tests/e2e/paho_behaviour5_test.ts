/** Behaviours that Paho's interoperability tests look at in MQTT 5 only. */

import { assert, assertEquals } from "@std/assert";
import { PacketType, type Properties } from "../../src/packets/types.ts";
import { type PahoSuite, seconds, take, testBehaviours } from "./paho_suite.ts";

const QOS = [0, 1, 2] as const;

/** Publishes at every QoS with the same properties, and sees them arrive. */
async function carries(suite: PahoSuite, topic: string, properties: Properties): Promise<void> {
  const [publisher, subscriber] = [await suite.connect("a"), await suite.connect("b")];
  await subscriber.subscribe(topic, { qos: 2 });
  for (const qos of QOS) {
    await publisher.publish(topic, "", { qos, properties });
    assertEquals((await take(subscriber)).properties, properties);
  }
}

async function isPresent(suite: PahoSuite, clientId: string, sessionExpiryInterval: number): Promise<boolean> {
  const client = await suite.connect(clientId, { cleanStart: false, properties: { sessionExpiryInterval } });
  const present = client.connack!.sessionPresent!;
  await client.disconnect();
  return present;
}

testBehaviours("what Paho looks at in MQTT 5", 5, {
  "sessions live as long as their expiry says": async (suite) => {
    assertEquals(await isPresent(suite, "expiry", 0), false);
    assertEquals(await isPresent(suite, "expiry", 1), false);
    assertEquals(await isPresent(suite, "expiry", 1), true);
    await seconds(1.1);
    assertEquals(await isPresent(suite, "expiry", 1), false);
  },

  "DISCONNECT changes the session expiry": async (suite) => {
    const options = { cleanStart: false, properties: { sessionExpiryInterval: 1 } };
    const first = await suite.connect("changed", options);
    await first.disconnect(0, { sessionExpiryInterval: 99 });
    await seconds(1.1);
    const second = await suite.connect("changed", options);
    assertEquals(second.connack!.sessionPresent, true);
    await second.disconnect(0, { sessionExpiryInterval: 0 });
    assertEquals(await isPresent(suite, "changed", 0), false);
  },

  "user properties": (suite, topic) => carries(suite, topic, { userProperties: [["a", "2"], ["c", "3"], ["a", "2"]] }),

  "payload format and content type": (suite, topic) =>
    carries(suite, topic, { payloadFormatIndicator: 1, contentType: "My name" }),

  "retained messages keep their user properties": async (suite, topic) => {
    const [publisher, subscriber] = [await suite.connect("a"), await suite.connect("b")];
    const userProperties: [string, string][] = [["a", "2"], ["c", "3"]];
    await publisher.publish(topic, "kept", { qos: 1, retain: true, properties: { userProperties } });
    await subscriber.subscribe(topic, { qos: 2 });
    assertEquals((await take(subscriber)).properties, { userProperties });
    await publisher.publish(topic, "", { qos: 1, retain: true });
  },

  "wills have properties": async (suite, topic) => {
    const heir = await suite.connect("b");
    await heir.subscribe(topic, { qos: 2 });
    const userProperties: [string, string][] = [["a", "2"], ["c", "3"]];
    const victim = await suite.connect("a", { will: { topic, properties: { willDelayInterval: 0, userProperties } } });
    await victim.cut();
    assertEquals((await take(heir)).properties, { userProperties });
  },

  "messages expire while their receiver is away": async (suite, topic) => {
    const away = await suite.connectKept("away");
    await away.subscribe(topic, { qos: 2 });
    await away.disconnect(0, { sessionExpiryInterval: 999_999_999 });
    const publisher = await suite.connect("a");
    for (const messageExpiryInterval of [1, 60]) {
      for (const qos of [1, 2] as const) {
        await publisher.publish(topic, `${messageExpiryInterval}`, { qos, properties: { messageExpiryInterval } });
      }
    }
    await seconds(1.1);
    const back = await suite.connectKept("away");
    for (const qos of [1, 2]) {
      const message = await take(back);
      assertEquals([message.payload, message.qos], ["60", qos]);
      assert(message.properties.messageExpiryInterval! < 60);
    }
    await back.expectNothing();
  },

  "no local": async (suite, topic) => {
    const [publisher, other] = [await suite.connect("a"), await suite.connect("b")];
    for (const client of [publisher, other]) await client.subscribe(topic, { qos: 2, noLocal: true });
    await publisher.publish(topic, "not for me", { qos: 1 });
    await other.expectMessage(topic, "not for me");
    await publisher.expectNothing();
  },

  "retain as published": async (suite, topic) => {
    const [subscriber, publisher] = [await suite.connect("a"), await suite.connect("b")];
    await subscriber.subscribe(topic, { qos: 2, retainAsPublished: true });
    for (const retain of [false, true]) await publisher.publish(topic, "x", { qos: 1, retain });
    assertEquals([(await take(subscriber)).retain, (await take(subscriber)).retain], [false, true]);
    await publisher.publish(topic, "", { qos: 1, retain: true });
  },

  "retain handling": async (suite, topic) => {
    const publisher = await suite.connect("a");
    for (const qos of QOS) await publisher.publish(`${topic}/${qos}`, "x", { qos, retain: true });
    const expected = { 0: [3, 3], 1: [3, 0], 2: [0, 0] } as const;
    for (const retainHandling of [0, 1, 2] as const) {
      const subscriber = await suite.connect(`handling-${retainHandling}`);
      for (const count of expected[retainHandling]) {
        await subscriber.subscribe(`${topic}/+`, { qos: 2, retainHandling });
        for (let index = 0; index < count; index++) assertEquals((await take(subscriber)).retain, true);
        await subscriber.expectNothing();
      }
    }
    for (const qos of QOS) await publisher.publish(`${topic}/${qos}`, "", { qos, retain: true });
  },

  "an assigned client id": async (suite) => {
    const [one, another] = [await suite.connect(""), await suite.connect("")];
    const ids = [one, another].map(({ connack }) => connack!.properties!.assignedClientIdentifier!);
    assert(ids.every((id) => id.length > 0) && ids[0] !== ids[1]);
  },

  "subscription identifiers of all subscriptions that match": async (suite, topic) => {
    const [one, both] = [await suite.connect("a"), await suite.connect("b")];
    await one.subscribe(topic, { qos: 2, identifier: 456_789 });
    await both.subscribe(topic, { qos: 2, identifier: 2 });
    await both.subscribe(`${topic}/#`, { qos: 2, identifier: 3 });
    const publisher = await suite.connect("c");
    await publisher.publish(topic, "", { qos: 1 });
    assertEquals((await take(one)).properties.subscriptionIdentifiers, [456_789]);
    assertEquals((await take(both)).properties.subscriptionIdentifiers?.sort(), [2, 3]);
    await both.expectNothing();
  },

  "request and response": async (suite, topic) => {
    const [requester, responder] = [await suite.connect("a"), await suite.connect("b")];
    await requester.subscribe(`${topic}/answers`, { qos: 2 });
    await responder.subscribe(topic, { qos: 2 });
    const properties = { responseTopic: `${topic}/answers`, correlationData: new TextEncoder().encode("334") };
    await requester.publish(topic, "request", { qos: 1, properties });
    const request = await take(responder);
    assertEquals(request.properties, properties);
    const { responseTopic, correlationData } = request.properties;
    await responder.publish(responseTopic!, "response", { qos: 1, properties: { correlationData } });
    assertEquals((await take(requester)).properties, { correlationData });
  },

  "topic alias 0 is not one": async (suite) => {
    const client = await suite.connect("a");
    await client.send("32 09 00 01 'a' 00 01 03 23 00 00");
    await client.expectDisconnect(0x94);
  },

  "topic aliases of a client, until it disconnects": async (suite, topic) => {
    const [publisher, subscriber] = [await suite.connectKept("alias"), await suite.connect("b")];
    assert(publisher.connack!.properties!.topicAliasMaximum! > 0);
    await subscriber.subscribe(topic, { qos: 2 });
    const properties = { topicAlias: 1 };
    await publisher.publish(topic, "both", { qos: 1, properties });
    await publisher.publish("", "alias", { qos: 1, properties });
    assertEquals([(await take(subscriber)).payload, (await take(subscriber)).topic], ["both", topic]);
    await publisher.disconnect();
    const back = await suite.connectKept("alias");
    await back.sendPublish("", "alias", { qos: 1, properties });
    await back.expectDisconnect(0x82);
  },

  "topic aliases of the broker, from the first message on": async (suite, topic) => {
    const client = await suite.connect("a", { properties: { topicAliasMaximum: 1 } });
    const publisher = await suite.connect("b");
    await client.subscribe(topic, { qos: 2 });
    const lengths: number[] = [];
    for (const qos of QOS) {
      await publisher.publish(topic, "x", { qos });
      const message = await client.next();
      assertEquals([message.topic, message.properties?.topicAlias, message.qos], [topic, 1, qos]);
      lengths.push(message.bytes.length - (qos > 0 ? 2 : 0));
      if (qos === 1) await client.ack(PacketType.PUBACK, message.packetId!);
    }
    assertEquals(lengths, [lengths[0], lengths[0] - topic.length, lengths[0] - topic.length]); // the topic is told once
  },

  "no topic aliases for who takes none": async (suite, topic) => {
    for (const properties of [undefined, { topicAliasMaximum: 0 }]) {
      const [client, publisher] = [await suite.connect("a", { properties }), await suite.connect("b")];
      await client.subscribe(topic, { qos: 2 });
      for (const qos of QOS) {
        await publisher.publish(topic, "x", { qos });
        assertEquals((await take(client)).properties, {});
      }
    }
  },

  "no packet is larger than its receiver takes": async (suite, topic) => {
    const client = await suite.connect("a", { properties: { maximumPacketSize: 64 } });
    const publisher = await suite.connect("b");
    await client.subscribe(topic, { qos: 2 });
    await publisher.publish(topic, ".".repeat(16), { qos: 0 });
    await publisher.publish(topic, ".".repeat(64), { qos: 1 });
    await publisher.publish(topic, "short", { qos: 1 });
    assertEquals([(await take(client)).payload.length, (await take(client)).payload], [16, "short"]);
  },

  "Server Keep Alive": async (suite) => {
    const keepAlive = async (keepAlive: number) =>
      (await suite.connect("a", { keepAlive })).connack!.properties?.serverKeepAlive;
    assertEquals([await keepAlive(120), await keepAlive(60), await keepAlive(10)], [60, undefined, undefined]);
  },

  "never more messages than the client's Receive Maximum": async (suite, topic) => {
    const client = await suite.connect("a", { properties: { receiveMaximum: 2 } });
    const publisher = await suite.connect("b");
    await client.subscribe(topic, { qos: 2 });
    for (const payload of ["1", "2", "3"]) await publisher.publish(topic, payload, { qos: 1 });
    const first = await client.expectMessage(topic, "1");
    await client.expectMessage(topic, "2");
    await client.expectNothing();
    await client.ack(PacketType.PUBACK, first.packetId!);
    await client.expectMessage(topic, "3");
  },

  "a client that exceeds the broker's Receive Maximum is disconnected": async (suite, topic) => {
    const client = await suite.connect("a");
    assertEquals(client.connack!.properties!.receiveMaximum, 20);
    for (let count = 1; count <= 21; count++) await client.sendPublish(topic, `message ${count}`, { qos: 2 });
    for (let count = 1; count <= 20; count++) await client.expect({ type: PacketType.PUBREC, reasonCode: 0x10 });
    await client.expectDisconnect(0x93);
  },

  "wills are delayed, at most until the session ends": async (suite, topic) => {
    const heir = await suite.connect("b");
    await heir.subscribe(topic, { qos: 2 });
    for (const [will, session, expected] of [[1, 5, 1], [5, 0, 0], [5, 1, 1]]) {
      const options = { will: { topic, properties: { willDelayInterval: will } } };
      const victim = await suite.connect("a", { ...options, properties: { sessionExpiryInterval: session } });
      await victim.cut();
      const began = performance.now();
      await heir.expectMessage(topic, "gone");
      const waited = (performance.now() - began) / 1000;
      assert(waited > expected - 0.1 && waited < expected + 1, `waited ${waited} s, expected ${expected} s`);
    }
  },

  "shared subscriptions": async (suite, topic) => {
    const members = [await suite.connect("a"), await suite.connect("b")];
    for (const member of members) {
      await member.subscribe(`$share/sharename/${topic}/x`, { qos: 2 });
      await member.subscribe(`${topic}/y`, { qos: 2 });
    }
    const publisher = await suite.connect("c");
    await publisher.publish(`${topic}/y`, "for all", { qos: 0 });
    for (const member of members) await member.expectMessage(`${topic}/y`, "for all");
    for (const payload of ["1", "2"]) await publisher.publish(`${topic}/x`, payload, { qos: 0 });
    for (const member of members) {
      await member.expect({ type: PacketType.PUBLISH, topic: `${topic}/x` });
      await member.expectNothing();
    }
  },
});
