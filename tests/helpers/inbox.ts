/** What has arrived at a client, packet by packet. */

import type { Socket } from "../../src/broker/core/listener.ts";
import { type ConnectPacket, PacketType, type ProtocolVersion } from "../../src/packets/types.ts";
import { describe, readServerPacket, type ServerPacket } from "./server_packet.ts";
import { WireRules } from "./wire_rules.ts";

/** Milliseconds after which a test waits in vain. */
const PATIENCE = 3_000;

/** Reads a stream to its end and keeps the packets until they are asked for. */
export class Inbox {
  /** All packets so far. */
  readonly received: ServerPacket[] = [];
  /** Packets that nobody has asked for. */
  readonly waiting: ServerPacket[] = [];
  /** True once the stream has ended. */
  ended = false;
  /** True from an accepted CONNACK to DISCONNECT or the end. */
  live = false;
  readonly #socket: Socket;
  readonly #version: ProtocolVersion;
  readonly #rules: WireRules;
  readonly #pongs: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #failure: unknown;
  #pending: Uint8Array = new Uint8Array(0);

  /**
   * @param socket where packets come from
   * @param version in which they are written
   */
  constructor(socket: Socket, version: ProtocolVersion) {
    this.#socket = socket;
    this.#version = version;
    this.#rules = new WireRules(version);
    this.#readAll();
  }

  /** Tells what the client announced. */
  announced(connect: ConnectPacket): void {
    this.#rules.announced(connect);
  }

  /** Tells what the client sends, so that exchanges are known to be over. */
  note(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length >= 4 && rest[1] < 128; rest = rest.subarray(packetLength(rest) ?? rest.length)) {
      const type = rest[0] >> 4;
      const refused = type === PacketType.PUBREC && rest[1] > 2 && rest[4] >= 0x80;
      if (type !== PacketType.PUBACK && type !== PacketType.PUBCOMP && !refused) continue;
      this.#rules.settled(rest[2] << 8 | rest[3]);
    }
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let length; (length = await this.#socket.read(buffer)) !== null;) this.#take(buffer.subarray(0, length));
      if (this.#pending.length > 0) throw new Error("the stream ends within a packet");
    } catch (error) {
      if (!isLost(error)) this.#failure = error;
    }
    this.#socket.close();
    this.ended = true;
    this.live = false;
    this.#tell();
  }

  #take(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#pending.length + bytes.length);
    all.set(this.#pending);
    all.set(bytes, this.#pending.length);
    let rest = all;
    for (let length = packetLength(rest); length !== undefined; length = packetLength(rest)) {
      this.#add(readServerPacket(rest.slice(0, length), this.#version));
      rest = rest.subarray(length);
    }
    this.#pending = rest;
    this.#tell();
  }

  #add(packet: ServerPacket): void {
    this.received.push(packet);
    packet.topic = this.#rules.check(packet);
    if (packet.type === PacketType.CONNACK) this.live = packet.reasonCode === 0;
    if (packet.type === PacketType.DISCONNECT) this.live = false;
    const pong = packet.type === PacketType.PINGRESP ? this.#pongs.shift() : undefined;
    if (pong === undefined) this.waiting.push(packet);
    else pong();
  }

  #tell(): void {
    this.#wake?.();
    if (this.ended) { for (const pong of this.#pongs.splice(0)) pong(); }
  }

  /** The next PINGRESP, which nobody else will see, or the end. */
  pong(): Promise<void> {
    if (this.ended) return Promise.resolve();
    return this.#patiently(new Promise((resolve) => this.#pongs.push(resolve)), "PINGRESP");
  }

  /** The next packet. */
  async next(): Promise<ServerPacket> {
    while (this.waiting.length === 0) {
      this.#throwFailure();
      if (this.ended) throw new Error("expected a packet, but the connection was closed");
      await this.#change("a packet");
    }
    return this.waiting.shift()!;
  }

  /** The end of the stream. */
  async end({ ignoreRest = false } = {}): Promise<void> {
    while (!this.ended) {
      if (!ignoreRest && this.waiting.length > 0) break;
      await this.#change("the end of the stream");
    }
    this.#throwFailure();
    if (!ignoreRest && this.waiting.length > 0) {
      throw new Error(`expected the end, received ${describe(this.waiting[0])}`);
    }
  }

  /** Tells of a broken rule, once. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #change(what: string): Promise<void> {
    return this.#patiently(new Promise((resolve) => this.#wake = resolve), what);
  }

  async #patiently(awaited: Promise<void>, what: string): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`expected ${what}, but nothing came`)), PATIENCE);
    });
    try {
      await Promise.race([awaited, late]);
    } finally {
      clearTimeout(timer);
    }
  }
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

function isLost(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BrokenPipe;
}
