/** mosquitto_pub and mosquitto_sub: one process for each message that is sent, and one for a subscriber. */

import { Child } from "../helpers/child.ts";
import type { ClientKind, ConnectOptions, Received, TestClient, ToSend } from "./client.ts";
import { CA_FILE } from "./program.ts";

const VERSIONS = { 3: "mqttv31", 4: "mqttv311", 5: "mqttv5" };

/** The kind. */
export const mosquitto: ClientKind = {
  name: "mosquitto",
  needs: ["mosquitto_pub", "mosquitto_sub"],
  transports: ["tcp", "tls", "unix"],
  connect: (options) => Promise.resolve(new MosquittoClient(options)),
};

class MosquittoClient implements TestClient {
  readonly #options: ConnectOptions;
  #subscriber: Child | undefined;

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  async subscribe(filter: string, qos: number): Promise<void> {
    const { program, clientId, will, keepSession, brief } = this.#options;
    const args = [...this.#address(), "-i", clientId, "-t", filter, "-q", `${qos}`, "-F", "%j"];
    if (keepSession) args.push("-c");
    if (brief) args.push("-E"); // SIGTERM can block it for ever, and makes it ask for its will
    if (will !== undefined) {
      args.push("--will-topic", will.topic, "--will-payload", will.payload, "--will-qos", `${will.qos}`);
      if (will.retain) args.push("--will-retain");
    }
    this.#subscriber = new Child("mosquitto_sub", args);
    await program.subscribed(clientId);
  }

  async publish({ topic, payload, qos, retain }: ToSend): Promise<void> {
    const args = [...this.#address(), "-i", `${this.#options.clientId}-pub`, "-t", topic, "-q", `${qos}`];
    if (retain) args.push("-r");
    // -s reads the message from standard input, -n sends an empty one
    await using publisher = new Child("mosquitto_pub", [...args, payload === "" ? "-n" : "-s"]);
    await publisher.write(payload, "");
    await publisher.endInput();
    const { code, err } = await publisher.end();
    if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}: ${err}`);
  }

  async next(): Promise<Received> {
    const { topic, payload = "", qos, retain } = JSON.parse(await this.#subscriber!.nextLine());
    return { topic, payload: payload ?? "", qos, retain: Boolean(retain) };
  }

  async disconnect(): Promise<void> {
    if (!this.#options.brief) throw new Error("only brief clients of mosquitto can be made to disconnect");
    await this.#subscriber?.end();
  }

  async die(): Promise<void> {
    this.#subscriber?.signal("SIGKILL");
    await this.#subscriber?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subscriber?.[Symbol.asyncDispose]();
  }

  #address(): string[] {
    const { endpoint: { transport, host, port, path }, version } = this.#options;
    const place = transport === "unix" ? ["--unix", path] : ["-h", host, "-p", `${port}`];
    const secure = transport === "tls" ? ["--cafile", CA_FILE] : [];
    return [...place, ...secure, "-V", VERSIONS[version]];
  }
}
