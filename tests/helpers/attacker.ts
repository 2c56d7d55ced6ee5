/** A client that sends what it was told to as fast as it is taken, and does with the answers what serves it. */

import { type Packet, PacketType, type SubscribePacket } from "../../src/packets/types.ts";
import { ByteLink, type ByteStream, connectTo } from "./byte_link.ts";
import { type ConnectOptions, connectPacket } from "./raw_client.ts";
import { within } from "./within.ts";

/** Who attacks, and how. */
export interface AttackerOptions extends ConnectOptions {
  /** False to leave the broker's answers where they are, once CONNACK has come. */
  readonly reads?: boolean;
}

const NEVER: Promise<void> = new Promise(() => {});

/** A connection of an attacker: it counts the bytes that come, and does not look at them. */
export class Attacker extends ByteLink implements Disposable {
  /** First byte and body of CONNACK. */
  connack: Uint8Array = new Uint8Array(0);
  /** Bytes that have come since. */
  received = 0;
  #wanted = Infinity;
  #arrived: (() => void) | undefined;
  readonly #answered = Promise.withResolvers<void>();
  readonly #reads: boolean;

  private constructor(stream: ByteStream, { reads = true, protocolVersion = 5 }: AttackerOptions) {
    super(stream, protocolVersion);
    this.#reads = reads;
  }

  /** Connects and waits for CONNACK, whatever it says. */
  static async connect(port: number, options: AttackerOptions = {}): Promise<Attacker> {
    const attacker = new Attacker(await connectTo(`127.0.0.1:${port}`), options), { reads: _, ...connect } = options;
    await attacker.send(connectPacket(connect, attacker.version));
    await Promise.race([attacker.#answered.promise, attacker.ended]);
    return attacker;
  }

  protected override take(bytes: Uint8Array): Promise<void> | void {
    if (this.connack.length > 0) this.received += bytes.length;
    else {
      this.connack = bytes.slice();
      this.#answered.resolve();
      if (!this.#reads) return NEVER;
    }
    if (this.received >= this.#wanted) this.#arrived?.();
  }

  /** The broker has nothing more to say, and may still read. */
  protected override over(): void {}

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
    this.close();
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
