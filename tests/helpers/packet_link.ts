/** The one MQTT client of the tests, without any manners: one connection, packets out, packets in, each checked, until it ends. */

import { encodePacket } from "../../src/packets/codec.ts";
import { type Packet, PacketType, type ProtocolVersion } from "../../src/packets/types.ts";
import { hex, joined } from "../packets/bytes.ts";
import { readServerPacket, type ServerPacket } from "./server_packet.ts";
import { WireRules } from "./wire_rules.ts";

/** A stream of bytes: `Deno.Conn` is one, and so is a socket of the broker. */
export interface ByteStream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What may be sent: `"C0 00"` (text in single quotes), bytes, or a packet. */
export type Sendable = string | Uint8Array | Packet;

/** What a connection is for. */
export interface PacketLinkOptions {
  /** Version in which packets are written and read. */
  readonly version: ProtocolVersion;
  /** Told of every packet, in order, with the topic of its alias. */
  readonly take: (packet: ServerPacket) => void;
  /** The broker may be killed: the stream may end within a packet. */
  readonly mayBeCut?: boolean;
}

/** Bytes of a read: few for a client that hardly hears anything, of which there may be thousands. */
const FIRST_READ = 1_024, LARGEST_READ = 65_536;

/** A connection. */
export class PacketLink {
  /** Resolves when the stream has ended and all of it was taken: with what the broker did wrong, if it did. */
  readonly ended: Promise<Error | undefined>;
  /** False from the end of the stream on, or from {@linkcode PacketLink.close} on. */
  open = true;
  readonly #stream: ByteStream;
  readonly #options: PacketLinkOptions;
  readonly #rules: WireRules;
  #waiting: Uint8Array[] = [];
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();
  #pending: Uint8Array = new Uint8Array(0);

  /** @param stream to the broker @param options what it is for */
  constructor(stream: ByteStream, options: PacketLinkOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#rules = new WireRules(options.version);
    this.ended = this.#readAll().catch((error) => isLost(error) ? undefined : error).finally(() => this.close());
  }

  /** Connects to `host:port`. */
  static async to(address: string, options: PacketLinkOptions): Promise<PacketLink> {
    return new PacketLink(await connectTo(address), options);
  }

  /**
   * Sends at once, or together with what else waits for a write; what is sent when the connection has ended is lost.
   *
   * @returns a promise that resolves when it is on its way
   */
  send(...what: Sendable[]): Promise<void> {
    const bytes = joined(...what.map((part) => this.#encode(part)));
    this.#rules.sent(bytes);
    this.#waiting.push(bytes);
    if (!this.#isWriting) this.#written = this.#write();
    return this.#written;
  }

  /** Ends it without a word: nothing that comes after this is taken. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#stream.close();
  }

  #encode(what: Sendable): Uint8Array {
    if (typeof what === "string") return hex(what);
    if (what instanceof Uint8Array) return what;
    if (what.type === PacketType.CONNECT) this.#rules.announced(what);
    const { version } = this.#options, bytes = encodePacket(what, version, { from: "client" });
    if (bytes === undefined) throw new Error(`no such packet in version ${version}`);
    return bytes;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.open && this.#waiting.length > 0) {
        await writeAll(this.#stream, joined(...this.#waiting.splice(0)));
      }
    } catch (error) {
      if (this.open && !isLost(error)) throw error; // the reader sees the end, and what comes before it
    } finally {
      this.#isWriting = false;
    }
  }

  async #readAll(): Promise<void> {
    let buffer = new Uint8Array(FIRST_READ);
    for (;;) {
      const length = await this.#stream.read(buffer);
      if (length === null || !this.open) break;
      this.#take(joined(this.#pending, buffer.subarray(0, length)));
      if (length === buffer.length && length < LARGEST_READ) buffer = new Uint8Array(4 * length);
    }
    const cut = this.open && this.#pending.length > 0 && !this.#options.mayBeCut;
    if (cut) throw new Error("the stream ends within a packet");
  }

  #take(bytes: Uint8Array): void {
    let rest = bytes;
    for (let length; this.open && (length = packetLength(rest)) !== undefined; rest = rest.subarray(length)) {
      const packet = readServerPacket(rest.slice(0, length), this.#options.version);
      packet.topic = this.#rules.check(packet);
      this.#options.take(packet);
    }
    this.#pending = rest;
  }
}

/** Opens a connection to `host:port` on which small packets leave at once. */
export async function connectTo(address: string): Promise<ByteStream> {
  const at = address.lastIndexOf(":");
  const connection = await Deno.connect({ hostname: address.slice(0, at), port: Number(address.slice(at + 1)) });
  connection.setNoDelay();
  return connection;
}

/** Writes all bytes to a stream that may take them piece by piece. */
export async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await stream.write(rest));
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

/** Whether a connection is gone, in one of the ways in which a runtime tells. */
function isLost(error: unknown): boolean {
  const { BadResource, BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted, UnexpectedEof } = Deno.errors;
  const lost = [BadResource, BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted, UnexpectedEof];
  return lost.some((kind) => error instanceof kind);
}
