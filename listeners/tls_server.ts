/** TLS over any socket, which may ask for client certificates. `TlsListener` puts it on a TCP port; what else needs TLS (a
 * WebSocket listener) takes its sockets from a `TlsListener`.
 *
 * `Deno.listenTls` would take less memory and time, but a handshake that nobody goes on with cannot be ended there: it keeps
 * its file descriptor until its peer leaves. It cannot ask for client certificates, send small packets at once, or take a new
 * certificate without a new port, either. A `node:tls` server that listens itself stops accepting for ever after one "too many
 * open files"; here the port is the TCP listener's, which does not.
 * @module */
import { createSecureContext, type SecureContext, type TLSSocket, TLSSocket as Stream } from "node:tls";
import type { ListenerContext, Socket } from "../src/broker/core/listener.ts";
import type { PeerCertificate } from "../src/session/client.ts";
import { HandshakeTurns, WaitingPeer } from "./handshake_turns.ts";
import { checkCertificate, type TlsCertificate } from "./tls_certificate.ts";
import { readHello } from "./tls_hello.ts";
import { DecryptedSide, EncryptedSide } from "./tls_stream.ts";

/** Options of a {@linkcode TlsServer}. */
export interface TlsServerOptions {
  /** What the server shows of itself. */
  readonly certificate: TlsCertificate;
  /** Refuse clients without a certificate. */
  readonly requireClientCertificate: boolean;
  /** Milliseconds in which a handshake has to begin, and has to be done once its turn has come. */
  readonly handshakeTimeout: number;
}

/** Does TLS handshakes. */
export class TlsServer {
  #options: TlsServerOptions;
  #context: SecureContext;
  #ends: Set<() => void> = new Set();
  #turns: HandshakeTurns = new HandshakeTurns();

  /**
   * Makes one.
   *
   * @param options certificate and rules
   * @throws Error when the certificate and the key are not usable
   */
  constructor(options: TlsServerOptions) {
    this.#options = options;
    this.#context = secureContext(options.certificate);
  }

  get #asksClients(): boolean {
    return this.#options.certificate.clientCa !== undefined;
  }

  /**
   * Uses another certificate from the next handshake on.
   *
   * @param certificate the new one
   * @throws Error when it is not usable; the old one stays
   */
  reload(certificate: TlsCertificate): void {
    if ((certificate.clientCa !== undefined) !== this.#asksClients) {
      const problem = this.#asksClients ? "is missing" : "cannot be added";
      throw new Error(`Cannot reload the certificate: clientCa ${problem}`);
    }
    this.#context = secureContext(certificate);
  }

  /**
   * Does one handshake.
   *
   * @param socket the network; closed when the handshake fails
   * @param context the broker, whose clients have their turn too
   * @returns the decrypted stream
   * @throws Error (as rejection) when the handshake fails, or takes too long
   */
  async accept(socket: Socket, context: Pick<ListenerContext, "nextRound" | "deadline">): Promise<Socket> {
    let end = () => socket.close(), isLate = false;
    const endNow = () => end();
    const limit = () =>
      context.deadline(this.#options.handshakeTimeout, () => {
        isLate = true;
        end();
      });
    let release = limit();
    this.#ends.add(endNow);
    try {
      const hello = await readHello(socket), peer = new WaitingPeer(socket);
      end = () => peer.close();
      release(); // that others have their turn first is not its doing
      await this.#turns.next(peer, context);
      release = limit();
      const encrypted = new EncryptedSide(peer, hello);
      end = () => void encrypted.destroy();
      return await this.#handshake(encrypted, socket.remoteAddress);
    } catch (cause) {
      end();
      throw isLate ? new Error("the TLS handshake took too long", { cause }) : cause;
    } finally {
      release();
      this.#ends.delete(endNow);
    }
  }

  /** Ends the handshakes that are under way. */
  close(): void {
    for (const end of this.#ends) end();
  }

  #handshake(encrypted: EncryptedSide, remoteAddress: string): Promise<Socket> {
    const tls = new Stream(encrypted, {
      isServer: true,
      secureContext: this.#context,
      requestCert: this.#asksClients,
      rejectUnauthorized: this.#options.requireClientCertificate,
    });
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        tls.destroy();
        encrypted.destroy();
        reject(error);
      };
      tls.on("error", fail);
      // what a stream without a server of `node:tls` tells of a record that cannot be read, at any time: it goes on as if nothing was
      tls.on("_tlsError" as "error", fail);
      encrypted.on("error", fail);
      const gone = () => fail(new Error("the peer went away during the TLS handshake"));
      encrypted.on("end", gone);
      encrypted.on("close", gone);
      tls.on("secure", () => {
        encrypted.off("end", gone); // from here on it has bytes to read before its end
        try {
          resolve(new DecryptedSide(tls, encrypted, { remoteAddress, certificate: this.#peerCertificate(tls) }));
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
}

function secureContext(certificate: TlsCertificate): SecureContext {
  checkCertificate(certificate);
  const { cert, key, clientCa } = certificate;
  return createSecureContext({ cert, key, ca: clientCa });
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
