/** Behaviours that Paho's interoperability tests look at in every version. */

import { assertEquals } from "@std/assert";
import { PacketType, type ProtocolVersion } from "../../src/packets/types.ts";
import { type Behaviour, take, testBehaviours } from "./paho_suite.ts";

const QOS = [0, 1, 2] as const;

function behaviours(version: ProtocolVersion): Record<string, Behaviour> {
  const isFive = version === 5;
  return {
    "a client hears itself at every QoS": async (suite, topic) => {
      const [publisher, subscriber] = [await suite.connect("a"), await suite.connect("b")];
      await subscriber.subscribe(topic, { qos: 2 });
      for (const qos of QOS) {
        await publisher.publish(topic, `qos ${qos}`, { qos });
        assertEquals(await take(subscriber), { topic, payload: `qos ${qos}`, qos, retain: false, properties: {} });
      }
    },

    "a second CONNECT ends the connection": async (suite) => {
      const client = await suite.connect("a");
      await client.sendConnect({ clientId: "a" });
      await (isFive ? client.expectDisconnect(0x82) : client.expectClosed());
    },

    "another protocol name is refused": async (suite) => {
      const client = await suite.open();
      await client.send(
        `10 0D 00 02 'hj' 0${version} 02 00 00 ${isFive ? "00 " : ""}00 ${isFive ? "02" : "03"} 61 61 61`,
      );
      await client.expectClosed();
    },

    "retained messages come to who subscribes, until they are cleared": async (suite, topic) => {
      const client = await suite.connect("a");
      for (const qos of QOS) await client.publish(`${topic}/${qos}`, `qos ${qos}`, { qos, retain: true });
      await client.subscribe(`${topic}/+`, { qos: 2 });
      const retained = [await take(client), await take(client), await take(client)];
      assertEquals(retained.map(({ qos }) => qos).sort(), [0, 1, 2]);
      assertEquals(retained.every(({ retain }) => retain), true);
      await client.unsubscribe(`${topic}/+`);
      for (const qos of QOS) await client.publish(`${topic}/${qos}`, "", { qos, retain: true });
      await client.subscribe(`${topic}/+`, { qos: 2 });
      await client.expectNothing();
    },

    "the will of a client that does not keep alive": async (suite, topic) => {
      const heir = await suite.connect("b");
      await heir.subscribe(topic, { qos: 2 });
      await suite.connect("a", { keepAlive: 1, will: { topic, payload: "keepalive expiry" } });
      await heir.expectMessage(topic, "keepalive expiry");
    },

    "the will of a client that vanishes, but not of one that says good-bye": async (suite, topic) => {
      const heir = await suite.connect("c");
      await heir.subscribe(topic, { qos: 2 });
      const polite = await suite.connect("b", { will: { topic, payload: "polite" } });
      await polite.disconnect();
      await (await suite.connect("a", { will: { topic, payload: "vanished" } })).cut();
      await heir.expectMessage(topic, "vanished");
      await heir.expectNothing();
    },

    "an empty client id": async (suite) => {
      await suite.connect("", { cleanStart: true });
      const kept = await suite.open();
      await kept.sendConnect({ clientId: "", cleanStart: false });
      if (isFive) await kept.expect({ type: PacketType.CONNACK, reasonCode: 0 });
      else await kept.expect("20 02 00 02");
    },

    "messages are queued for a client that is away": async (suite, topic) => {
      await (await suite.connectKept("away")).subscribe(`${topic}/+`, { qos: 2 });
      await suite.cut();
      const publisher = await suite.connect("b");
      for (const qos of QOS) await publisher.publish(`${topic}/${qos}`, `qos ${qos}`, { qos });
      const back = await suite.connectKept("away");
      assertEquals(back.connack?.sessionPresent, true);
      assertEquals([(await take(back)).payload, (await take(back)).payload], ["qos 1", "qos 2"]);
      await back.expectNothing();
    },

    "overlapping subscriptions bring one message at the highest QoS": async (suite, topic) => {
      const client = await suite.connect("a");
      await client.subscribe(`${topic}/#`, { qos: 2 });
      await client.subscribe(`${topic}/+`, { qos: 1 });
      const publisher = await suite.connect("b");
      await publisher.publish(`${topic}/a`, "once", { qos: 2 });
      assertEquals((await take(client)).qos, 2);
      await client.expectNothing();
    },

    "who sends nothing for one and a half Keep Alives is disconnected": async (suite) => {
      const silent = await suite.connect("a", { keepAlive: 1 });
      await (isFive ? silent.expectDisconnect(0x8d) : silent.expectClosed());
    },

    "what was not acknowledged comes again, in order": async (suite, topic) => {
      const first = await suite.connectKept("back");
      await first.subscribe(`${topic}/#`, { qos: 2 });
      const publisher = await suite.connect("b");
      await publisher.publish(`${topic}/1`, "", { qos: 1 });
      await publisher.publish(`${topic}/2`, "", { qos: 2 });
      const sent = [await first.next(), await first.next()];
      await first.cut();
      const second = await suite.connectKept("back");
      for (const { topic, packetId, qos } of sent) {
        await second.expect({ type: PacketType.PUBLISH, dup: true, topic, packetId, qos });
      }
    },

    "subscribing to test/nosubscribe is refused": async (suite) => {
      const client = await suite.connect("a");
      assertEquals(await client.subscribe("test/nosubscribe", { qos: 2 }), 0x80);
      assertEquals(await client.subscribe("#", { qos: 2 }), 2);
    },

    "wildcards at the begin do not reach $-topics": async (suite, topic) => {
      const client = await suite.connect("a");
      for (const filter of ["#", "+/+"]) await client.subscribe(filter, { qos: 2 });
      await client.publish(`$${topic}/b`, "", { qos: 1 });
      await client.expectNothing();
    },

    "who has unsubscribed hears nothing": async (suite, topic) => {
      const subscriber = await suite.connect("b");
      for (const name of ["1", "2", "3"]) await subscriber.subscribe(`${topic}/${name}`, { qos: 2 });
      await subscriber.unsubscribe(`${topic}/1`);
      const publisher = await suite.connect("a");
      for (const name of ["1", "2", "3"]) await publisher.publish(`${topic}/${name}`, name, { qos: 1 });
      assertEquals([(await take(subscriber)).payload, (await take(subscriber)).payload], ["2", "3"]);
      await subscriber.expectNothing();
    },

    "a session that is not kept is gone": async (suite, topic) => {
      await (await suite.connect("gone")).subscribe(topic, { qos: 1 });
      await suite.cut();
      assertEquals((await suite.connectKept("gone")).connack?.sessionPresent, false);
    },
  };
}

testBehaviours("what Paho looks at in MQTT 3.1.1", 4, behaviours(4));
testBehaviours("what Paho looks at in MQTT 5, as before", 5, behaviours(5));
