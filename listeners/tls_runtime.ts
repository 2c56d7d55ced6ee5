/** TLS as the runtime does it.
 *
 * What it leaves open: a connection that is closed during its handshake, or while its peer takes nothing, keeps its file
 * descriptor until the peer leaves, so handshakes that took too long stay counted and accepting waits while there are too
 * many of them; and small writes may wait up to 40 ms for the peer's acknowledgement, since it has no `setNoDelay`.
 * @module */
import type { ListenerContext } from "../src/broker/core/listener.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { type Address, formatPeer, parseAddress } from "./address.ts";
import { addressOf, bind, reopen } from "./bind.ts";
import { connSocket } from "./conn_socket.ts";
import type { TlsEngine, TlsListenerOptions } from "./tls_engine.ts";
import { checkCertificate, type TlsCertificate } from "./tls_certificate.ts";

const MAXIMUM_HANDSHAKES = 4_096;

/** Accepts with `Deno.listenTls`. */
export class RuntimeTls implements TlsEngine {
  /** Where it listens; the real address once it does. */
  address: string;
  #options: TlsListenerOptions;
  #certificate: TlsCertificate;
  #context: ListenerContext | undefined = undefined;
  #listeners: Deno.TlsListener[] = [];
  #loops: AcceptLoop<Deno.TlsConn>[] = [];
  #handshakes: Set<Deno.TlsConn> = new Set();
  #reloading: Promise<void> = Promise.resolve();

  /**
   * Makes one; the port is opened later.
   *
   * @param options where to listen and with which certificate
   * @throws Error when the address is not one or the certificate is not usable
   */
  constructor(options: TlsListenerOptions) {
    parseAddress(options.address);
    checkCertificate(options.certificate);
    this.address = options.address;
    this.#options = options;
    this.#certificate = options.certificate;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   */
  listen(context: ListenerContext): void {
    if (this.#context !== undefined) {
      throw new Error(`Cannot listen twice: ${this.#options.id} listens on ${this.address}`);
    }
    this.#start(bind(this.address, (address) => this.#open(address, this.#certificate)), context);
  }

  /** Stops accepting and ends unfinished handshakes. */
  async close(): Promise<void> {
    this.#context = undefined;
    await this.#stop();
    await this.#reloading;
    for (const connection of this.#handshakes) connection.close();
    this.#handshakes.clear();
  }

  /**
   * Listens anew with another certificate.
   *
   * @param certificate the new one
   * @throws Error when it is not usable, the old one stays in use; or when the port was lost
   */
  reload(certificate: TlsCertificate): Promise<void> {
    const reloading = this.#reloading.then(() => this.#reload(certificate));
    this.#reloading = reloading.catch(() => {});
    return reloading;
  }

  async #reload(certificate: TlsCertificate): Promise<void> {
    const old = this.#certificate, context = this.#context;
    if (certificate.clientCa !== undefined) throw new Error("Cannot reload the certificate: clientCa cannot be added");
    checkCertificate(certificate);
    if (certificate.cert === old.cert && certificate.key === old.key) return;
    if (context !== undefined) {
      await this.#stop();
      try {
        await this.#restart(certificate, context);
      } catch (error) {
        await this.#restart(old, context); // fails with the same error when it is the port that is lost
        throw error;
      }
    }
    this.#certificate = certificate;
  }

  async #restart(certificate: TlsCertificate, context: ListenerContext): Promise<void> {
    const listeners = await reopen(this.address, (address) => this.#open(address, certificate));
    if (this.#context !== undefined) return this.#start(listeners, context);
    for (const listener of listeners) listener.close(); // closed in between
  }

  #open(address: Address, { cert, key }: TlsCertificate): Deno.TlsListener {
    return Deno.listenTls({ ...address, cert, key, tcpBacklog: this.#options.backlog ?? 511 });
  }

  #start(listeners: Deno.TlsListener[], context: ListenerContext): void {
    this.#context = context;
    this.#listeners = listeners;
    this.address = addressOf(this.address, listeners);
    const { id } = this.#options, { logger } = context;
    this.#loops = listeners.map((listener) => {
      const handle = (connection: Deno.TlsConn) => this.#take(connection, context);
      return new AcceptLoop({ name: id, logger, accept: () => this.#accept(listener), handle });
    });
  }

  async #stop(): Promise<void> {
    for (const loop of this.#loops) loop.stop();
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
    await Promise.all(this.#loops.map(({ finished }) => finished));
  }

  /** The loop logs the error and tries again a little later. */
  #accept(listener: Deno.TlsListener): Promise<Deno.TlsConn> {
    if (this.#handshakes.size >= MAXIMUM_HANDSHAKES) throw new Error("too many TLS handshakes are under way");
    return listener.accept();
  }

  async #take(connection: Deno.TlsConn, context: ListenerContext): Promise<void> {
    const remote = formatPeer(connection.remoteAddr), { id, handshakeTimeout = 10 } = this.#options;
    let late = false;
    const timer = setTimeout(() => late = true, handshakeTimeout * 1000);
    this.#handshakes.add(connection);
    try {
      await connection.handshake();
      if (late) throw new Error("the TLS handshake took too long");
      context.accept(connSocket(connection, remote));
    } catch (error) {
      if (this.#handshakes.has(connection)) connection.close();
      context.logger.debug("a TLS handshake failed", { listener: id, remote, error: String(error) });
    }
    clearTimeout(timer);
    this.#handshakes.delete(connection);
  }
}
