/** A client that sends what it was told to as fast as it is taken, and does with the answers what serves it. */

import { encodeInto, encodePacket } from "../../src/packets/codec.ts";
import { type Packet, PacketType, type ProtocolVersion, type SubscribePacket } from "../../src/packets/types.ts";
import { Writer } from "../../src/packets/writer.ts";
import { within } from "./within.ts";
import { type ConnectOptions, connectPacket } from "./raw_client.ts";

/** Who attacks, and how. */
export interface AttackerOptions extends ConnectOptions {
  /** False to leave the broker's answers where they are, once CONNACK has come. */
  readonly reads?: boolean;
}

/** A connection of an attacker. */
export class Attacker implements Disposable {
  /** First byte and body of CONNACK. */
  connack: Uint8Array = new Uint8Array(0);
  /** Bytes that have come since. */
  received = 0;
  #wanted = Infinity;
  #arrived: (() => void) | undefined;
  readonly #version: ProtocolVersion;
  readonly #socket: Deno.TcpConn;

  private constructor(socket: Deno.TcpConn, version: ProtocolVersion) {
    this.#socket = socket;
    this.#version = version;
  }

  /** Connects and waits for CONNACK, whatever it says. */
  static async connect(port: number, options: AttackerOptions = {}): Promise<Attacker> {
    const { reads = true, ...connect } = options, version = connect.protocolVersion ?? 5;
    const attacker = new Attacker(await Deno.connect({ hostname: "127.0.0.1", port }), version);
    attacker.#socket.setNoDelay(true);
    await attacker.send(connectPacket(connect, version));
    const buffer = new Uint8Array(65_536), length = await attacker.#socket.read(buffer) ?? 0;
    attacker.connack = buffer.slice(0, length);
    if (reads) attacker.#readAll(buffer).catch(() => {});
    return attacker;
  }

  async #readAll(buffer: Uint8Array): Promise<void> {
    for (let length; (length = await this.#socket.read(buffer)) !== null;) {
      this.received += length;
      if (this.received >= this.#wanted) this.#arrived?.();
    }
  }

  /** The bytes of packets, one behind the other. */
  bytes(packets: readonly Packet[]): Uint8Array {
    const writer = new Writer();
    for (const packet of packets) encodeInto(writer, packet, this.#version);
    return writer.buffer.slice(0, writer.length);
  }

  /** Sends. @returns false when the broker has closed the connection */
  async send(...packets: (Packet | Uint8Array)[]): Promise<boolean> {
    try {
      for (const packet of packets) {
        let rest = packet instanceof Uint8Array ? packet : encodePacket(packet, this.#version)!;
        while (rest.length > 0) rest = rest.subarray(await this.#socket.write(rest));
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Sends the same again and again for so many milliseconds. @returns how often */
  async repeat(bytes: Uint8Array, milliseconds: number): Promise<number> {
    let times = 0;
    for (const end = performance.now() + milliseconds; performance.now() < end && await this.send(bytes);) times++;
    return times;
  }

  /** Waits until so many bytes have come. */
  async receive(bytes: number): Promise<void> {
    this.#wanted = bytes;
    if (this.received < bytes) await within(new Promise<void>((resolve) => this.#arrived = resolve), `${bytes} bytes`);
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    try {
      this.#socket.close();
    } catch { /* the broker was first */ }
  }
}

/** A SUBSCRIBE for filters at a QoS. */
export function subscribeTo(topicFilters: readonly string[], qos: 0 | 1 | 2 = 0): SubscribePacket {
  const rest = { qos, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriptions = topicFilters.map((topicFilter) => ({ topicFilter, ...rest }));
  return { type: PacketType.SUBSCRIBE, packetId: 1, subscriptions };
}

/** A PUBLISH. */
export function publishTo(
  topic: string,
  options: { qos?: 0 | 1 | 2; retain?: boolean; packetId?: number; size?: number } = {},
): Packet {
  const { qos = 0, retain = false, packetId = 0, size = 1 } = options;
  return { type: PacketType.PUBLISH, topic, payload: new Uint8Array(size), qos, retain, dup: false, packetId };
}
