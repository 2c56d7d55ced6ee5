/** MQTT over TLS, with client certificates where they are wanted.
 * @module */
import { checkOptions, type Kinds } from "../src/hook/check_options.ts";
import type { Listener, ListenerContext, Socket, SocketPermit } from "../src/broker/core/listener.ts";
import { millisecondsOf } from "./seconds.ts";
import { TcpListener } from "./tcp.ts";
import type { TlsCertificate } from "./tls_certificate.ts";
import { TlsServer } from "./tls_server.ts";

export type { TlsCertificate } from "./tls_certificate.ts";

/** Options of a {@linkcode TlsListener}. */
export interface TlsListenerOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** `host:port`, `[v6]:port` or `:port` for all interfaces; `localhost` is IPv4 and IPv6; port 0 lets the system choose. */
  readonly address: string;
  /** Certificate, key, and whose signatures under clients' certificates count. */
  readonly certificate: TlsCertificate;
  /** Refuse clients without a certificate, default true when the certificate has a `clientCa`. */
  readonly requireClientCertificate?: boolean;
  /**
   * Seconds in which a handshake has to begin, and once more in which it has to be done when its turn has come; more than 0 to
   * 3,600, default 10.
   */
  readonly handshakeTimeout?: number;
  /** Connections that may wait to be accepted, default 2048. */
  readonly backlog?: number;
  /** Ask the system to find out about peers that vanished, default true. */
  readonly keepAlive?: boolean;
}

const OPTIONS: Kinds<TlsListenerOptions> = {
  id: "string",
  address: "any",
  certificate: "any",
  requireClientCertificate: "boolean",
  handshakeTimeout: "any",
  backlog: "any",
  keepAlive: "any",
};

/**
 * Listens on a TCP port and speaks TLS there. With a `clientCa` clients have to show a certificate that it has signed, and
 * hooks find subject, fingerprint and alternative names in `client.certificate`.
 *
 * A listener of another protocol over TLS takes its sockets from one of these, by a context of its own.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { TlsListener } from "@mochi/broker/listeners/tls";
 *
 * const read = async () => ({ cert: await Deno.readTextFile("server.pem"), key: await Deno.readTextFile("server.key") });
 * const broker = new Broker();
 * const listener = new TlsListener({ id: "tls1", address: ":8883", certificate: await read() });
 * await broker.addListener(listener);
 * await broker.serve();
 * Deno.addSignalListener("SIGHUP", () => {
 *   read().then((certificate) => listener.reload(certificate)).catch(console.error);
 * });
 * ```
 */
export class TlsListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** Always `tls`. */
  readonly protocol: string = "tls";
  #tcp: TcpListener;
  #server: TlsServer;

  /**
   * Makes the listener; the port is opened later.
   *
   * @param options where to listen and with which certificate
   * @throws Error that names an option that cannot be used, or what is wrong with the certificate
   */
  constructor(options: TlsListenerOptions) {
    checkOptions(options, OPTIONS);
    const { id, address, backlog, keepAlive, certificate, handshakeTimeout = 10 } = options;
    const asksClients = certificate?.clientCa !== undefined;
    if (options.requireClientCertificate && !asksClients) {
      throw new Error("Cannot require client certificates: clientCa is missing (client_ca_file in a configuration)");
    }
    const { requireClientCertificate = asksClients } = options;
    this.id = id;
    this.#tcp = new TcpListener({ id, address, backlog, keepAlive });
    this.#server = new TlsServer({
      certificate,
      requireClientCertificate,
      handshakeTimeout: millisecondsOf("handshakeTimeout", handshakeTimeout),
    });
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#tcp.address;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void {
    this.#tcp.listen({
      logger: context.logger,
      info: () => context.info(),
      healthy: () => context.healthy(),
      nextRound: () => context.nextRound(),
      deadline: (milliseconds, expired) => context.deadline(milliseconds, expired),
      enter: (remoteAddress, close) => context.enter(remoteAddress, close),
      accept: (socket, permit) => this.#accept(socket, { context, permit }),
    });
  }

  /** Stops accepting and ends unfinished handshakes; clients stay connected. Safe to call twice. */
  async close(): Promise<void> {
    await this.#tcp.close();
    this.#server.close();
  }

  /**
   * Uses another certificate from the next handshake on; clients stay connected.
   *
   * @param certificate the new one
   * @throws Error (as rejection) when it is not usable, or when a `clientCa` comes or goes; the old one stays in use
   */
  // deno-lint-ignore require-await
  async reload(certificate: TlsCertificate): Promise<void> {
    this.#server.reload(certificate);
  }

  async #accept(socket: Socket, to: { context: ListenerContext; permit?: SocketPermit }): Promise<void> {
    const { context, permit } = to;
    try {
      await context.accept(await this.#server.accept(socket, context), permit);
    } catch (error) {
      permit?.leave();
      const fields = { listener: this.id, remote: socket.remoteAddress, error: String(error) };
      context.logger.debug("a TLS handshake failed", fields);
    }
  }
}
