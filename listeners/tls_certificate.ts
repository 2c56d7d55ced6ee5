/** The certificate of a listener.
 * @module */
import { checkOptions } from "../src/hook/check_options.ts";
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

const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/**
 * Checks what the runtime would find out when it listens, or in the first handshake only.
 *
 * @param certificate certificate and key
 * @throws Error when they cannot be read or do not belong together, TypeError when they are not there or something else is
 */
export function checkCertificate(certificate: TlsCertificate): void {
  const { cert, key, clientCa } = certificate ?? {};
  if (typeof cert !== "string" || typeof key !== "string") {
    throw new TypeError("Cannot use the TLS certificate: expected { cert, key }, both as text in PEM");
  }
  checkOptions(certificate, { cert: "string", key: "string", clientCa: "string" });
  const parsed = parse("cert", () => new X509Certificate(cert));
  if (ENCRYPTED.test(key)) {
    throw new Error(
      "Cannot use the TLS certificate: key is encrypted; openssl pkey -in FILE -out FILE writes it plain",
    );
  }
  const privateKey = parse("key", () => createPrivateKey(key));
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new Error(
      "Cannot use the TLS certificate: key is not the private key of cert, give those that belong together",
    );
  }
  if (clientCa !== undefined) parse("clientCa", () => new X509Certificate(clientCa));
}

function parse<T>(part: "cert" | "key" | "clientCa", read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const what = part === "key" ? "private key" : "certificate";
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot use the TLS certificate: ${part} is not a ${what} in PEM: ${message}`, { cause });
  }
}
