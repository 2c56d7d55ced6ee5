/** Sockets without a network: a bench feeds them and counts what comes out. */

import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Broker } from "../../src/broker/broker.ts";
import type { Capabilities } from "../../src/broker/core/options.ts";
import type { ListenerContext, Socket } from "../../src/broker/core/listener.ts";
import { connect, type Level, publishTemplate, subscribe } from "./load/packets.ts";

/** One client's end. */
class FedSocket implements Socket {
  readonly remoteAddress = "bench";
  readonly #written: (bytes: number) => void;
  #waiting: Uint8Array[] = [];
  #reader: { buffer: Uint8Array; resolve: (length: number | null) => void } | undefined;
  #ended = false;

  constructor(written: (bytes: number) => void) {
    this.#written = written;
  }

  feed(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#serve();
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return new Promise((resolve) => {
      this.#reader = { buffer, resolve };
      this.#serve();
    });
  }

  write(data: Uint8Array): Promise<number> {
    this.#written(data.length);
    return Promise.resolve(data.length);
  }

  close(): void {
    this.#ended = true;
    this.#serve();
  }

  #serve(): void {
    const reader = this.#reader, bytes = this.#waiting[0];
    if (reader === undefined || bytes === undefined && !this.#ended) return;
    this.#reader = undefined;
    if (bytes === undefined) return reader.resolve(null);
    const length = Math.min(bytes.length, reader.buffer.length);
    reader.buffer.set(bytes.subarray(0, length));
    if (length === bytes.length) this.#waiting.shift();
    else this.#waiting[0] = bytes.subarray(length);
    reader.resolve(length);
  }
}

/** A broker and its clients within this process. */
export class Wire implements AsyncDisposable {
  readonly broker: Broker;
  #context: ListenerContext | undefined;
  #written = 0;
  #wanted = Infinity;
  #arrived: (() => void) | undefined;

  private constructor(capabilities: Partial<Capabilities>) {
    this.broker = new Broker({ sysTopicResendInterval: 0, capabilities });
  }

  /** Starts the broker; everyone may do everything. */
  static async start(capabilities: Partial<Capabilities> = {}): Promise<Wire> {
    const wire = new Wire(capabilities);
    await wire.broker.addHook(allowAll());
    await wire.broker.addListener({
      id: "wire",
      protocol: "wire",
      address: "wire",
      listen: (context) => void (wire.#context = context),
      close: () => {},
    });
    await wire.broker.serve();
    return wire;
  }

  /** Connects a client. @returns what takes its bytes */
  client(clientId: string, level: Level): Promise<(bytes: Uint8Array) => void> {
    return this.connected(connect(clientId, level));
  }

  /** The same with a CONNECT of its own. */
  async connected(packet: Uint8Array): Promise<(bytes: Uint8Array) => void> {
    const socket = new FedSocket((bytes) => this.#count(bytes));
    this.#context!.accept(socket);
    await this.answers(1, () => socket.feed(packet));
    return (bytes) => socket.feed(bytes);
  }

  /** Connects a client that subscribes. */
  async subscriber(
    clientId: string,
    { filter, qos, level }: { filter: string; qos: number; level: Level },
  ): Promise<void> {
    const feed = await this.client(clientId, level);
    await this.answers(1, () => feed(subscribe(filter, qos, level)));
  }

  /** Does something, and waits until the broker has written so many bytes. */
  answers(bytes: number, act: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = this.#written + bytes;
    this.#arrived = resolve;
    act();
    return promise;
  }

  #count(bytes: number): void {
    this.#written += bytes;
    if (this.#written < this.#wanted) return;
    this.#wanted = Infinity;
    this.#arrived?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close();
  }
}

/** Some equal PUBLISH packets in a row. */
export function publishes(count: number, options: { topic: string; level: Level; size: number }): Uint8Array {
  const { bytes } = publishTemplate({ ...options, qos: 0, publisher: 0 });
  const all = new Uint8Array(count * bytes.length);
  for (let at = 0; at < count; at++) all.set(bytes, at * bytes.length);
  return all;
}
