/** A client as they come and go: connects, subscribes, publishes at every QoS, leaves properly or not. */

import { decodePacket, encodePacket, Framer, type Packet, PacketType, type QoS } from "../../src/packets/packets.ts";

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

class RestlessClient {
  readonly #conn: Deno.Conn;
  readonly #framer = new Framer({ initialSize: 512 });
  readonly #options: RestlessOptions;
  #packetId = 0;

  constructor(conn: Deno.Conn, options: RestlessOptions) {
    this.#conn = conn;
    this.#options = options;
  }

  async live(): Promise<void> {
    const { seed, stay } = this.#options, reading = this.#readAll();
    await this.#send(this.#connect(), this.#subscribe(), ...this.#publishes());
    await new Promise((resolve) => setTimeout(resolve, stay));
    if (seed % 3 > 0) await this.#send({ type: PacketType.DISCONNECT, reasonCode: 0 });
    this.#conn.close(); // for every third the broker publishes its Will
    await reading;
  }

  #connect(): Packet {
    const { clientId, seed } = this.#options;
    const will = {
      topic: `restless/${seed % GROUPS}/will`,
      payload: new Uint8Array(16),
      qos: 1,
      retain: false,
    } as const;
    const properties = { sessionExpiryInterval: seed % 4 === 0 ? 0 : 5 };
    const rest = { protocolVersion: 5, cleanStart: seed % 2 === 0, keepAlive: 30 } as const;
    return { type: PacketType.CONNECT, ...rest, clientId, will, properties };
  }

  #subscribe(): Packet {
    const group = this.#options.seed % GROUPS;
    const rest = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const filters = [`restless/${group}/#`, `$share/restless/restless/+/${group}`, `retained/${group}/+`];
    const subscriptions = filters.map((topicFilter) => ({ topicFilter, ...rest }));
    return { type: PacketType.SUBSCRIBE, packetId: ++this.#packetId, subscriptions };
  }

  #publishes(): Packet[] {
    return Array.from({ length: MESSAGES }, (_, at) => {
      const number = this.#options.seed * MESSAGES + at, retain = at % 5 === 0, qos = at % 3 as QoS;
      const topic = retain ? `retained/${number % GROUPS}/${number % TOPICS}` : `restless/${number % GROUPS}/${at}`;
      const packetId = qos === 0 ? 0 : ++this.#packetId;
      return { type: PacketType.PUBLISH, dup: false, qos, retain, topic, packetId, payload: new Uint8Array(200) };
    });
  }

  async #readAll(): Promise<void> {
    try {
      for (let length: number | null = 0; length !== null; length = await this.#conn.read(this.#framer.space())) {
        this.#framer.commit(length);
        const answers = this.#answers();
        if (answers.length > 0) await this.#send(...answers);
      }
    } catch {
      // it has gone, or another client with its name has come
    }
  }

  #answers(): Packet[] {
    const answers: Packet[] = [], framer = this.#framer;
    while (framer.next()) {
      const packet = decodePacket(framer.header, framer.buffer, framer.start, framer.end, 5);
      const answer = answerTo(packet);
      if (answer !== undefined) {
        answers.push({ type: answer, packetId: (packet as { packetId: number }).packetId, reasonCode: 0 });
      }
    }
    return answers;
  }

  async #send(...packets: Packet[]): Promise<void> {
    for (const packet of packets) {
      const bytes = encodePacket(packet, 5, { from: "client" })!;
      for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
    }
  }
}

function answerTo(packet: Packet): 4 | 5 | 6 | 7 | undefined {
  if (packet.type === PacketType.PUBLISH) return ([undefined, 4, 5] as const)[packet.qos];
  if (packet.type === PacketType.PUBREC) return 6;
  return packet.type === PacketType.PUBREL ? 7 : undefined;
}

/** Lives the life of one client. */
export async function restlessClient(options: RestlessOptions): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: options.port });
  await new RestlessClient(conn, options).live().catch(() => {}); // its name was taken over
}
