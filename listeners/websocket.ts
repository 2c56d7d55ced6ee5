/** MQTT over WebSocket, with and without TLS, on a port of its own.
 *
 * Why not `Deno.serve` with `Deno.upgradeWebSocket`, as in `fetch.ts`: there a socket that the broker has closed stays open
 * until the peer answers, fragments pile up in the runtime without limit, a slow reader's messages cannot be left in the
 * network, a request may take for ever, and clients cannot be asked for certificates. Over a plain socket all of this
 * is as it is for TCP, and an idle connection costs what it costs there.
 * @module */
import type { Listener, ListenerContext, Socket } from "../src/broker/listener.ts";
import { TcpListener } from "./tcp.ts";
import { type TlsCertificate, TlsListener } from "./tls.ts";
import { openWebSocket } from "./websocket_handshake.ts";
import { UpgradeGate, type WebSocketRules } from "./websocket_rules.ts";
import type { WebSocketStream } from "./websocket_stream.ts";

export type { WebSocketRules } from "./websocket_rules.ts";
export type { TlsCertificate } from "./tls.ts";

/** Options of a {@linkcode WebSocketListener}. */
export interface WebSocketListenerOptions extends WebSocketRules {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** `host:port`, `[v6]:port` or `:port` for all interfaces; port 0 lets the system choose. */
  readonly address: string;
  /** Certificate and key: with them it is `wss`; with a `clientCa` clients have to show a certificate. */
  readonly certificate?: TlsCertificate;
  /** Refuse clients without a certificate, default true when the certificate has a `clientCa`. */
  readonly requireClientCertificate?: boolean;
  /** Seconds in which the handshake has to be done, default 10. */
  readonly handshakeTimeout?: number;
  /** Connections that may wait to be accepted, default 511. */
  readonly backlog?: number;
  /** Ask the system to find out about peers that vanished, default true. */
  readonly keepAlive?: boolean;
}

/**
 * Listens for WebSockets that carry MQTT.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { WebSocketListener } from "@mochi/broker/listeners/websocket";
 *
 * const broker = new Broker();
 * await broker.addListener(new WebSocketListener({ id: "ws1", address: "127.0.0.1:0", path: "/mqtt" }));
 * await broker.serve();
 * await broker.close();
 * ```
 */
export class WebSocketListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** `ws`, or `wss` with a certificate. */
  readonly protocol: string;
  #transport: TcpListener | TlsListener;
  #gate: UpgradeGate;
  #timeout: number;
  #handshakes: Set<Socket> = new Set();

  /**
   * Makes the listener; the port is opened later.
   *
   * @param options where to listen and for whom
   * @throws Error when the address is not one or the certificate is not usable
   */
  constructor(options: WebSocketListenerOptions) {
    const { certificate, handshakeTimeout = 10 } = options;
    this.id = options.id;
    this.protocol = certificate === undefined ? "ws" : "wss";
    this.#transport = certificate === undefined
      ? new TcpListener(options)
      : new TlsListener({ ...options, certificate });
    this.#gate = new UpgradeGate(options);
    this.#timeout = handshakeTimeout * 1000;
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#transport.address;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void {
    this.#transport.listen({
      logger: context.logger,
      info: () => context.info(),
      healthy: () => context.healthy(),
      accept: (socket) => this.#accept(socket, context),
    });
  }

  /** Stops accepting and ends unfinished handshakes; clients stay connected. Safe to call twice. */
  async close(): Promise<void> {
    await this.#transport.close();
    for (const socket of this.#handshakes) socket.close();
  }

  /**
   * Uses another certificate for new connections; clients stay connected.
   *
   * @param certificate the new one
   * @throws Error when it is not usable, or when this listener has no TLS
   */
  reload(certificate: TlsCertificate): void {
    if (this.#transport instanceof TcpListener) throw new Error(`Cannot reload the certificate: ${this.id} has none`);
    this.#transport.reload(certificate);
  }

  async #accept(socket: Socket, context: ListenerContext): Promise<void> {
    try {
      await context.accept(await this.#handshake(socket));
    } catch (error) {
      socket.close();
      const fields = { listener: this.id, remote: socket.remoteAddress, error: String(error) };
      context.logger.debug("a WebSocket handshake failed", fields);
    }
  }

  async #handshake(socket: Socket): Promise<WebSocketStream> {
    const timer = setTimeout(() => socket.close(), this.#timeout);
    this.#handshakes.add(socket);
    try {
      return await openWebSocket(socket, this.#gate);
    } finally {
      clearTimeout(timer);
      this.#handshakes.delete(socket);
    }
  }
}
