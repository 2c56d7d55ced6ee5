/** One TCP connection of a client: packets out, packets in, until it ends.
 * @module */
import { decodePacket, encodePacket } from "../../src/packets/codec.ts";
import { Framer } from "../../src/packets/framer.ts";
import type { Packet, ProtocolVersion } from "../../src/packets/types.ts";

/** A connection that is open. */
export class CrashLink {
  /** Resolves when the connection has ended, however that came. */
  readonly ended: Promise<void>;
  /** False once it has ended. */
  open = true;
  readonly #connection: Deno.TcpConn;
  readonly #version: ProtocolVersion;
  #waiting: Uint8Array[] = [];
  #writing = false;

  private constructor(connection: Deno.TcpConn, version: ProtocolVersion, take: (packet: Packet) => void) {
    this.#connection = connection;
    this.#version = version;
    this.ended = this.#read(take).catch(onlyLost).finally(() => this.close());
  }

  /**
   * Opens a connection.
   * @param address `host:port` of the broker
   * @param version in which packets are written and read
   * @param take is called with every packet, in order
   */
  static async to(address: string, version: ProtocolVersion, take: (packet: Packet) => void): Promise<CrashLink> {
    const [hostname, port] = address.split(":");
    const connection = await Deno.connect({ hostname, port: Number(port) });
    connection.setNoDelay(true);
    return new CrashLink(connection, version, take);
  }

  /** Sends a packet, or loses it when the connection has ended. */
  send(packet: Packet): void {
    const bytes = encodePacket(packet, this.#version, { from: "client" });
    if (bytes === undefined) throw new Error("there is no such packet in this version");
    this.#waiting.push(bytes);
    if (!this.#writing) void this.#write();
  }

  /** Ends it without a word. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#connection.close();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      await Promise.resolve(); // what is sent in one turn leaves together
      while (this.open && this.#waiting.length > 0) await this.#writeAll(concat(this.#waiting.splice(0)));
    } catch {
      this.close(); // the reader notices as well
    }
    this.#writing = false;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#connection.write(rest));
  }

  async #read(take: (packet: Packet) => void): Promise<void> {
    const framer = new Framer();
    for (;;) {
      const length = await this.#connection.read(framer.space());
      if (length === null || !this.open) return;
      framer.commit(length);
      while (framer.next()) {
        take(decodePacket(framer.header, framer.buffer, framer.start, framer.end, this.#version, { from: "server" }));
      }
    }
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A connection that is cut is what these tests are about; what the client says against a packet is not. */
function onlyLost(error: unknown): void {
  const lost = [
    Deno.errors.ConnectionReset,
    Deno.errors.ConnectionAborted,
    Deno.errors.BrokenPipe,
    Deno.errors.BadResource,
    Deno.errors.Interrupted,
    Deno.errors.UnexpectedEof,
  ];
  if (!lost.some((kind) => error instanceof kind)) throw error;
}
