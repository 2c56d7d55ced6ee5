/** MQTT within the process: no port, no permission, no copy through the system.
 * @module */
import { checkOptions, type Kinds } from "../src/hook/check_options.ts";
import type { Listener, ListenerContext, Socket } from "../src/broker/core/listener.ts";
import type { PeerCertificate } from "../src/session/client.ts";
import { MemoryPipe } from "./memory_pipe.ts";

const CAPACITY = 65_536;
const OPTIONS: Kinds<MemoryListenerOptions> = { id: "string", capacity: [1, Infinity] };

/** Options of a {@linkcode MemoryListener}. */
export interface MemoryListenerOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** Bytes that wait in each direction before a write has to, default 65,536. */
  readonly capacity?: number;
}

/** Options of a connection within the process. */
export interface MemoryConnectOptions {
  /** Address that the broker sees, default `memory:<number>`. */
  readonly remoteAddress?: string;
  /** Certificate that the broker sees. */
  readonly certificate?: PeerCertificate;
  /** Bytes that wait in each direction before a write has to, default 65,536. */
  readonly capacity?: number;
}

/** One end of a pair. It behaves as a TCP socket does: partial reads and writes, half close, backpressure. */
class MemorySocket implements Socket {
  readonly remoteAddress: string;
  readonly certificate: PeerCertificate | undefined;
  #incoming: MemoryPipe;
  #outgoing: MemoryPipe;

  constructor(incoming: MemoryPipe, outgoing: MemoryPipe, options: MemoryConnectOptions) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.remoteAddress = options.remoteAddress ?? "memory";
    this.certificate = options.certificate;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#incoming.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#outgoing.write(data);
  }

  closeWrite(): Promise<void> {
    this.#outgoing.end();
    return Promise.resolve();
  }

  close(): void {
    this.#outgoing.end();
    this.#incoming.abandon();
  }
}

/**
 * Makes two sockets that are connected to each other.
 *
 * @param options what the second one sees of the first one, and how much waits between them
 * @returns both sockets: the client's, the server's
 *
 * @example Usage
 * ```ts
 * import { memoryPair } from "@mochi/broker/listeners/memory";
 *
 * const [client, server] = memoryPair();
 * await client.write(new Uint8Array([1, 2, 3]));
 * client.close();
 * console.log(await server.read(new Uint8Array(8))); // 3
 * console.log(await server.read(new Uint8Array(8))); // null
 * server.close();
 * ```
 */
export function memoryPair(options: MemoryConnectOptions = {}): [client: Socket, server: Socket] {
  const capacity = options.capacity ?? CAPACITY;
  const toServer = new MemoryPipe(capacity), toClient = new MemoryPipe(capacity);
  return [new MemorySocket(toClient, toServer, {}), new MemorySocket(toServer, toClient, options)];
}

/**
 * Gives clients in the same process a way in.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { MemoryListener } from "@mochi/broker/listeners/memory";
 *
 * const broker = new Broker();
 * const listener = new MemoryListener({ id: "memory" });
 * await broker.addListener(listener);
 * await broker.serve();
 * const socket = listener.connect(); // write an MQTT CONNECT to it
 * socket.close();
 * await broker.close();
 * ```
 */
export class MemoryListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** Always `memory`. */
  readonly protocol: string = "memory";
  /** `memory:` and the name of the listener. */
  readonly address: string;
  #options: MemoryListenerOptions;
  #context: ListenerContext | undefined = undefined;
  #count = 0;

  /**
   * Makes the listener.
   *
   * @param options name and size
   * @throws Error that names an option that cannot be used
   */
  constructor(options: MemoryListenerOptions) {
    checkOptions(options, OPTIONS);
    this.id = options.id;
    this.address = `memory:${options.id}`;
    this.#options = options;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   */
  listen(context: ListenerContext): void {
    if (this.#context !== undefined) throw new Error(`Cannot listen twice: ${this.id} listens already`);
    this.#context = context;
  }

  /** Stops accepting; open sockets stay open. Safe to call twice. */
  close(): void {
    this.#context = undefined;
  }

  /**
   * Connects to the broker.
   *
   * @param options what the broker sees of the client
   * @returns the client's end
   * @throws Error when the listener does not listen
   */
  connect(options: MemoryConnectOptions = {}): Socket {
    if (this.#context === undefined) throw new Error(`Cannot connect: listener ${this.id} does not listen`);
    const remoteAddress = options.remoteAddress ?? `memory:${++this.#count}`;
    const [client, server] = memoryPair({ capacity: this.#options.capacity, ...options, remoteAddress });
    this.#context.accept(server);
    return client;
  }
}
