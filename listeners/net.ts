/** MQTT over connections that come from somewhere else.
 * @module */
import { checkOptions, type Kinds } from "../src/hook/check_options.ts";
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { formatPeer } from "./address.ts";
import { connSocket, type NetConnection, takeOver } from "./conn_socket.ts";

export type { NetConnection } from "./conn_socket.ts";

/** Options of a {@linkcode NetListener}. */
export interface NetListenerOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** Where connections come from: a `Deno.Listener`, an async generator, ... Its `close`, if any, is called on close. */
  readonly connections: AsyncIterable<NetConnection> & { readonly addr?: Deno.Addr; close?(): void };
  /** Where that is, for people; default: the address of `connections`, if it has one. */
  readonly address?: string;
  /** What `protocol` says, default `net`. */
  readonly protocol?: string;
}

const OPTIONS: Kinds<NetListenerOptions> = { id: "string", connections: "any", address: "string", protocol: "string" };

/**
 * Takes connections from any async iterable.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { NetListener } from "@mochi/broker/listeners/net";
 *
 * const broker = new Broker();
 * const connections = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * await broker.addListener(new NetListener({ id: "mine", connections }));
 * await broker.serve();
 * await broker.close();
 * ```
 */
export class NetListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** What the options say, default `net`. */
  readonly protocol: string;
  /** Where connections come from. */
  readonly address: string;
  #connections: NetListenerOptions["connections"];
  #iterator: AsyncIterator<NetConnection> | undefined = undefined;
  #loop: AcceptLoop<NetConnection> | undefined = undefined;

  /**
   * Makes the listener.
   *
   * @param options where connections come from
   * @throws Error that names an option that cannot be used
   */
  constructor(options: NetListenerOptions) {
    checkOptions(options, OPTIONS);
    const { id, connections, protocol = "net" } = options;
    this.id = id;
    this.protocol = protocol;
    this.address = options.address ?? (connections.addr === undefined ? "" : formatPeer(connections.addr));
    this.#connections = connections;
  }

  /**
   * Starts to take connections.
   *
   * @param context the broker
   */
  listen(context: ListenerContext): void {
    if (this.#iterator !== undefined) throw new Error(`Cannot listen twice: ${this.id} was started already`);
    const iterator = this.#connections[Symbol.asyncIterator]();
    this.#iterator = iterator;
    this.#loop = new AcceptLoop({
      name: this.id,
      context,
      accept: () => nextOf(iterator),
      handle: (connection: NetConnection) => this.#take(connection, context),
    });
  }

  /**
   * Stops taking connections; what was taken stays open. Closes the source if it has a `close`; another one, a generator
   * that waits for something of its own, say, ends when its next connection arrives, which is closed. Safe to call twice.
   */
  async close(): Promise<void> {
    this.#loop?.stop();
    try {
      this.#connections.close?.();
      this.#iterator?.return?.()?.catch(() => {}); // what its source throws now matters to nobody
    } catch {
      // it is closed already
    }
    if (this.#connections.close === undefined) return;
    await this.#loop?.finished;
  }

  #take(connection: NetConnection, context: ListenerContext): void {
    const { remoteAddr } = connection;
    const address = typeof remoteAddr === "string"
      ? remoteAddr
      : remoteAddr
      ? formatPeer(remoteAddr, this.address)
      : "";
    takeOver(connSocket(connection, address), context);
  }
}

async function nextOf(iterator: AsyncIterator<NetConnection>): Promise<NetConnection | null> {
  const { done, value } = await iterator.next();
  return done ? null : value;
}
