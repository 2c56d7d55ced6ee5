/** TLS over any socket.
 *
 * Why not `Deno.listenTls`, which is two to four times as fast: closing one of its connections during the handshake, or
 * while the peer takes nothing, leaves the socket open until the peer goes away (so idle peers use up all file
 * descriptors, for ever), it cannot ask for client certificates, and a new certificate needs a new listener. A
 * `node:tls` server that listens itself stops accepting for ever after one "too many open files" and reads on when
 * nobody takes what it read. Here the port is the TCP listener's, which has none of this.
 * @module */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type TLSSocket, TLSSocket as Stream } from "node:tls";
import type { Socket } from "../src/broker/listener.ts";
import type { PeerCertificate } from "../src/session/client.ts";
import { DecryptedSide, EncryptedSide } from "./tls_stream.ts";

/** A certificate and its key, both PEM. */
export interface TlsCertificate {
  /** Certificate, followed by intermediate ones. */
  readonly cert: string;
  /** Private key. */
  readonly key: string;
  /** Certificates of those who sign clients' certificates; clients are asked for one when this is given. */
  readonly clientCa?: string;
}

/** Options of a {@linkcode TlsServer}. */
export interface TlsServerOptions {
  /** What the server shows of itself. */
  readonly certificate: TlsCertificate;
  /** Refuse clients without a certificate. */
  readonly requireClientCertificate: boolean;
  /** Milliseconds in which a handshake has to be done. */
  readonly handshakeTimeout: number;
}

/** Does TLS handshakes. */
export class TlsServer {
  #options: TlsServerOptions;
  #context: SecureContext;
  #asksClients: boolean;
  #handshakes: Set<EncryptedSide> = new Set();

  /**
   * Makes one.
   *
   * @param options certificate and rules
   * @throws Error when the certificate and the key are not usable
   */
  constructor(options: TlsServerOptions) {
    this.#options = options;
    this.#context = secureContext(options.certificate);
    this.#asksClients = options.certificate.clientCa !== undefined;
    this.#checkRules();
  }

  /**
   * Uses another certificate from the next handshake on.
   *
   * @param certificate the new one
   * @throws Error when it is not usable; the old one stays
   */
  reload(certificate: TlsCertificate): void {
    const context = secureContext(certificate);
    const asksClients = certificate.clientCa !== undefined;
    if (this.#asksClients && !asksClients) throw new Error("Cannot reload the certificate: clientCa is missing");
    this.#context = context;
    this.#asksClients = asksClients;
  }

  /**
   * Does one handshake.
   *
   * @param socket the network; closed when the handshake fails
   * @returns the decrypted stream
   */
  accept(socket: Socket): Promise<Socket> {
    const encrypted = new EncryptedSide(socket);
    this.#handshakes.add(encrypted);
    const tls = new Stream(encrypted, {
      isServer: true,
      secureContext: this.#context,
      requestCert: this.#asksClients,
      rejectUnauthorized: this.#asksClients && this.#options.requireClientCertificate,
    });
    return this.#handshake(tls, encrypted, socket.remoteAddress).finally(() => this.#handshakes.delete(encrypted));
  }

  /** Ends the handshakes that are under way. */
  close(): void {
    for (const encrypted of this.#handshakes) encrypted.destroy();
  }

  #handshake(tls: TLSSocket, encrypted: EncryptedSide, remoteAddress: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        clearTimeout(timer);
        tls.destroy();
        encrypted.destroy();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new Error("the TLS handshake took too long")),
        this.#options.handshakeTimeout,
      );
      tls.on("error", fail);
      encrypted.on("error", fail);
      encrypted.on("close", () => fail(new Error("the peer went away during the TLS handshake")));
      tls.on("secure", () => {
        clearTimeout(timer);
        try {
          const certificate = this.#asksClients ? this.#peerCertificate(tls) : undefined;
          resolve(new DecryptedSide(tls, encrypted, { remoteAddress, certificate }));
        } catch (error) {
          fail(error as Error);
        }
      });
    });
  }

  /** Fails closed: a certificate that is not proved to be valid ends the connection. */
  #peerCertificate(tls: TLSSocket): PeerCertificate | undefined {
    const shown = tls.getPeerCertificate();
    if (!shown?.fingerprint256) {
      if (this.#options.requireClientCertificate) throw new Error("the client showed no certificate");
      return undefined;
    }
    const problem = verifyError(tls);
    if (problem !== null) throw new Error(`the client's certificate is not valid: ${problem}`);
    return {
      subject: formatSubject(shown.subject),
      fingerprint: shown.fingerprint256,
      subjectAltName: shown.subjectaltname || undefined,
    };
  }

  #checkRules(): void {
    if (this.#options.requireClientCertificate && !this.#asksClients) {
      throw new Error("Cannot require client certificates: clientCa is missing");
    }
  }
}

/** Checks what the runtime would find out in the first handshake only. */
function secureContext({ cert, key, clientCa }: TlsCertificate): SecureContext {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error("the key is another one's");
    if (clientCa !== undefined) new X509Certificate(clientCa);
    return createSecureContext({ cert, key, ca: clientCa });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot use the TLS certificate: ${message}; all parts are PEM, cert and key belong together`, {
      cause,
    });
  }
}

/** What `tls.Server` itself asks before it calls a client authorized: empty or `null` when all is well. */
function verifyError(tls: TLSSocket): string | null {
  const handle = (tls as unknown as { _handle?: { verifyError?(): unknown } })._handle;
  if (typeof handle?.verifyError !== "function") return "it cannot be verified here";
  const problem = handle.verifyError();
  if (problem === null || problem === "") return null;
  return problem instanceof Error ? problem.message : String(problem);
}

/** `CN=...,O=...`, as it stands in the certificate. */
function formatSubject(subject: object): string {
  return Object.entries(subject).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((part) => `${name}=${part}`)
  ).join(",");
}
