/** What subscribers receive of any PUBLISH is what a slow model says, however its bytes arrive and whoever looks at it. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import type { PublishPacket } from "../../src/packets/types.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";
import { joined } from "../packets/bytes.ts";
import {
  expected,
  expectedRetained,
  publishBytes,
  type Received,
  REWRITTEN,
  type Scenario,
  scenario,
  type SubscriberPlan,
} from "./forwarding_model.ts";

const { PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;
const RUNS = 400, PARTS = 8, SEED = 20_261_130;

const LATE: SubscriberPlan = {
  ...{ version: 5, filters: ["#"], qos: 2, identifier: 7, asPublished: false, aliases: 3, kind: "live" },
  maximumPacketSize: undefined,
};

function rewrite(_: unknown, packet: PublishPacket): PublishPacket {
  packet.topic = REWRITTEN.topic;
  const { userProperties = [], ...rest } = packet.properties ?? {};
  return { ...packet, properties: { ...rest, userProperties: [...userProperties, [...REWRITTEN.added]] } };
}

const later = async (): Promise<void> => await Promise.resolve();

const HOOKS: Record<Scenario["hook"], Partial<Hook>> = {
  "none": {},
  "looks": { onPublish: () => {} },
  "looks later": { onPublish: later },
  "rewrites": { onPublish: rewrite },
  "rewrites later": { onPublish: (...all) => later().then(() => rewrite(...all)) },
  "observed": { onPacketRead: () => {}, onPacketSent: () => {} },
};

async function connect(harness: Harness, index: number, plan: SubscriberPlan): Promise<RawClient> {
  const { version, aliases, maximumPacketSize, kind } = plan;
  return await harness.connect({
    ...{ clientId: `s${index}`, protocolVersion: version, cleanStart: false },
    properties: version !== 5 ? undefined : {
      ...{ sessionExpiryInterval: 1_000, topicAliasMaximum: aliases, maximumPacketSize },
      receiveMaximum: kind === "stalled" ? 1 : 100,
    },
  });
}

async function subscribe(client: RawClient, { filters, qos, identifier, asPublished }: SubscriberPlan): Promise<void> {
  for (const filter of filters) {
    await client.subscribe(filter, { qos, identifier: identifier || undefined, retainAsPublished: asPublished });
  }
}

/** The bytes of the messages, with Packet Identifiers from `packetId` on. */
function bytesOf({ version, batches }: Scenario): Uint8Array[][] {
  const aliases: string[] = [];
  let packetId = 0;
  return batches.map(({ messages }) =>
    messages.map((message) => {
      const { alias, bare, topic, properties } = message, isKnown = alias > 0 && aliases[alias] === topic;
      if (alias > 0) aliases[alias] = topic;
      const at = message.payload.length % (properties.length + 1);
      const all = alias === 0 ? properties : properties.toSpliced(at, 0, [0x23, alias]);
      const sent = { ...message, topic: version === 5 && isKnown && bare ? "" : topic };
      return publishBytes(version, sent, { packetId: ++packetId, properties: all });
    })
  );
}

async function send(publisher: RawClient, packets: Uint8Array[], cut: Scenario["cut"]): Promise<void> {
  if (cut === "together") await publisher.send(...packets);
  else if (cut === "each") { for (const packet of packets) await publisher.send(packet); }
  else for (const byte of joined(...packets).subarray(0, 4_000)) await publisher.send(Uint8Array.of(byte));
  if (cut === "bytes") await publisher.send(joined(...packets).slice(4_000));
}

/** Takes what has arrived and answers it, until nothing comes any more. */
async function takeAll(harness: Harness, client: RawClient): Promise<Received[]> {
  const received: Received[] = [];
  for (;;) {
    await harness.settle();
    let packet = client.take();
    if (packet === undefined) return received;
    for (; packet !== undefined; packet = client.take()) {
      const { type, packetId = 0, topic, payload, qos, retain, dup, properties } = packet;
      if (type === PUBREL) await client.ack(PUBCOMP, packetId);
      if (type !== PUBLISH) continue;
      const { topicAlias: _, ...rest } = properties ?? {}, text = new TextDecoder().decode(payload);
      assertEquals(dup, false);
      received.push({ topic: topic!, payload: text, qos: qos!, retain: retain!, properties: rest });
      if (qos! > 0) await client.ack(qos === 1 ? PUBACK : PUBREC, packetId);
    }
  }
}

async function play(one: Scenario): Promise<void> {
  const { version, subscribers, batches, cut, hook } = one, clients: RawClient[] = [];
  await using harness = await Harness.start({ hooks: [{ id: "hook", ...HOOKS[hook] }, allowAll()] });
  for (const [index, plan] of subscribers.entries()) {
    const client = clients[index] = await connect(harness, index, plan);
    await subscribe(client, plan);
    if (plan.kind === "away") await client.cut();
  }
  const publisher = await harness.connect({ clientId: "p", protocolVersion: version });
  for (const [index, packets] of bytesOf(one).entries()) {
    await send(publisher, packets, cut);
    await harness.settle();
    await harness.advance(batches[index].seconds * 1_000);
  }
  for (const [index, plan] of subscribers.entries()) {
    if (plan.kind === "away") clients[index] = await connect(harness, index, plan);
    const received = await takeAll(harness, clients[index]);
    const [once, more] = expected(one, plan);
    assertEquals(received.filter(({ qos }) => qos === 0), once, `subscriber ${index} at QoS 0`);
    assertEquals(received.filter(({ qos }) => qos > 0), more, `subscriber ${index} at QoS 1 and 2`);
  }
  const late = await connect(harness, subscribers.length, LATE);
  await subscribe(late, LATE);
  const retained = new Map((await takeAll(harness, late)).map((received) => [received.topic, received]));
  assertEquals(retained, expectedRetained(one, LATE), "retained messages");
}

for (let part = 0; part < PARTS; part++) {
  Deno.test(`what is forwarded is what the model says, part ${part + 1} of ${PARTS}`, async () => {
    await fc.assert(fc.asyncProperty(scenario, play), { numRuns: RUNS / PARTS, seed: SEED + part });
  });
}
