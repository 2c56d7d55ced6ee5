/** MQTT over TCP.
 * @module */
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { formatAddress, formatPeer, parseAddress } from "./address.ts";
import { bind } from "./bind.ts";
import { connSocket } from "./conn_socket.ts";

/** Options of a {@linkcode TcpListener}. */
export interface TcpListenerOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** `host:port`, `[v6]:port` or `:port` for all interfaces; port 0 lets the system choose. */
  readonly address: string;
  /** Connections that may wait to be accepted, default 511. */
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
  #listener: Deno.TcpListener | undefined = undefined;
  #loop: AcceptLoop<Deno.TcpConn> | undefined = undefined;

  /**
   * Makes the listener; the port is opened later.
   *
   * @param options where to listen
   * @throws Error when the address is not one
   */
  constructor(options: TcpListenerOptions) {
    parseAddress(options.address);
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
    if (this.#listener !== undefined) throw new Error(`Cannot listen twice: ${this.id} listens on ${this.#address}`);
    const tcpBacklog = this.#options.backlog ?? 511;
    const listener = bind(this.#options.address, (address) => Deno.listen({ ...address, tcpBacklog }));
    this.#listener = listener;
    this.#address = formatAddress(listener.addr);
    this.#loop = new AcceptLoop({
      name: this.id,
      logger: context.logger,
      accept: () => listener.accept(),
      handle: (connection: Deno.TcpConn) => this.#take(connection, context),
    });
  }

  /** Stops accepting; what was accepted stays open. Safe to call twice. */
  async close(): Promise<void> {
    const loop = this.#loop;
    loop?.stop();
    this.#listener?.close();
    this.#listener = undefined;
    await loop?.finished;
  }

  #take(connection: Deno.TcpConn, context: ListenerContext): void {
    try {
      connection.setNoDelay(true);
      if (this.#options.keepAlive ?? true) connection.setKeepAlive(true);
    } catch {
      connection.close(); // gone before it was taken
      return;
    }
    context.accept(connSocket(connection, formatPeer(connection.remoteAddr)));
  }
}
