/** Clients that publish and acknowledge as fast as they are read. */

import { type Packet, PacketType } from "../../../src/packets/types.ts";
import { publishTo, subscribeTo } from "../../helpers/attacker.ts";
import { type Attack, bytesOf, connectMany, connectNew, flood, rest } from "./attack.ts";

/** Topics that come again after so many lots of 4,000 messages: more than a broker remembers who gets them. */
const LOTS = 40, LOT = 4_000;
let topics: Uint8Array[] | undefined;

/** QoS 0 on topics that change. */
export const changingTopics: Attack = async function* (ports) {
  topics ??= Array.from({ length: LOTS }, (_, lot) => bytesOf(LOT, (at) => publishTo(`flood/${lot * LOT + at}`)));
  using attacker = await connectNew(ports, "topics");
  yield* flood(attacker, ...topics);
};

/** QoS 0 on one topic. */
export const oneTopic: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "topic");
  yield* flood(attacker, bytesOf(LOT, () => publishTo("flood/x")));
};

/** Messages that reach hundreds, of some hundred publishers at once. */
export const broadcasts: Attack = async function* (ports) {
  const subscribers = await connectMany(ports, "audience", 500), publishers = await connectMany(ports, "speaker", 150);
  for (const subscriber of subscribers) await subscriber.send(subscribeTo(["broadcast"]));
  const lot = bytesOf(5, () => publishTo("broadcast"));
  for (;;) {
    await Promise.all(publishers.map((publisher) => publisher.send(lot)));
    yield publishers.length * lot.length;
    await rest(100);
  }
};

/** Retained messages, some thousand topics. */
export const retainedTopics: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "retained");
  yield* flood(attacker, bytesOf(LOT, (at) => publishTo(`retained/${at}`, { retain: true })));
};

/** QoS 2 from its beginning to its end. */
export const exchanges: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "exchanges");
  const packet = (at: number): Packet => {
    const packetId = 1 + (at >> 1) % 1_000;
    if (at % 2 === 0) return publishTo(`exchange/${packetId}`, { qos: 2, packetId });
    return { type: PacketType.PUBREL, packetId, reasonCode: 0 };
  };
  yield* flood(attacker, bytesOf(2_000, packet));
};

/** A flood of two bytes and an identifier that means nothing. */
function ofAcks(header: number): Attack {
  return async function* (ports) {
    using attacker = await connectNew(ports, "acks");
    const bytes = new Uint8Array(65_536);
    for (let at = 0; at < bytes.length; at += 4) bytes.set([header, 2, 1 + (at >> 10), at >> 2 & 0xff], at);
    yield* flood(attacker, bytes);
  };
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP for what was never sent. */
export const pubacks: Attack = ofAcks(0x40);
export const pubrecs: Attack = ofAcks(0x50);
export const pubrels: Attack = ofAcks(0x62);
export const pubcomps: Attack = ofAcks(0x70);

/** What a client may not send, and as much as is taken behind it: the broker has closed and waits for the end of the stream. */
export const refusedFloods: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "refused");
  await attacker.send(Uint8Array.of(0xf0, 0)); // AUTH without a method
  yield* flood(attacker, new Uint8Array(65_536));
};

/** PINGREQ after PINGREQ. */
export const pings: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "pings");
  const bytes = new Uint8Array(32_768);
  for (let at = 0; at < bytes.length; at += 2) bytes[at] = 0xc0;
  yield* flood(attacker, bytes);
};

/** As many PINGREQ as make no large read; more when they are answered, as somebody does who has one question at a time. */
export const answeredPings: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "answered");
  const bytes = new Uint8Array(14_000);
  for (let at = 0; at < bytes.length; at += 2) bytes[at] = 0xc0;
  for (let wanted = attacker.received; await attacker.send(bytes);) {
    yield bytes.length;
    await attacker.receive(wanted += bytes.length);
  }
};

/** Answers that nobody reads. */
export const unreadAnswers: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "unread", { reads: false });
  yield* flood(attacker, bytesOf(1_000, (at) => publishTo("flood/z", { qos: 1, packetId: at + 1 })));
};
