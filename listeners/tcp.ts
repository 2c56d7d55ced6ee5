/** MQTT over TCP.
 * @module */
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { checkOptions, type Kinds } from "../src/hook/check_options.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { formatPeer, parseAddress } from "./address.ts";
import { addressOf, bind } from "./bind.ts";
import { connSocket, takeOver } from "./conn_socket.ts";

/** Enough for all who come while a broker that much is asked of accepts nobody: who finds no room tries again after a second. */
const BACKLOG = 2_048;
const OPTIONS: Kinds<TcpListenerOptions> = { id: "string", address: "any", backlog: [1, 65_535], keepAlive: "boolean" };

/** Options of a {@linkcode TcpListener}. */
export interface TcpListenerOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** `host:port`, `[v6]:port` or `:port` for all interfaces; `localhost` is IPv4 and IPv6; port 0 lets the system choose. */
  readonly address: string;
  /** Connections that may wait to be accepted, default 2048; the system may have a lower limit (Linux: `net.core.somaxconn`). */
  readonly backlog?: number;
  /** Ask the system to find out about peers that vanished, default true. */
  readonly keepAlive?: boolean;
}

/**
 * Listens on a TCP port.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { TcpListener } from "@mochi/broker/listeners/tcp";
 *
 * const broker = new Broker();
 * await broker.addListener(new TcpListener({ id: "tcp1", address: "127.0.0.1:0" }));
 * await broker.serve();
 * await broker.close();
 * ```
 */
export class TcpListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** Always `tcp`. */
  readonly protocol: string = "tcp";
  #options: TcpListenerOptions;
  #address: string;
  #listeners: Deno.TcpListener[] = [];
  #loops: AcceptLoop<Deno.TcpConn>[] = [];

  /**
   * Makes the listener; the port is opened later.
   *
   * @param options where to listen
   * @throws Error that names an option that cannot be used
   */
  constructor(options: TcpListenerOptions) {
    checkOptions(options, OPTIONS);
    checkAddress(options.address);
    this.id = options.id;
    this.#options = options;
    this.#address = options.address;
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#address;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void {
    if (this.#listeners.length > 0) throw new Error(`Cannot listen twice: ${this.id} listens on ${this.#address}`);
    const tcpBacklog = this.#options.backlog ?? BACKLOG;
    const listeners = bind(this.#options.address, (address) => Deno.listen({ ...address, tcpBacklog }));
    this.#listeners = listeners;
    this.#address = addressOf(this.#options.address, listeners);
    this.#loops = listeners.map((listener) => {
      const handle = (connection: Deno.TcpConn) => this.#take(connection, context);
      return new AcceptLoop({ name: this.id, context, accept: () => listener.accept(), handle });
    });
  }

  /** Stops accepting; what was accepted stays open. Safe to call twice. */
  async close(): Promise<void> {
    const loops = this.#loops;
    for (const loop of loops) loop.stop();
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
    await Promise.all(loops.map(({ finished }) => finished));
  }

  #take(connection: Deno.TcpConn, context: ListenerContext): void {
    try {
      connection.setNoDelay(true);
      if (this.#options.keepAlive ?? true) connection.setKeepAlive(true);
    } catch {
      connection.close(); // gone before it was taken
      return;
    }
    takeOver(connSocket(connection, formatPeer(connection.remoteAddr)), context);
  }
}

function checkAddress(address: string): void {
  try {
    parseAddress(address);
  } catch (cause) {
    throw new Error(`Cannot use address: ${(cause as Error).message}`, { cause });
  }
}
