/** A client for exercise: it sends packets that were made before, acknowledges what it gets, and counts it.
 * @module */
import type { NetConnection } from "../../listeners/conn_socket.ts";
import { encodeInto } from "../packets/codec.ts";
import { Framer } from "../packets/framer.ts";
import { encodeAck } from "../packets/publish.ts";
import { ReasonCode } from "../packets/reason_codes.ts";
import { type AckPacket, type Packet, PacketType, type ProtocolVersion } from "../packets/types.ts";
import { Writer } from "../packets/writer.ts";

/** What answers PUBREC and PUBREL. */
const ANSWERS: Readonly<Record<number, AckPacket["type"]>> = {
  [PacketType.PUBREC]: PacketType.PUBREL,
  [PacketType.PUBREL]: PacketType.PUBCOMP,
};

/** Packets that clients wait for, all together: who gets a message of a share group, for one, is not known before. */
export class Tally {
  #outstanding = 0;
  #isLost = false;
  #done: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  /** Notes packets that will come. */
  expect(packets: number): void {
    if (this.#outstanding === 0) this.#done = Promise.withResolvers<void>();
    this.#outstanding += packets;
    if (this.#isLost) this.fail();
  }

  /** Notes packets that have come. */
  count(packets: number): void {
    this.#outstanding -= packets;
    if (this.#outstanding === 0) this.#done.resolve();
  }

  /** Tells those who wait that no more will come. */
  fail(): void {
    this.#isLost = true;
    this.#done.reject(new Error("the connection was closed"));
  }

  /**
   * Resolves when everything has come.
   *
   * @throws {Error} (as rejection) when a connection is closed before
   */
  get settled(): Promise<void> {
    return this.#done.promise;
  }
}

/** A client over any connection. */
export class ExerciseClient {
  readonly #connection: NetConnection;
  readonly #version: ProtocolVersion;
  readonly #tally: Tally;
  readonly #framer = new Framer();
  readonly #out = new Writer(1_024);

  /**
   * @param connection to a broker
   * @param version what it speaks
   * @param tally where what comes is counted
   */
  constructor(connection: NetConnection, version: ProtocolVersion, tally: Tally) {
    this.#connection = connection;
    this.#version = version;
    this.#tally = tally;
  }

  /** Connects; resolves when that is acknowledged. */
  async connect(clientId: string): Promise<void> {
    void this.#read().catch(() => {}).then(() => this.#tally.fail());
    const protocolVersion = this.#version;
    await this.#ask({ type: PacketType.CONNECT, protocolVersion, clientId, cleanStart: true, keepAlive: 60 });
  }

  /** Subscribes; resolves when that is acknowledged. */
  async subscribe(topicFilter: string): Promise<void> {
    const options = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    await this.#ask({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions: [{ topicFilter, ...options }] });
  }

  async #ask(packet: Packet): Promise<void> {
    this.#tally.expect(1);
    await this.send(this.encode([packet]));
    await this.#tally.settled;
  }

  /** The bytes of packets, to be sent many times. */
  encode(packets: readonly Packet[]): Uint8Array<ArrayBuffer> {
    const writer = new Writer(1_024);
    for (const packet of packets) encodeInto(writer, packet, this.#version, { from: "client" });
    return writer.buffer.slice(0, writer.length);
  }

  /** Sends packets. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#connection.write(rest));
  }

  /** Says goodbye. */
  async disconnect(): Promise<void> {
    await this.send(this.encode([{ type: PacketType.DISCONNECT, reasonCode: ReasonCode.NormalDisconnection }]));
    this.#connection.close();
  }

  async #read(): Promise<void> {
    const framer = this.#framer, out = this.#out;
    for (let length; (length = await this.#connection.read(framer.space())) !== null;) {
      framer.commit(length);
      let packets = 0;
      for (; framer.next(); packets++) this.#answer(framer);
      await this.send(out.buffer.slice(0, out.length));
      out.length = 0;
      this.#tally.count(packets);
    }
  }

  #answer({ header, buffer, start }: Framer): void {
    const type = header >> 4, qos = header >> 1 & 3;
    if (type === PacketType.PUBLISH) {
      if (qos === 0) return;
      const at = start + 2 + (buffer[start] << 8 | buffer[start + 1]);
      encodeAck(this.#out, qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, buffer[at] << 8 | buffer[at + 1]);
    } else if (ANSWERS[type] !== undefined) encodeAck(this.#out, ANSWERS[type], buffer[start] << 8 | buffer[start + 1]);
  }
}
