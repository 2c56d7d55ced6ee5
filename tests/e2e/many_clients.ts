/**
 * Thousands of clients in one process: each connects, subscribes, and waits for one message.
 *
 *     deno run -A tests/e2e/many_clients.ts host port count
 *
 * Prints "subscribed" when all are, and "received" when each has got its message and has acknowledged it.
 */
import { decodePacket, encodePacket, Framer, type Packet, PacketType } from "../../src/packets/packets.ts";

const [hostname, port, count] = Deno.args;
const AT_ONCE = 250;

/** One client. */
class ManyClient {
  readonly #connection: Deno.Conn;
  readonly #framer = new Framer({ initialSize: 256 });

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  static async connect(clientId: string): Promise<ManyClient> {
    const client = new ManyClient(await Deno.connect({ hostname, port: Number(port) }));
    await client.#send({ type: PacketType.CONNECT, protocolVersion: 5, cleanStart: true, keepAlive: 0, clientId });
    await client.#expect(PacketType.CONNACK);
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const subscriptions = [`clients/${clientId}`, "all"].map((topicFilter) => ({ topicFilter, qos: 1, ...options }));
    await client.#send({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions } as Packet);
    await client.#expect(PacketType.SUBACK);
    return client;
  }

  /** Waits for the message. */
  async receive(): Promise<void> {
    const { packetId } = await this.#expect(PacketType.PUBLISH) as { packetId: number };
    await this.#send({ type: PacketType.PUBACK, packetId, reasonCode: 0 });
  }

  async #send(packet: Packet): Promise<void> {
    await this.#connection.write(encodePacket(packet, 5, { from: "client" })!);
  }

  async #expect(type: number): Promise<Packet> {
    const framer = this.#framer;
    while (!framer.next()) {
      const length = await this.#connection.read(framer.space());
      if (length === null) throw new Error("the broker closed the connection");
      framer.commit(length);
    }
    const packet = decodePacket(framer.header, framer.buffer, framer.start, framer.end, 5);
    if (packet.type !== type) throw new Error(`expected packet type ${type}, got ${JSON.stringify(packet)}`);
    return packet;
  }
}

const clients: ManyClient[] = [];
while (clients.length < Number(count)) {
  const missing = Math.min(AT_ONCE, Number(count) - clients.length);
  const ids = Array.from({ length: missing }, (_, index) => `client-${clients.length + index}`);
  clients.push(...await Promise.all(ids.map((id) => ManyClient.connect(id))));
}
console.log("subscribed");
await Promise.all(clients.map((client) => client.receive()));
console.log("received");
await Deno.stdin.read(new Uint8Array(1)); // the connections stay until nobody needs them
Deno.exit(0);
