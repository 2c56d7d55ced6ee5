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

/** What is wrong with one of the texts. */
export interface CertificateProblem {
  /** Which one. */
  readonly part: keyof TlsCertificate;
  /** What it is or is not, and the fix. */
  readonly problem: string;
}

const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Checks what the runtime would find out when it listens, or in the first handshake only.
 *
 * @param certificate certificate and key
 * @throws Error when they cannot be read or do not belong together, TypeError when they are not there or something else is
 */
export function checkCertificate(certificate: TlsCertificate): void {
  const { cert, key } = certificate ?? {};
  if (typeof cert !== "string" || typeof key !== "string") {
    throw new TypeError("Cannot use the TLS certificate: expected { cert, key }, both as text in PEM");
  }
  checkOptions(certificate, { cert: "string", key: "string", clientCa: "string" });
  for (const { part, problem } of certificateProblems(certificate)) {
    throw new Error(`Cannot use the TLS certificate: ${part} ${problem}`);
  }
}

/**
 * Looks at each of the texts.
 *
 * @param certificate certificate and key
 * @returns what is wrong, one after the other
 */
export function* certificateProblems({ cert, key, clientCa }: TlsCertificate): Generator<CertificateProblem> {
  const inCert = problemIn("certificate", () => readCertificates(cert));
  if (inCert !== undefined) yield { part: "cert", problem: inCert };
  const inKey = ENCRYPTED.test(key)
    ? "is encrypted; openssl pkey -in FILE -out FILE writes it plain"
    : problemIn("private key", () => createPrivateKey(key));
  if (inKey !== undefined) yield { part: "key", problem: inKey };
  else if (inCert === undefined && !new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    yield { part: "key", problem: "is not the private key of the certificate, give those that belong together" };
  }
  const inCa = clientCa === undefined ? undefined : problemIn("certificate", () => readCertificates(clientCa));
  if (inCa !== undefined) yield { part: "clientCa", problem: inCa };
}

/** All of them: what cannot be read would be sent to clients in each handshake. */
function readCertificates(text: string): void {
  for (const one of text.match(CERTIFICATES) ?? [text]) new X509Certificate(one);
}

function problemIn(what: string, read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return `is not a ${what} in PEM: ${error instanceof Error ? error.message : String(error)}`;
  }
}
