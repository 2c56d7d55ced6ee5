/** TLS by `node:tls` on a TCP port: with client certificates where they are wanted, and without delay.
 * @module */
import type { ListenerContext, Socket, SocketPermit } from "../src/broker/core/listener.ts";
import { TcpListener } from "./tcp.ts";
import type { TlsEngine, TlsListenerOptions } from "./tls_engine.ts";
import type { TlsCertificate } from "./tls_certificate.ts";
import { TlsServer } from "./tls_server.ts";

/** Accepts over TCP, where small packets do not wait; `node:tls` does the handshakes and can ask for certificates. */
export class NodeTls implements TlsEngine {
  #id: string;
  #tcp: TcpListener;
  #server: TlsServer;

  /**
   * Makes one; the port is opened later.
   *
   * @param options where to listen and with which certificate
   * @throws Error when the address is not one or the certificate is not usable
   */
  constructor(options: TlsListenerOptions) {
    const { id, certificate, handshakeTimeout = 10 } = options;
    const { requireClientCertificate = certificate.clientCa !== undefined } = options;
    this.#id = id;
    this.#tcp = new TcpListener(options);
    this.#server = new TlsServer({ certificate, requireClientCertificate, handshakeTimeout: handshakeTimeout * 1000 });
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#tcp.address;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   */
  listen(context: ListenerContext): void {
    this.#tcp.listen({
      logger: context.logger,
      info: () => context.info(),
      healthy: () => context.healthy(),
      enter: (remoteAddress, close) => context.enter(remoteAddress, close),
      accept: (socket, permit) => this.#accept(socket, { context, permit }),
    });
  }

  /** Stops accepting and ends unfinished handshakes. */
  async close(): Promise<void> {
    await this.#tcp.close();
    this.#server.close();
  }

  /**
   * Uses another certificate from the next handshake on.
   *
   * @param certificate the new one
   */
  reload(certificate: TlsCertificate): void {
    this.#server.reload(certificate);
  }

  async #accept(
    socket: Socket,
    { context, permit }: { context: ListenerContext; permit?: SocketPermit },
  ): Promise<void> {
    try {
      await context.accept(await this.#server.accept(socket), permit);
    } catch (error) {
      permit?.leave();
      const fields = { listener: this.#id, remote: socket.remoteAddress, error: String(error) };
      context.logger.debug("a TLS handshake failed", fields);
    }
  }
}
