/** The MQTT client of the tests: each packet that comes is checked against what no broker may do. */

import { type Packet, PacketType, type ProtocolVersion } from "../../src/packets/types.ts";
import { joined } from "../packets/bytes.ts";
import { ByteLink, type ByteStream, connectTo, type Sendable } from "./byte_link.ts";
import { readServerPacket, type ServerPacket } from "./server_packet.ts";
import { WireRules } from "./wire_rules.ts";

/** What a connection is for. */
export interface PacketLinkOptions {
  /** Version in which packets are written and read. */
  readonly version: ProtocolVersion;
  /** Told of every packet, in order, with the topic of its alias. */
  readonly take: (packet: ServerPacket) => void;
  /** The broker may be killed: the stream may end within a packet. */
  readonly mayBeCut?: boolean;
}

/** A connection. */
export class PacketLink extends ByteLink {
  readonly #options: PacketLinkOptions;
  readonly #rules: WireRules;
  #pending: Uint8Array = new Uint8Array(0);

  /** @param stream to the broker @param options what it is for */
  constructor(stream: ByteStream, options: PacketLinkOptions) {
    super(stream, options.version);
    this.#options = options;
    this.#rules = new WireRules(options.version);
  }

  /** Connects to `host:port`. */
  static async to(address: string, options: PacketLinkOptions): Promise<PacketLink> {
    return new PacketLink(await connectTo(address), options);
  }

  override send(...what: Sendable[]): Promise<boolean> {
    for (const part of what) if (isConnect(part)) this.#rules.announced(part);
    const bytes = this.bytes(what);
    this.#rules.sent(bytes);
    return super.send(bytes);
  }

  protected override take(bytes: Uint8Array): void {
    let rest: Uint8Array = joined(this.#pending, bytes);
    for (let length; this.open && (length = packetLength(rest)) !== undefined; rest = rest.subarray(length)) {
      const packet = readServerPacket(rest.slice(0, length), this.version);
      packet.topic = this.#rules.check(packet);
      this.#options.take(packet);
    }
    this.#pending = rest;
  }

  protected override over(): void {
    if (this.#pending.length > 0 && !this.#options.mayBeCut) throw new Error("the stream ends within a packet");
    super.over();
  }
}

function isConnect(what: Sendable): what is Packet & { type: typeof PacketType.CONNECT } {
  return typeof what === "object" && !(what instanceof Uint8Array) && what.type === PacketType.CONNECT;
}

/** The length of the first packet with its fixed header; `undefined` while it is not known or not all there. */
function packetLength(bytes: Uint8Array): number | undefined {
  let length = 0;
  for (let at = 1; at < Math.min(bytes.length, 5); at++) {
    length += (bytes[at] & 127) * 128 ** (at - 1);
    if (bytes[at] < 128) return at + 1 + length <= bytes.length ? at + 1 + length : undefined;
  }
  if (bytes.length > 4) throw new Error("rule broken: a Remaining Length has at most four bytes");
  return undefined;
}
