/** A client for exercise: it publishes as it is told, acknowledges what it gets, and knows when all of that is done.
 * @module */
import type { Socket } from "../broker/core/listener.ts";
import { encodeInto } from "../packets/codec.ts";
import { Framer } from "../packets/framer.ts";
import { encodeAck } from "../packets/publish.ts";
import {
  type AckPacket,
  type Packet,
  PacketType,
  type Properties,
  type ProtocolVersion,
  type QoS,
} from "../packets/types.ts";
import { Writer } from "../packets/writer.ts";

/** What answers PUBREC and PUBREL. */
const ANSWERS: Readonly<Record<number, AckPacket["type"]>> = {
  [PacketType.PUBREC]: PacketType.PUBREL,
  [PacketType.PUBREL]: PacketType.PUBCOMP,
};

/** A message. */
export interface Exercise {
  /** Topic Name. */
  readonly topic: string;
  /** Quality of Service. */
  readonly qos: QoS;
  /** RETAIN flag. */
  readonly retain: boolean;
  /** Application Message. */
  readonly payload: Uint8Array;
}

/** What every other message of a client of MQTT 5 has. */
const PROPERTIES: Properties = {
  messageExpiryInterval: 60,
  contentType: "text/plain",
  userProperties: [["name", "value"]],
};

/** A client over any socket. */
export class ExerciseClient {
  readonly #socket: Socket;
  readonly #version: ProtocolVersion;
  readonly #framer = new Framer();
  readonly #out = new Writer(1_024);
  #packetId = 0;
  #outstanding = 0;
  #done: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  /**
   * @param socket connected to a broker
   * @param version what it speaks
   */
  constructor(socket: Socket, version: ProtocolVersion) {
    this.#socket = socket;
    this.#version = version;
  }

  /** Connects and subscribes; resolves when both are acknowledged. */
  async connect(clientId: string, topicFilters: readonly string[]): Promise<void> {
    this.#append({
      ...{ type: PacketType.CONNECT, protocolVersion: this.#version, clientId, cleanStart: true, keepAlive: 60 },
    });
    for (const topicFilter of topicFilters) {
      const options = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
      this.#append({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions: [{ topicFilter, ...options }] });
    }
    this.expect(1 + topicFilters.length);
    void this.#read().catch(() => {}).then(() => this.#end());
    await this.settled();
  }

  /** Counts packets that will come and that {@linkcode ExerciseClient.settled} waits for. */
  expect(packets: number): void {
    this.#outstanding += packets;
  }

  /** Appends a message; it leaves with {@linkcode ExerciseClient.settled}. */
  publish(message: Exercise): void {
    this.#packetId = this.#packetId % 500 + 1;
    const packetId = message.qos === 0 ? 0 : this.#packetId;
    const properties = this.#version === 5 && this.#packetId % 2 === 0 ? PROPERTIES : undefined;
    this.#append({ type: PacketType.PUBLISH, ...message, dup: false, packetId, properties });
    this.expect(message.qos);
  }

  /**
   * Sends what was appended and resolves when everything expected has come.
   *
   * @throws {Error} (as rejection) when the connection is closed before
   */
  async settled(): Promise<void> {
    const done = this.#done = Promise.withResolvers<void>();
    await this.#send();
    this.#check();
    await done.promise;
  }

  /** Says goodbye. */
  async disconnect(): Promise<void> {
    this.#append({ type: PacketType.DISCONNECT, reasonCode: 0 });
    await this.#send();
    this.#socket.close();
  }

  #append(packet: Packet): void {
    encodeInto(this.#out, packet, this.#version, { from: "client" });
  }

  #check(): void {
    if (this.#outstanding === 0) this.#done?.resolve();
    else if (this.#isClosed) this.#done?.reject(new Error("the connection was closed"));
  }

  #end(): void {
    this.#isClosed = true;
    this.#check();
  }

  async #send(): Promise<void> {
    let rest = this.#out.buffer.slice(0, this.#out.length);
    this.#out.length = 0;
    while (rest.length > 0) rest = rest.subarray(await this.#socket.write(rest));
  }

  async #read(): Promise<void> {
    const framer = this.#framer;
    for (;;) {
      const length = await this.#socket.read(framer.space());
      if (length === null) return;
      framer.commit(length);
      while (framer.next()) this.#take(framer);
      if (this.#out.length > 0) await this.#send();
      this.#check();
    }
  }

  #take({ header, buffer, start }: Framer): void {
    const type = header >> 4, qos = header >> 1 & 3;
    this.#outstanding--;
    if (type === PacketType.PUBLISH) {
      if (qos === 0) return;
      const at = start + 2 + (buffer[start] << 8 | buffer[start + 1]);
      encodeAck(this.#out, qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, buffer[at] << 8 | buffer[at + 1]);
    } else if (ANSWERS[type] !== undefined) encodeAck(this.#out, ANSWERS[type], buffer[start] << 8 | buffer[start + 1]);
  }
}
