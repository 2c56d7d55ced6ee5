/** What the two engines of TLS have in common.
 * @module */
import type { Listener } from "../src/broker/core/listener.ts";
import type { TlsCertificate } from "./tls_certificate.ts";

/** Options of a a `TlsListener`. */
export interface TlsListenerOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** `host:port`, `[v6]:port` or `:port` for all interfaces; `localhost` is IPv4 and IPv6; port 0 lets the system choose. */
  readonly address: string;
  /** Certificate, key, and whose signatures under clients' certificates count. */
  readonly certificate: TlsCertificate;
  /** Refuse clients without a certificate, default true when the certificate has a `clientCa`. */
  readonly requireClientCertificate?: boolean;
  /** Seconds after which a handshake that is done is too late, default 10. */
  readonly handshakeTimeout?: number;
  /** Connections that may wait to be accepted, default 511. */
  readonly backlog?: number;
  /**
   * Send small packets at once, default true with a `clientCa`, otherwise false: then they may wait up to 40 ms for the
   * peer to acknowledge earlier ones. It takes 30 KiB more for a connection, and a third to two thirds more of the
   * processor for a message.
   */
  readonly noDelay?: boolean;
  /** Ask the system to find out about peers that vanished, default true; only of use with `noDelay` or a `clientCa`. */
  readonly keepAlive?: boolean;
}

/** What does TLS. */
export interface TlsEngine extends Omit<Listener, "id" | "protocol"> {
  /** Uses another certificate for new connections. */
  reload(certificate: TlsCertificate): void | Promise<void>;
}
