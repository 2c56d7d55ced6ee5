/** MQTT.js. */

import { Buffer } from "node:buffer";
import { JsClient } from "../helpers/mqtt_js.ts";
import type { ClientKind, ConnectOptions, Received, TestClient, ToSend } from "./client.ts";
import { CA_FILE, type Endpoint } from "./program.ts";

const SCHEMES = { tcp: "mqtt", tls: "mqtts", ws: "ws", wss: "wss" };
const ca = Deno.readTextFileSync(CA_FILE);

/** The kind. */
export const mqttJs: ClientKind = {
  name: "MQTT.js",
  needs: [],
  transports: ["tcp", "tls", "ws", "wss", "unix"],
  connect: async (options) => new MqttJsClient(options, await connect(options)),
};

function connect({ endpoint, version, clientId, will, keepSession = false }: ConnectOptions): Promise<JsClient> {
  return JsClient.connect(urlOf(endpoint), {
    protocolVersion: version,
    clientId,
    ca,
    clean: !keepSession,
    properties: keepSession && version === 5 ? { sessionExpiryInterval: 300 } : undefined,
    will: will && { ...will, retain: will.retain ?? false, payload: Buffer.from(will.payload) },
  });
}

function urlOf({ transport, host, port, path }: Endpoint): string {
  return transport === "unix" ? `unix:${path}` : `${SCHEMES[transport]}://${host}:${port}`;
}

class MqttJsClient implements TestClient {
  readonly #options: ConnectOptions;
  readonly #client: JsClient;

  constructor(options: ConnectOptions, client: JsClient) {
    this.#options = options;
    this.#client = client;
  }

  async subscribe(filter: string, qos: 0 | 1 | 2): Promise<void> {
    await this.#client.mqtt.subscribeAsync(filter, { qos });
  }

  async publish({ topic, payload, qos, retain }: ToSend): Promise<void> {
    await this.#client.mqtt.publishAsync(topic, payload, { qos, retain });
  }

  next(): Promise<Received> {
    return this.#client.next();
  }

  async disconnect(): Promise<void> {
    await this.#client.mqtt.endAsync();
  }

  async die(): Promise<void> {
    await this.#client.cut();
    await this.#options.program.gone(this.#options.clientId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
