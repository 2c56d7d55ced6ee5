/** Runs of messages at their limits: what a generated scenario would hardly meet. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { MqttError } from "../../src/packets/errors.ts";
import type { ProtocolVersion, PublishPacket, QoS } from "../../src/packets/types.ts";
import { settle } from "../helpers/fake_clock.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const { PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;

/** A run of messages, their Packet Identifiers as payload. */
function runOf(packetIds: readonly number[], qos: QoS, options: { version?: ProtocolVersion; dup?: boolean } = {}) {
  const { version = 5, dup = false } = options;
  return packetIds.map((packetId) =>
    encodePacket({
      ...{ type: PUBLISH, topic: "t", payload: new TextEncoder().encode(String(packetId)) },
      ...{ qos, packetId: qos === 0 ? 0 : packetId, retain: false, dup },
    }, version)!
  );
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** What has arrived and was not looked at yet: type, Packet Identifier (payload of a message), reason code if there is one. */
function taken(client: RawClient): string[] {
  const all: string[] = [];
  for (let packet = client.take(); packet !== undefined; packet = client.take()) {
    const { type, packetId, payload, reasonCode } = packet;
    all.push(
      [type, type === PUBLISH ? new TextDecoder().decode(payload) : packetId, reasonCode || ""].join(" ").trim(),
    );
  }
  return all;
}

function each(type: number, packetIds: readonly number[], reasonCode?: number): string[] {
  return packetIds.map((packetId) => [type, packetId, reasonCode ?? ""].join(" ").trim());
}

/** A broker, a subscriber at QoS 2, a publisher. */
async function world(options: Parameters<typeof Harness.start>[0] = {}, version: ProtocolVersion = 5) {
  const harness = await Harness.start(options);
  const subscriber = await harness.connect({ clientId: "s" });
  await subscriber.subscribe("t", { qos: 2 });
  const publisher = await harness.connect({ clientId: "p", protocolVersion: version });
  return { harness, subscriber, publisher };
}

/** A hook that does something with one message. */
function hookAt(payload: string, act: (...args: Parameters<NonNullable<Hook["onPublish"]>>) => unknown): Hook {
  const onPublish = (...args: Parameters<NonNullable<Hook["onPublish"]>>) =>
    new TextDecoder().decode(args[1].payload) === payload ? act(...args) as PublishPacket | void : undefined;
  return { id: "hook", onPublish };
}

Deno.test("a hook that takes its time delays no message in front of it", async () => {
  for (const asyncBefore of [false, true]) {
    const gate = Promise.withResolvers<void>(), before: Hook = { id: "before", onPublish: () => Promise.resolve() };
    const hooks = [allowAll(), hookAt("4", () => gate.promise), ...asyncBefore ? [before] : []];
    const { harness, subscriber, publisher } = await world({ hooks });
    await using _ = harness;
    await publisher.send(...runOf(range(1, 6), 1));
    await settle();
    await harness.clock.advance(0);
    assertEquals(taken(subscriber), each(PUBLISH, [1, 2, 3]));
    assertEquals(taken(publisher), each(PUBACK, [1, 2, 3]));
    gate.resolve();
    await harness.settle();
    assertEquals(taken(subscriber), each(PUBLISH, [4, 5, 6]));
    assertEquals(taken(publisher), each(PUBACK, [4, 5, 6]));
  }
});

Deno.test("a hook that takes its time with one client's run delays no other client's", async () => {
  const gate = Promise.withResolvers<void>();
  const hooks = [allowAll(), hookAt("1", () => gate.promise), { id: "after", onPublish: () => Promise.resolve() }];
  const { harness, subscriber, publisher } = await world({ hooks });
  await using _ = harness;
  const other = await harness.connect({ clientId: "other" });
  await publisher.send(...runOf(range(1, 3), 0));
  await other.send(...runOf(range(4, 6), 0));
  await settle();
  await harness.clock.advance(0);
  await settle();
  assertEquals(taken(subscriber), each(PUBLISH, [4, 5, 6]));
  gate.resolve();
  await harness.settle();
  assertEquals(taken(subscriber), each(PUBLISH, [1, 2, 3]));
});

Deno.test("a hook that never answers refuses its message, after the limit, and no other one", async () => {
  for (const version of [4, 5] as const) {
    const hooks = [allowAll(), hookAt("3", () => new Promise(() => {}))];
    const { harness, subscriber, publisher } = await world({ hooks, hookTimeout: 160, errorsExpected: true }, version);
    await using _ = harness;
    await publisher.send(...runOf(range(1, 5), 1, { version }));
    await harness.clock.advance(159);
    assertEquals(taken(subscriber), each(PUBLISH, [1, 2]));
    await harness.clock.advance(21);
    await harness.settle();
    if (version === 5) {
      assertEquals(taken(publisher), [...each(PUBACK, [1, 2]), `${PUBACK} 3 131`, ...each(PUBACK, [4, 5])]);
      assertEquals(taken(subscriber), each(PUBLISH, [4, 5]));
    } else { // the message cannot be refused, so the connection ends [v311 MQTT-4.8.0-2]
      assertEquals(taken(publisher), each(PUBACK, [1, 2]));
      await publisher.expectClosed();
      assertEquals(taken(subscriber), []);
    }
  }
});

Deno.test("a hook that ends the connection ends the run behind its message, not in front of it", async () => {
  for (const way of [(act: () => void) => act(), async (act: () => void) => await act()]) {
    for (const observed of [false, true]) {
      const hook = hookAt("3", (client) => way(() => client.disconnect(0x98)));
      const observer: Hook = { id: "observer", onPublished() {} };
      const { harness, subscriber, publisher } = await world({
        hooks: [allowAll(), hook, ...observed ? [observer] : []],
      });
      await using _ = harness;
      await publisher.send(...runOf(range(1, 5), 0));
      await harness.settle();
      assertEquals(taken(subscriber), each(PUBLISH, [1, 2, 3]));
      await publisher.expectDisconnect(0x98);
    }
  }
});

Deno.test("a run is counted against Receive Maximum message by message", async () => {
  const { harness, subscriber, publisher } = await world({ capabilities: { receiveMaximum: 4 } });
  await using _ = harness;
  await publisher.send(...runOf(range(1, 20), 1)); // each is acknowledged before the next
  await harness.settle();
  assertEquals(taken(publisher), each(PUBACK, range(1, 20)));
  taken(subscriber);
  await publisher.send(...runOf(range(1, 4), 2));
  await harness.settle();
  assertEquals(taken(publisher), each(PUBREC, range(1, 4)));
  await publisher.ack(PUBREL, 2);
  await publisher.expect({ type: PUBCOMP, packetId: 2 });
  await publisher.send(...runOf(range(5, 7), 2));
  await settle();
  await harness.clock.advance(0);
  assertEquals(taken(publisher), [...each(PUBREC, [5]), "14  147"]);
  assertEquals(taken(subscriber), each(PUBLISH, range(1, 5)));
  await publisher.expectClosed();
});

Deno.test("MQTT 3.1.1 knows no Receive Maximum", async () => {
  const { harness, publisher } = await world({ capabilities: { receiveMaximum: 4 } }, 4);
  await using _ = harness;
  await publisher.send(...runOf(range(1, 20), 2, { version: 4 }));
  await harness.settle();
  assertEquals(taken(publisher), each(PUBREC, range(1, 20)));
});

Deno.test("a run above Maximum QoS ends the connection and reaches nobody", async () => {
  const { harness, subscriber, publisher } = await world({ capabilities: { maximumQos: 1 } });
  await using _ = harness;
  await publisher.send(...runOf(range(1, 5), 2));
  await publisher.expectDisconnect(0x9b);
  await harness.settle();
  assertEquals(taken(subscriber), []);
});

Deno.test("QoS 2 messages that come again are acknowledged again and delivered once", async () => {
  for (const dup of [false, true]) {
    const { harness, subscriber, publisher } = await world();
    await using _ = harness;
    await publisher.send(...runOf(range(3, 6), 2));
    await publisher.send(...runOf(range(1, 8), 2, { dup }));
    await publisher.send(...runOf([8, 8, 7], 2, { dup }));
    await harness.settle();
    assertEquals(taken(publisher), each(PUBREC, [...range(3, 6), ...range(1, 8), 8, 8, 7]));
    assertEquals(taken(subscriber), each(PUBLISH, [3, 4, 5, 6, 1, 2, 7, 8]));
    for (const packetId of range(1, 8)) await publisher.ack(PUBREL, packetId);
    await harness.settle();
    assertEquals(taken(publisher), each(PUBCOMP, range(1, 8)));
    await publisher.send(...runOf(range(1, 8), 2)); // the identifiers are free again
    await harness.settle();
    assertEquals(taken(subscriber), each(PUBLISH, range(1, 8)));
  }
});

Deno.test("QoS 2 messages that come again while a hook thinks about one of them are taken once", async () => {
  for (const refusal of [undefined, new MqttError(0x83, "not now")]) {
    const gate = Promise.withResolvers<void>(), asked: string[] = [];
    const onPublish = (_: unknown, { payload }: PublishPacket) => {
      const text = new TextDecoder().decode(payload);
      asked.push(text);
      return text === "4" && asked.length === 4 ? gate.promise : Promise.resolve();
    };
    const { harness, subscriber, publisher } = await world({ hooks: [allowAll(), { id: "hook", onPublish }] });
    await using _ = harness;
    const session = { clientId: "p", cleanStart: false, properties: { sessionExpiryInterval: 1_000 } };
    const first = await harness.connect(session);
    assertEquals(publisher.live, false);
    await first.send(...runOf(range(1, 6), 2));
    await settle();
    await harness.clock.advance(0);
    assertEquals(taken(subscriber), each(PUBLISH, [1, 2, 3]));
    await first.cut();
    const second = await harness.connect(session);
    await second.send(...runOf(range(1, 6), 2, { dup: true }));
    await settle();
    assertEquals([taken(second), taken(subscriber)], [each(PUBREC, [1, 2, 3]), []]);
    assertEquals(asked, ["1", "2", "3", "4"]);
    if (refusal === undefined) gate.resolve();
    else gate.reject(refusal);
    await harness.settle();
    assertEquals(taken(second), each(PUBREC, [4, 5, 6]));
    assertEquals(taken(subscriber), each(PUBLISH, [4, 5, 6]));
    assertEquals(asked.slice(4), refusal === undefined ? ["5", "6"] : ["4", "5", "6"]);
  }
});

Deno.test("Packet Identifiers go on behind 65,535, on both sides", async () => {
  const { harness, subscriber, publisher } = await world();
  await using _ = harness;
  for (let first = 1; first <= 65_531; first += 546) { // the broker's own identifiers come near the end as well
    await publisher.send(...runOf(range(first, Math.min(first + 545, 65_531)), 1));
    await harness.settle();
    taken(publisher);
    const acks: string[] = [];
    for (let packet = subscriber.take(); packet !== undefined; packet = subscriber.take()) {
      acks.push(
        `40 02 ${(packet.packetId! >> 8).toString(16).padStart(2, "0")} ${
          (packet.packetId! & 255).toString(16).padStart(2, "0")
        }`,
      );
    }
    await subscriber.send(...acks);
  }
  const packetIds = [65_534, 65_535, 1, 2, 3, 4, 5, 6];
  await publisher.send(...runOf(packetIds, 1));
  await harness.settle();
  assertEquals(taken(publisher), each(PUBACK, packetIds));
  const received = [];
  for (let packet = subscriber.take(); packet !== undefined; packet = subscriber.take()) received.push(packet.packetId);
  assertEquals(received, [65_532, 65_533, 65_534, 65_535, 1, 2, 3, 4]);
});

Deno.test("a publisher of MQTT 5 is told that nobody listens, message by message", async () => {
  const passing: Hook = { id: "passing", onPublish: () => undefined };
  for (const hooks of [[allowAll()], [allowAll(), passing]]) {
    for (const [version, code] of [[4, undefined], [5, 0x10]] as const) {
      await using harness = await Harness.start({ hooks });
      const publisher = await harness.connect({ clientId: "p", protocolVersion: version });
      for (const [qos, type] of [[1, PUBACK], [2, PUBREC]] as const) {
        await publisher.send(...runOf(range(1, 4), qos, { version }));
        await harness.settle();
        assertEquals(taken(publisher), each(type, range(1, 4), code));
      }
    }
  }
});

Deno.test("what a send quota does not take waits, in order", async () => {
  for (const qos of [1, 2] as const) {
    await using harness = await Harness.start();
    const publisher = await harness.connect("p");
    const subscriber = await harness.connect({ clientId: "s", properties: { receiveMaximum: 3 } });
    await subscriber.subscribe("t", { qos });
    await publisher.send(...runOf(range(1, 3), qos)); // just as many as may be sent
    await publisher.send(...runOf(range(4, 8), qos));
    await harness.settle();
    assertEquals(taken(subscriber), each(PUBLISH, [1, 2, 3]));
    for (const packetId of range(1, 5)) {
      await subscriber.ack(qos === 1 ? PUBACK : PUBREC, packetId);
      if (qos === 2) await subscriber.ack(PUBCOMP, packetId);
      await harness.settle();
      assertEquals(taken(subscriber), [...qos === 2 ? each(PUBREL, [packetId]) : [], ...each(PUBLISH, [packetId + 3])]);
    }
    assertEquals(harness.broker.info.inflight, 3);
  }
});

Deno.test("a run that a session may still keep is sent as far as it may", async () => {
  const { harness, subscriber, publisher } = await world({ capabilities: { maximumQueuedBytes: 100 } });
  await using _ = harness;
  const payload = new Uint8Array(30).fill(120);
  const messages = range(1, 8).map((packetId) =>
    encodePacket({ type: PUBLISH, topic: "t", payload, qos: 1, packetId, retain: false, dup: false }, 5)!
  );
  await publisher.send(...messages);
  await harness.settle();
  const sent = taken(subscriber).length;
  await using other = await Harness.start({ capabilities: { maximumQueuedBytes: 100 } });
  const single = await other.connect("s"), second = await other.connect("p");
  await single.subscribe("t", { qos: 1 });
  for (const message of messages) await second.send(message).then(() => second.barrier());
  await other.settle();
  assertEquals(sent, taken(single).length);
  assertEquals(harness.broker.info.inflightDropped, other.broker.info.inflightDropped);
});

Deno.test("a publisher gets its own run with the QoS of what is left without No Local", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("p");
  await client.subscribe("t", { qos: 2, noLocal: true });
  await client.subscribe("#", { qos: 0 });
  await client.send(...runOf(range(1, 4), 1));
  await harness.settle();
  const received = client.received.filter(({ type }) => type === PUBLISH);
  assertEquals(received.map(({ qos }) => qos), [0, 0, 0, 0]);
});

