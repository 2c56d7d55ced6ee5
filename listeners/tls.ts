/** MQTT over TLS, with client certificates where they are wanted.
 * @module */
import type { Listener, ListenerContext, Socket } from "../src/broker/listener.ts";
import { TcpListener } from "./tcp.ts";
import { type TlsCertificate, TlsServer } from "./tls_server.ts";

export type { TlsCertificate } from "./tls_server.ts";

/** Options of a {@linkcode TlsListener}. */
export interface TlsListenerOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** `host:port`, `[v6]:port` or `:port` for all interfaces; port 0 lets the system choose. */
  readonly address: string;
  /** Certificate, key, and whose signatures under clients' certificates count. */
  readonly certificate: TlsCertificate;
  /** Refuse clients without a certificate, default true when the certificate has a `clientCa`. */
  readonly requireClientCertificate?: boolean;
  /** Seconds in which a handshake has to be done, default 10. */
  readonly handshakeTimeout?: number;
  /** Connections that may wait to be accepted, default 511. */
  readonly backlog?: number;
  /** Ask the system to find out about peers that vanished, default true. */
  readonly keepAlive?: boolean;
}

/**
 * Listens on a TCP port and speaks TLS there. With a `clientCa` clients have to show a certificate that it has signed;
 * hooks find subject, fingerprint and alternative names in `client.certificate`.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { TlsListener } from "@mochi/broker/listeners/tls";
 *
 * const [cert, key] = [await Deno.readTextFile("server.pem"), await Deno.readTextFile("server.key")];
 * const broker = new Broker();
 * const listener = new TlsListener({ id: "tls1", address: ":8883", certificate: { cert, key } });
 * await broker.addListener(listener);
 * await broker.serve();
 * Deno.addSignalListener("SIGHUP", () => listener.reload({ cert, key }));
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
   * @throws Error when the address is not one or the certificate is not usable
   */
  constructor(options: TlsListenerOptions) {
    const { certificate, handshakeTimeout = 10 } = options;
    this.id = options.id;
    this.#tcp = new TcpListener(options);
    this.#server = new TlsServer({
      certificate,
      requireClientCertificate: options.requireClientCertificate ?? certificate.clientCa !== undefined,
      handshakeTimeout: handshakeTimeout * 1000,
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
      accept: (socket) => this.#accept(socket, context),
    });
  }

  /** Stops accepting and ends unfinished handshakes; clients stay connected. Safe to call twice. */
  async close(): Promise<void> {
    await this.#tcp.close();
    this.#server.close();
  }

  /**
   * Uses another certificate for new connections; clients stay connected.
   *
   * @param certificate the new one
   * @throws Error when it is not usable; the old one stays in use
   */
  reload(certificate: TlsCertificate): void {
    this.#server.reload(certificate);
  }

  async #accept(socket: Socket, context: ListenerContext): Promise<void> {
    try {
      await context.accept(await this.#server.accept(socket));
    } catch (error) {
      const fields = { listener: this.id, remote: socket.remoteAddress, error: String(error) };
      context.logger.debug("a TLS handshake failed", fields);
    }
  }
}
