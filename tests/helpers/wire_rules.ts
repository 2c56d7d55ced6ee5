/** What holds for everything that a server sends on one connection, checked while any test runs. */

import { type ConnectPacket, PacketType, type ProtocolVersion } from "../../src/packets/types.ts";
import type { ServerPacket } from "./server_packet.ts";

const { CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH } = PacketType;

const PUBLISH_ANSWER = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

/** Reason codes of a server by packet type. */
const CODES: ReadonlyMap<number, readonly number[]> = new Map([
  [CONNACK, [0, ...range(0x80, 0x8a), 0x8c, 0x90, 0x95, 0x97, ...range(0x99, 0x9d), 0x9f]],
  [PUBACK, PUBLISH_ANSWER],
  [PUBREC, PUBLISH_ANSWER],
  [PUBREL, [0x00, 0x92]],
  [PUBCOMP, [0x00, 0x92]],
  [SUBACK, [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]],
  [UNSUBACK, [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]],
  [DISCONNECT, [0, ...range(0x80, 0x83), 0x87, 0x89, ...range(0x8b, 0x90), ...range(0x93, 0xa2)]],
  [AUTH, [0x00, 0x18]],
]);

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The rules of one connection. */
export class WireRules {
  readonly #version: ProtocolVersion;
  readonly #aliases = new Map<number, string>();
  readonly #published = new Set<number>();
  readonly #released = new Set<number>();
  #connect: ConnectPacket | undefined;
  #connacks = 0;
  #over = false;

  /** @param version of the connection */
  constructor(version: ProtocolVersion) {
    this.#version = version;
  }

  /** Tells what the client announced. */
  announced(connect: ConnectPacket): void {
    this.#connect = connect;
  }

  /** Tells what the client sends, so that exchanges are known to be over. */
  sent(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length >= 4 && rest[1] < 128; rest = rest.subarray(2 + rest[1])) {
      const type = rest[0] >> 4, packetId = rest[2] << 8 | rest[3];
      const refused = type === PUBREC && rest[1] > 2 && rest[4] >= 0x80;
      if (type !== PUBACK && type !== PUBCOMP && !refused) continue;
      this.#published.delete(packetId);
      this.#released.delete(packetId);
    }
  }

  /**
   * Checks the next packet of the server.
   *
   * @param packet what arrived
   * @returns its topic, where it has one, with the alias resolved
   * @throws Error when it breaks a rule
   */
  check(packet: ServerPacket): string | undefined {
    this.#checkOrder(packet);
    this.#checkCode(packet);
    this.#checkLimits(packet);
    if (packet.type === PUBREL) this.#release(packet);
    if (packet.type !== PUBLISH) return undefined;
    this.#checkExchange(packet);
    return this.#topic(packet);
  }

  #checkOrder({ type, reasonCode }: ServerPacket): void {
    need(!this.#over, "nothing follows DISCONNECT or a refusal");
    if (type === CONNACK) need(++this.#connacks === 1, "there is one CONNACK");
    else need(this.#connacks > 0 || type === AUTH, "CONNACK is the first packet, but for AUTH");
    this.#over = type === DISCONNECT || type === CONNACK && reasonCode !== 0;
  }

  #checkCode({ type, reasonCode, reasonCodes = [] }: ServerPacket): void {
    if (this.#version !== 5) return;
    for (const code of reasonCode === undefined ? reasonCodes : [reasonCode]) {
      need(CODES.get(type)?.includes(code) === true, `packet type ${type} has no reason code 0x${code.toString(16)}`);
    }
  }

  #checkLimits({ type, bytes, properties }: ServerPacket): void {
    const { maximumPacketSize = Infinity, requestProblemInformation = 1 } = this.#connect?.properties ?? {};
    need(bytes.length <= maximumPacketSize, "no packet is larger than the client allows");
    if (requestProblemInformation === 1 || type === PUBLISH || type === CONNACK || type === DISCONNECT) return;
    const explains = properties?.reasonString !== undefined || properties?.userProperties !== undefined;
    need(!explains, "no Reason String and no User Property without Request Problem Information");
  }

  #release({ packetId }: ServerPacket): void {
    this.#published.delete(packetId!);
    this.#released.add(packetId!);
  }

  #checkExchange({ qos, dup, packetId }: ServerPacket): void {
    if (qos === 0) return;
    need(dup! || !this.#published.has(packetId!), "a new message has a free Packet Identifier");
    need(!this.#released.has(packetId!), "no PUBLISH has the Packet Identifier of a PUBREL");
    this.#published.add(packetId!);
    const maximum = this.#connect?.properties?.receiveMaximum ?? 65_535;
    need(this.#published.size <= maximum, "no more unacknowledged PUBLISH packets than Receive Maximum");
  }

  #topic({ topic, properties }: ServerPacket): string {
    const alias = properties?.topicAlias;
    if (alias === undefined) return topic!;
    const maximum = this.#connect?.properties?.topicAliasMaximum ?? 0;
    need(alias >= 1 && alias <= maximum, "a Topic Alias is within the client's maximum");
    if (topic !== "") this.#aliases.set(alias, topic!);
    const known = this.#aliases.get(alias);
    if (known === undefined) throw new Error("rule broken: an alias has a topic before it is used");
    return known;
  }
}

function need(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`rule broken: ${rule}`);
}