Deno.test("acknowledgements in one write free what they belong to, each once, whatever is between them", async () => {
  for (const onQosComplete of [undefined, () => {}]) {
    const { harness, subscriber, publisher } = await world({
      hooks: [allowAll(), { id: "looking on", onQosComplete }],
    });
    await using _ = harness;
    await publisher.send(...runOf(range(1, 6), 1));
    await harness.settle();
    const ids = range(1, 8).map(() => subscriber.take()?.packetId).filter((packetId) => packetId !== undefined);
    assertEquals([ids.length, harness.broker.info.inflight], [6, 6]);
    const ack = (packetId: number) => [0x40, 2, packetId >> 8, packetId & 0xff];
    const [a, b, c, d] = ids as number[];
    const received = harness.broker.info.packetsReceived;
    await subscriber.send(Uint8Array.of(...ack(a), ...ack(a), ...ack(999), 0xc0, 0, ...ack(c), ...ack(b)));
    await harness.settle();
    assertEquals(harness.broker.info.inflight, 3);
    assertEquals(harness.broker.info.packetsReceived - received, 6 + 2); // and a PINGREQ of each client that settles
    await subscriber.send(Uint8Array.of(...ack(d), ...ack(0), ...ack(ids[4] as number)));
    await subscriber.expect("D0 00");
    await subscriber.expectDisconnect(0x82);
    assertEquals(harness.broker.info.inflight, 0); // the session ends with its connection
  }
});

Deno.test("what was sent as a run and not acknowledged comes again as single messages, in order", async () => {
  const { harness, publisher } = await world();
  await using _ = harness;
  const session = { clientId: "again", cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const first = await harness.connect(session);
  await first.subscribe("t", { qos: 1 });
  await publisher.send(...runOf(range(1, 6), 1));
  await harness.settle();
  const sent = range(1, 6).map(() => first.take()!);
  for (const index of [1, 4]) await first.ack(PUBACK, sent[index].packetId!);
  await harness.settle();
  await first.cut();
  const second = await harness.connect(session), again = range(1, 4).map(() => second.take()!);
  const expected = [0, 2, 3, 5].map((index) => ({ ...sent[index], dup: true }));
  assertEquals(
    again.map(({ packetId, payload, dup }) => ({ packetId, payload, dup })),
    expected.map(({ packetId, payload, dup }) => ({ packetId, payload, dup })),
  );
  for (const { packetId } of again) await second.ack(PUBACK, packetId!);
  await harness.settle();
  assertEquals(harness.broker.info.inflight, 6); // those of the other subscriber
});
