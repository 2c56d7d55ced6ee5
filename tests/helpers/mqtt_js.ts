/** MQTT.js for tests: what arrives is waited for, and what is left open is closed. */

import { connect as connectTcp } from "node:net";
import mqtt, {
  type IClientOptions,
  type IConnackPacket,
  type IPublishPacket,
  MqttClient,
  type OnMessageCallback,
} from "mqtt";

/** A message that arrived. */
export interface Arrived {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly packet: IPublishPacket;
}

/** A client of MQTT.js that is connected. */
export class JsClient implements AsyncDisposable {
  /** The client itself. */
  readonly mqtt: MqttClient;
  /** What it was told when it connected. */
  readonly connack: IConnackPacket;
  readonly #arrived: Arrived[] = [];
  #wanted: ((message: Arrived) => void) | undefined;

  private constructor(client: MqttClient, connack: IConnackPacket, early: Arrived[]) {
    this.mqtt = client;
    this.connack = connack;
    this.#arrived = early;
  }

  /**
   * Connects.
   * @param url `mqtt://`, `mqtts://`, `ws://`, `wss://`, or `unix:path`
   * @param options of MQTT.js; MQTT 5 by default
   * @throws what the broker answers
   */
  static async connect(url: string, options: IClientOptions = {}): Promise<JsClient> {
    const all: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 10_000, ...options };
    if (all.protocolVersion === 3) all.protocolId = "MQIsdp";
    const client = url.startsWith("unix:")
      ? new MqttClient(() => connectTcp(url.slice("unix:".length)), all)
      : mqtt.connect(url, all);
    const early: Arrived[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<IConnackPacket>();
    let self: JsClient | undefined;
    const onMessage: OnMessageCallback = (topic, payload, packet) => {
      const message = { topic, payload: payload.toString(), qos: packet.qos, retain: packet.retain, packet };
      self === undefined ? early.push(message) : self.#take(message);
    };
    client.on("message", onMessage);
    client.once("connect", resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error("the broker closed the connection")));
    try {
      const connack = await promise;
      client.on("error", () => {}); // tests look at what follows from it
      return self = new JsClient(client, connack, early);
    } catch (error) {
      await client.endAsync(true);
      throw error;
    }
  }

  #take(message: Arrived): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined) this.#arrived.push(message);
    else wanted(message);
  }

  /** The next message. */
  next(): Promise<Arrived> {
    const message = this.#arrived.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#wanted = resolve);
  }

  /** Messages that nobody has asked for. */
  get waiting(): readonly Arrived[] {
    return this.#arrived;
  }

  /** Waits for the end of the connection. */
  closed(): Promise<void> {
    if (!this.mqtt.connected) return Promise.resolve();
    return new Promise((resolve) => this.mqtt.once("close", () => resolve()));
  }

  /** Cuts the connection without DISCONNECT. */
  async cut(): Promise<void> {
    const closed = this.closed();
    this.mqtt.stream.destroy();
    await closed;
  }

  /** Ends what is still open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.mqtt.endAsync(true).catch(() => {});
  }
}
