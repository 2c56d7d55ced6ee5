/** The certificate of a listener.
 * @module */
import { createPrivateKey, X509Certificate } from "node:crypto";

/** A certificate and its key, both PEM. */
export interface TlsCertificate {
  /** Certificate, followed by intermediate ones. */
  readonly cert: string;
  /** Private key. */
  readonly key: string;
  /** Certificates of those who sign clients' certificates; clients are asked for one when this is given. */
  readonly clientCa?: string;
}

/**
 * Checks what the runtime would find out when it listens, or in the first handshake only.
 *
 * @param certificate certificate and key
 * @throws Error when they cannot be read or do not belong together
 */
export function checkCertificate({ cert, key, clientCa }: TlsCertificate): void {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error("the key is another one's");
    if (clientCa !== undefined) new X509Certificate(clientCa);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const hint = "all parts are PEM, cert and key belong together";
    throw new Error(`Cannot use the TLS certificate: ${message}; ${hint}`, { cause });
  }
}
