/** A client as they come and go: connects, subscribes, publishes at every QoS, leaves properly or not. */

import { type Packet, PacketType, type QoS } from "../../src/packets/packets.ts";
import { PacketLink } from "../helpers/packet_link.ts";
import type { ServerPacket } from "../helpers/server_packet.ts";

const MESSAGES = 20, TOPICS = 1_000, GROUPS = 20;

/** What one client does. */
export interface RestlessOptions {
  readonly port: number;
  readonly clientId: string;
  /** A number that decides what it does. */
  readonly seed: number;
  /** Milliseconds that it stays after its messages. */
  readonly stay: number;
}

function connect({ clientId, seed }: RestlessOptions): Packet {
  const will = { topic: `restless/${seed % GROUPS}/will`, payload: new Uint8Array(16), qos: 1, retain: false } as const;
  const properties = { sessionExpiryInterval: seed % 4 === 0 ? 0 : 5 };
  const rest = { protocolVersion: 5, cleanStart: seed % 2 === 0, keepAlive: 30 } as const;
  return { type: PacketType.CONNECT, ...rest, clientId, will, properties };
}

function subscribe({ seed }: RestlessOptions): Packet {
  const group = seed % GROUPS;
  const rest = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const filters = [`restless/${group}/#`, `$share/restless/restless/+/${group}`, `retained/${group}/+`];
  const subscriptions = filters.map((topicFilter) => ({ topicFilter, ...rest }));
  return { type: PacketType.SUBSCRIBE, packetId: 1, subscriptions };
}

function publishes({ seed }: RestlessOptions): Packet[] {
  return Array.from({ length: MESSAGES }, (_, at) => {
    const number = seed * MESSAGES + at, retain = at % 5 === 0, qos = at % 3 as QoS;
    const topic = retain ? `retained/${number % GROUPS}/${number % TOPICS}` : `restless/${number % GROUPS}/${at}`;
    const packetId = qos === 0 ? 0 : 2 + at;
    return { type: PacketType.PUBLISH, dup: false, qos, retain, topic, packetId, payload: new Uint8Array(200) };
  });
}

function answerTo({ type, qos, packetId }: ServerPacket): Packet | undefined {
  const answers: Record<number, 4 | 5 | 6 | 7 | undefined> = {
    [PacketType.PUBLISH]: ([undefined, PacketType.PUBACK, PacketType.PUBREC] as const)[qos ?? 0],
    [PacketType.PUBREC]: PacketType.PUBREL,
    [PacketType.PUBREL]: PacketType.PUBCOMP,
  };
  const answer = answers[type];
  return answer && { type: answer, packetId: packetId!, reasonCode: 0 };
}

/** Lives the life of one client. @throws what the broker did wrong */
export async function restlessClient(options: RestlessOptions): Promise<void> {
  const take = (packet: ServerPacket) => {
    const answer = answerTo(packet);
    if (answer !== undefined) link.send(answer);
  };
  const link = await PacketLink.to(`127.0.0.1:${options.port}`, { version: 5, take });
  await link.send(connect(options), subscribe(options), ...publishes(options));
  await new Promise((resolve) => setTimeout(resolve, options.stay));
  if (options.seed % 3 > 0) await link.send({ type: PacketType.DISCONNECT, reasonCode: 0 });
  link.close(); // for every third the broker publishes its Will
  const failure = await link.ended;
  if (failure !== undefined) throw failure;
}
