/** A broker in this process and clients of single packets. */

import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Broker } from "../../src/broker/broker.ts";
import type { BrokerOptions } from "../../src/broker/core/options.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { type Logger, silentLogger } from "../../src/hook/logger.ts";
import { systemClock } from "../../src/time/clock.ts";
import type { ProtocolVersion } from "../../src/packets/types.ts";
import { FakeClock, settle } from "./fake_clock.ts";
import { type ConnectOptions, RawClient } from "./raw_client.ts";
import { overMemory, type Transport } from "./transports.ts";

export { type ConnectOptions, RawClient } from "./raw_client.ts";
export { PacketType } from "../../src/packets/types.ts";

/** What a test wants to be different. */
export interface HarnessOptions extends Omit<BrokerOptions, "clock"> {
  /** Hooks instead of one that allows everything. */
  hooks?: Hook[];
  /** The clock of the machine instead of one that the test moves. */
  realTime?: boolean;
  /** Another way to the broker than through memory. */
  transport?: Transport;
  /** Protocol version of clients, default 5. */
  version?: ProtocolVersion;
  /** Do not fail when the broker logs an error. */
  errorsExpected?: boolean;
}

/** The broker of one test. */
export class Harness implements AsyncDisposable {
  /** The broker. */
  readonly broker: Broker;
  /** The clock of the broker, unless the test runs in real time. */
  readonly clock: FakeClock = new FakeClock();
  /** What the broker has logged as an error. */
  readonly errors: string[] = [];
  readonly #options: HarnessOptions;
  readonly #transport: Transport;
  readonly #clients: RawClient[] = [];
  #closed = false;

  private constructor(options: HarnessOptions) {
    const { hooks: _, realTime, transport = overMemory(), version: __, errorsExpected: ___, ...rest } = options;
    const error: Logger["error"] = (message, fields) => this.errors.push(`${message} ${JSON.stringify(fields)}`);
    this.#options = options;
    this.#transport = transport;
    this.broker = new Broker({
      sysTopicResendInterval: 0,
      logger: { ...silentLogger, error },
      clock: realTime ? systemClock : this.clock,
      ...rest,
    });
  }

  /** Starts a broker. */
  static async start(options: HarnessOptions = {}): Promise<Harness> {
    const harness = new Harness(options);
    for (const hook of options.hooks ?? [allowAll()]) await harness.broker.addHook(hook);
    await harness.broker.addListener(harness.#transport.listener);
    await harness.broker.serve();
    return harness;
  }

  /** Opens a connection and sends nothing. */
  async open(version: ProtocolVersion = this.#options.version ?? 5): Promise<RawClient> {
    const socket = await this.#transport.connect();
    const client = new RawClient(socket, { version, settle: () => this.settle() });
    this.#clients.push(client);
    return client;
  }

  /** Opens a connection and connects with a ClientID, or with all that CONNECT has. */
  async connect(options: string | ConnectOptions = {}): Promise<RawClient> {
    const connect = typeof options === "string" ? { clientId: options } : options;
    const client = await this.open(connect.protocolVersion);
    return await client.connect(connect);
  }

  /** Waits until the broker has done all that its clients have asked for. */
  async settle(): Promise<void> {
    await settle();
    for (const client of this.#clients) if (client.live) await client.barrier();
    await settle();
  }

  /** Lets time pass. */
  async advance(milliseconds: number): Promise<void> {
    await this.settle();
    await this.clock.advance(milliseconds);
  }

  /** Cuts what is open, stops the broker, and fails when it has logged an error. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    for (const client of this.#clients) await client.cut();
    if (this.errors.length > 0 && !this.#options.errorsExpected) throw new Error(this.errors.join("\n"));
  }

  /** Stops the broker while its clients look on. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closing = this.broker.close().then(() => "closed");
    if (this.#options.realTime) return void await closing;
    while (await Promise.race([closing, settle()]) !== "closed") await this.clock.advance(10);
  }
}
