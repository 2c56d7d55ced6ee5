/**
 * Gives a broker something to do: publishers with a subscriber each, as fast as it takes their messages.
 *
 *     deno run --allow-net examples/benchmark/load.ts [--address 127.0.0.1:1883] [--pairs 10] [--seconds 10]
 */

import { parseArgs } from "node:util";
import { decodePacket, encodePacket, Framer, type Packet, PacketType } from "@mochi/broker/packets";

const BATCH = 64, MOST_UNDER_WAY = 2_000;

/** A connection to the broker. */
class Connection {
  readonly #conn: Deno.Conn;
  readonly #framer = new Framer({ initialSize: 65_536 });

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async open(address: string, clientId: string): Promise<Connection> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const connection = new Connection(await Deno.connect({ hostname, port: Number(port) }));
    await connection.send({ type: PacketType.CONNECT, protocolVersion: 5, cleanStart: true, keepAlive: 0, clientId });
    const { header, start, buffer, end } = await connection.next();
    const answer = decodePacket(header, buffer, start, end, 5);
    if (answer.type !== PacketType.CONNACK || answer.reasonCode > 0) {
      throw new Error(`refused: ${JSON.stringify(answer)}`);
    }
    return connection;
  }

  send(...packets: Packet[]): Promise<void> {
    return this.write(new Uint8Array(packets.flatMap((packet) => [...encodePacket(packet, 5, { from: "client" })!])));
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
  }

  /** Waits for a packet, and leaves it where it is. */
  async next(): Promise<Framer> {
    while (!this.#framer.next()) {
      const length = await this.#conn.read(this.#framer.space());
      if (length === null) throw new Error("the broker has closed a connection");
      this.#framer.commit(length);
    }
    return this.#framer;
  }

  /** Counts the packets that are here already. */
  more(): number {
    let count = 0;
    while (this.#framer.next()) count++;
    return count;
  }

  close(): void {
    this.#conn.close();
  }
}

/** A publisher and its subscriber. @returns how many messages arrived */
async function pair(address: string, number: number, until: number): Promise<number> {
  const topic = `benchmark/${number}`,
    options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriber = await Connection.open(address, `subscriber-${number}`);
  const subscriptions = [{ topicFilter: topic, qos: 0 as const, ...options }];
  await subscriber.send({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions });
  await subscriber.next();
  const publisher = await Connection.open(address, `publisher-${number}`), payload = new Uint8Array(64);
  const packet = { type: PacketType.PUBLISH, topic, payload, qos: 0, retain: false, dup: false, packetId: 0 } as const;
  const one = encodePacket(packet, 5, { from: "client" })!, batch = new Uint8Array(BATCH * one.length);
  for (let at = 0; at < BATCH; at++) batch.set(one, at * one.length);
  let sent = 0, received = 0;
  while (performance.now() < until) {
    for (; sent - received < MOST_UNDER_WAY; sent += BATCH) await publisher.write(batch);
    await subscriber.next();
    received += 1 + subscriber.more();
  }
  publisher.close();
  subscriber.close();
  return received;
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    address: { type: "string", default: "127.0.0.1:1883" },
    pairs: { type: "string", default: "10" },
    seconds: { type: "string", default: "10" },
  },
});

const until = performance.now() + Number(values.seconds) * 1000;
const counts = await Promise.all(
  Array.from({ length: Number(values.pairs) }, (_, at) => pair(values.address, at, until)),
);
const total = counts.reduce((sum, count) => sum + count, 0);
console.log(`${Math.round(total / Number(values.seconds))} messages a second`);
