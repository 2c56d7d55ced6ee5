/** MQTT over TLS, with client certificates where they are wanted.
 * @module */
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import type { TlsCertificate } from "./tls_certificate.ts";
import type { TlsEngine, TlsListenerOptions } from "./tls_engine.ts";
import { NodeTls } from "./tls_node.ts";
import { RuntimeTls } from "./tls_runtime.ts";

export type { TlsCertificate } from "./tls_certificate.ts";
export type { TlsListenerOptions } from "./tls_engine.ts";

/**
 * Listens on a TCP port and speaks TLS there: `Deno.listenTls`. With a `clientCa` clients have to show a certificate that
 * it has signed, and hooks find subject, fingerprint and alternative names in `client.certificate`; that is `node:tls`,
 * and so is `noDelay`: the runtime's own TLS can do neither.
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
  #engine: TlsEngine;

  /**
   * Makes the listener; the port is opened later.
   *
   * @param options where to listen and with which certificate
   * @throws Error when the address is not one or the certificate is not usable
   */
  constructor(options: TlsListenerOptions) {
    const asksClients = options.certificate.clientCa !== undefined;
    if (options.requireClientCertificate && !asksClients) {
      throw new Error("Cannot require client certificates: clientCa is missing");
    }
    if (asksClients && options.noDelay === false) throw new Error("Cannot delay small packets: clientCa excludes it");
    this.id = options.id;
    this.#engine = asksClients || options.noDelay ? new NodeTls(options) : new RuntimeTls(options);
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#engine.address;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void {
    this.#engine.listen(context);
  }

  /** Stops accepting and ends unfinished handshakes; clients stay connected. Safe to call twice. */
  async close(): Promise<void> {
    await this.#engine.close();
  }

  /**
   * Uses another certificate for new connections; clients stay connected. Without `noDelay` and `clientCa` the port is
   * closed and opened again: a client that comes within these few milliseconds is refused and has to try again.
   *
   * @param certificate the new one
   * @throws Error when it is not usable, the old one stays in use; or `Cannot listen on ...` when the port was lost
   */
  async reload(certificate: TlsCertificate): Promise<void> {
    await this.#engine.reload(certificate);
  }
}
