/** One connection of a test without any manners: packets out, bytes in, until it ends. Whoever extends it says what becomes of these. */

import { encodePacket } from "../../src/packets/codec.ts";
import type { Packet, ProtocolVersion } from "../../src/packets/types.ts";
import { hex, joined } from "../packets/bytes.ts";

/** A stream of bytes: `Deno.Conn` is one, and so is a socket of the broker. */
export interface ByteStream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What may be sent: `"C0 00"` (text in single quotes), bytes, or a packet. */
export type Sendable = string | Uint8Array | Packet;

/** Bytes of a read: few for a client that hardly hears anything, of which there may be thousands. */
const FIRST_READ = 1_024, LARGEST_READ = 65_536;

/** A connection. */
export abstract class ByteLink {
  /** Resolves when the stream has ended and all of it was taken: with what the broker did wrong, if it did. */
  readonly ended: Promise<Error | undefined>;
  /** Version in which packets are written. */
  readonly version: ProtocolVersion;
  /** False from the end of the stream on, or from {@linkcode ByteLink.close} on. */
  open = true;
  readonly #stream: ByteStream;
  #waiting: Uint8Array[] = [];
  #isWriting = false;
  #written: Promise<boolean> = Promise.resolve(true);

  /** @param stream to the broker @param version in which packets are written */
  constructor(stream: ByteStream, version: ProtocolVersion) {
    this.#stream = stream;
    this.version = version;
    this.ended = this.#readAll().then(() => undefined, (error) => {
      this.close();
      return isLost(error) ? undefined : error;
    });
  }

  /** Bytes have come, which stay where they are only until this returns. @returns what to wait for before it is read on */
  protected abstract take(bytes: Uint8Array): Promise<void> | void;

  /** The stream has ended by itself. */
  protected over(): void {
    this.close();
  }

  /** Packets as they are sent, one behind the other. */
  bytes(what: readonly Sendable[]): Uint8Array {
    return what.length === 1 ? this.#encode(what[0]) : joined(...what.map((part) => this.#encode(part)));
  }

  #encode(what: Sendable): Uint8Array {
    if (typeof what === "string") return hex(what);
    if (what instanceof Uint8Array) return what;
    const bytes = encodePacket(what, this.version, { from: "client" });
    if (bytes === undefined) throw new Error(`no such packet in version ${this.version}`);
    return bytes;
  }

  /**
   * Sends at once, or together with what else waits for a write; what is sent when the connection has ended is lost.
   *
   * @returns a promise that resolves when it is on its way: with false when it is lost
   */
  send(...what: Sendable[]): Promise<boolean> {
    this.#waiting.push(this.bytes(what));
    if (!this.#isWriting) this.#written = this.#write();
    return this.#written;
  }

  /** Ends it without a word: nothing that comes after this is taken. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#stream.close();
  }

  async #write(): Promise<boolean> {
    this.#isWriting = true;
    try {
      while (this.open && this.#waiting.length > 0) {
        const waiting = this.#waiting.splice(0);
        await writeAll(this.#stream, waiting.length === 1 ? waiting[0] : joined(...waiting));
      }
      return this.open;
    } catch (error) {
      if (this.open && !isLost(error)) throw error; // the reader sees the end, and what comes before it
      return false;
    } finally {
      this.#isWriting = false;
    }
  }

  async #readAll(): Promise<void> {
    let buffer = new Uint8Array(FIRST_READ);
    for (;;) {
      const length = await this.#stream.read(buffer);
      if (!this.open) return;
      if (length === null) return this.over();
      const more = this.take(buffer.subarray(0, length));
      if (more !== undefined) await more;
      if (length === buffer.length && length < LARGEST_READ) buffer = new Uint8Array(4 * length);
    }
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

/** Whether a connection is gone, in one of the ways in which a runtime tells. */
function isLost(error: unknown): boolean {
  const { BadResource, BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted, UnexpectedEof } = Deno.errors;
  const lost = [BadResource, BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted, UnexpectedEof];
  return lost.some((kind) => error instanceof kind);
}
