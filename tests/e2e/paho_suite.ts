/**
 * What the interoperability tests of Eclipse Paho look at, as behaviours of the program with `examples/paho/config.yaml`.
 * The tests are our own; they are told here what to run against.
 */

import { PacketType, type Properties, type ProtocolVersion } from "../../src/packets/types.ts";
import { Child } from "../helpers/child.ts";
import { connectTo } from "../helpers/byte_link.ts";
import { type ConnectOptions, RawClient } from "../helpers/raw_client.ts";

/** Its file. */
export const CONFIGURATION = "examples/paho/config.yaml";

/** The program and its clients. */
export class PahoSuite implements AsyncDisposable {
  readonly #program: Child;
  readonly #address: string;
  readonly #version: ProtocolVersion;
  #clients: RawClient[] = [];

  private constructor(program: Child, address: string, version: ProtocolVersion) {
    this.#program = program;
    this.#address = address;
    this.#version = version;
  }

  /** Starts the program, on another port than its own. */
  static async start(version: ProtocolVersion): Promise<PahoSuite> {
    const program = await Child.deno("mod.ts", ["--config", CONFIGURATION, "--tcp", "127.0.0.1:0"]);
    const [, address] = await program.line(/protocol=tcp address=([\d.]+:\d+)/);
    return new PahoSuite(program, address, version);
  }

  /** Opens a connection and sends nothing. */
  async open(): Promise<RawClient> {
    const client = new RawClient(await connectTo(this.#address), { version: this.#version });
    this.#clients.push(client);
    return client;
  }

  /** Connects. */
  async connect(clientId: string, options: ConnectOptions = {}): Promise<RawClient> {
    return await (await this.open()).connect({ clientId, ...options });
  }

  /** Connects to a session that outlives its connection. */
  async connectKept(clientId: string, options: ConnectOptions = {}): Promise<RawClient> {
    const properties = this.#version === 5 ? { sessionExpiryInterval: 99_999, ...options.properties } : undefined;
    return await this.connect(clientId, { cleanStart: false, ...options, properties });
  }

  /** Cuts the connections that are open. */
  async cut(): Promise<void> {
    for (const client of this.#clients) await client.cut();
    this.#clients = [];
  }

  /** Stops the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.cut();
      await this.#program.stop();
    } finally {
      await this.#program[Symbol.asyncDispose]();
    }
  }
}

/** A message that was taken. */
export interface Taken {
  readonly topic?: string;
  readonly payload: string;
  readonly qos?: number;
  readonly retain?: boolean;
  readonly properties: Properties;
}

/** Takes a message and acknowledges it. */
export async function take(client: RawClient): Promise<Taken> {
  const { packetId, topic, payload, qos, retain, properties = {} } = await client.expect({ type: PacketType.PUBLISH });
  if (qos === 1) await client.ack(PacketType.PUBACK, packetId!);
  if (qos === 2) {
    await client.ack(PacketType.PUBREC, packetId!);
    await client.expect({ type: PacketType.PUBREL, packetId });
    await client.ack(PacketType.PUBCOMP, packetId!);
  }
  return { topic, payload: new TextDecoder().decode(payload), qos, retain, properties };
}

/** Lets time pass, where time itself is what is tested. */
export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** One behaviour: clients and topics of its own. */
export type Behaviour = (suite: PahoSuite, topic: string) => Promise<void>;

/** Registers a test with a step for each behaviour. */
export function testBehaviours(name: string, version: ProtocolVersion, behaviours: Record<string, Behaviour>): void {
  Deno.test(name, async (t) => {
    await using suite = await PahoSuite.start(version);
    for (const [what, behaviour] of Object.entries(behaviours)) {
      await t.step(what, async () => {
        try {
          await behaviour(suite, what.replaceAll(/\W+/g, "-"));
        } finally {
          await suite.cut();
        }
      });
    }
  });
}
