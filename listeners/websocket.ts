/** MQTT over WebSocket, with and without TLS, on a port of its own: `Deno.serve` and `Deno.upgradeWebSocket`.
 *
 * Limits of the runtime, besides those of its WebSockets: a request may take for ever; over TLS small writes may wait up to
 * 40 ms for the peer's acknowledgement; and a server that stops ends its WebSockets, so a listener that closes leaves its
 * port open, where everybody gets 503, until the broker has closed them.
 * @module */
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { type Address, parseAddress } from "./address.ts";
import { addressOf, bind, reopen } from "./bind.ts";
import { checkCertificate, type TlsCertificate } from "./tls_certificate.ts";
import { type SocketTaker, WebSocketEndpoint, type WebSocketOptions } from "./websocket_endpoint.ts";
import type { RuntimeWebSocket } from "./websocket_socket.ts";

export type { TlsCertificate } from "./tls_certificate.ts";
export type { WebSocketOptions } from "./websocket_endpoint.ts";
export type { WebSocketRules } from "./websocket_rules.ts";

/** Options of a {@linkcode WebSocketListener}. */
export interface WebSocketListenerOptions extends WebSocketOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** `host:port`, `[v6]:port` or `:port` for all interfaces; `localhost` is IPv4 and IPv6; port 0 lets the system choose. */
  readonly address: string;
  /** Certificate and key: with them it is `wss`. There is no asking for client certificates here. */
  readonly certificate?: TlsCertificate;
  /** Connections that may wait to be accepted, default 511. */
  readonly backlog?: number;
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
  #options: WebSocketListenerOptions;
  #address: string;
  #certificate: TlsCertificate | undefined;
  #endpoint: WebSocketEndpoint;
  #context: ListenerContext | undefined = undefined;
  #servers: Deno.HttpServer<Deno.NetAddr>[] = [];
  #abort: AbortController = new AbortController();
  #clients = 0;
  #reloading: Promise<void> = Promise.resolve();

  /**
   * Makes the listener; the port is opened later.
   *
   * @param options where to listen and for whom
   * @throws Error when the address is not one or the certificate is not usable
   */
  constructor(options: WebSocketListenerOptions) {
    parseAddress(options.address);
    if (options.certificate !== undefined) check(options.certificate);
    this.id = options.id;
    this.protocol = options.certificate === undefined ? "ws" : "wss";
    this.#options = options;
    this.#address = options.address;
    this.#certificate = options.certificate;
    this.#endpoint = new WebSocketEndpoint(options);
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
    if (this.#servers.length > 0) throw new Error(`Cannot listen twice: ${this.id} listens on ${this.#address}`);
    this.#abort = new AbortController();
    this.#servers = bind(this.#address, (address) => this.#serve(address));
    this.#address = addressOf(this.#address, this.#servers);
    this.#context = context;
  }

  /** Stops accepting; clients stay connected, and the port is given back after the last one. Safe to call twice. */
  async close(): Promise<void> {
    this.#context = undefined;
    await this.#reloading;
    await this.#release();
  }

  /**
   * Uses another certificate: the port is closed and opened again. The runtime ends the WebSockets of a server that stops,
   * so clients are closed with 1001 and have to connect again; with the certificate in use nothing happens.
   *
   * @param certificate the new one
   * @throws Error when it is not usable, the old one stays in use; or `Cannot listen on ...` when the port was lost
   */
  reload(certificate: TlsCertificate): Promise<void> {
    const reloading = this.#reloading.then(() => this.#reload(certificate));
    this.#reloading = reloading.catch(() => {});
    return reloading;
  }

  async #reload(certificate: TlsCertificate): Promise<void> {
    const old = this.#certificate, servers = this.#servers;
    if (old === undefined) throw new Error(`Cannot reload the certificate: ${this.id} has none`);
    check(certificate);
    if (certificate.cert === old.cert && certificate.key === old.key) return;
    this.#certificate = certificate;
    if (this.#context === undefined || servers.length === 0) return;
    for (const server of servers) server.shutdown().catch(() => {}); // waits for clients that take nothing, nobody else has to
    try {
      await this.#restart();
    } catch (error) {
      this.#certificate = old;
      await this.#restart(); // fails with the same error when it is the port that is lost
      throw error;
    }
  }

  async #restart(): Promise<void> {
    this.#abort = new AbortController();
    this.#servers = await reopen(this.#address, (address) => this.#serve(address));
    if (this.#context === undefined) await this.#release(); // closed in between
  }

  #serve(address: Address): Deno.HttpServer<Deno.NetAddr> {
    const { cert, key } = this.#certificate ?? {};
    return Deno.serve({
      ...address,
      ...cert === undefined ? {} : { cert, key },
      tcpBacklog: this.#options.backlog ?? 511,
      signal: this.#abort.signal,
      onListen() {},
      onError: (error) => this.#fail(error),
      handler: (request, info) => this.#endpoint.answer(request, info, () => this.#taker()),
    });
  }

  #taker(): SocketTaker | undefined {
    const context = this.#context;
    return context && { accept: (socket) => this.#accept(socket, context) };
  }

  #accept(socket: RuntimeWebSocket, context: ListenerContext): void {
    this.#clients++;
    socket.onEnd = () => {
      this.#clients--;
      return this.#context === undefined ? this.#release() : undefined;
    };
    context.accept(socket);
  }

  /** Ends the server, and with it every WebSocket whose peer has not answered a close; not before the last client. */
  async #release(): Promise<void> {
    if (this.#clients > 0) return;
    this.#abort.abort();
    await Promise.all(this.#servers.map(({ finished }) => finished));
  }

  #fail(error: unknown): Response {
    this.#context?.logger.debug("a WebSocket handshake failed", { listener: this.id, error: String(error) });
    return new Response("The request failed.\n", { status: 500 });
  }
}

function check(certificate: TlsCertificate): void {
  if (certificate.clientCa !== undefined) {
    throw new Error("Cannot ask for client certificates over wss: clientCa is for tls, use a TlsListener");
  }
  checkCertificate(certificate);
}
