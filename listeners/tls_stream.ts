/** The two ends of a TLS stream that is not bound to a port: below it a socket, above it a socket.
 * @module */
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Socket } from "../src/broker/core/listener.ts";
import type { PeerCertificate } from "../src/session/client.ts";
import { writeAll } from "./linger.ts";

const SMALLEST_READ = 1_024;
const LARGEST_READ = 65_536;
const UNREAD_LIMIT = 65_536;
const CLOSE_TIMEOUT = 1_000;

/**
 * Carries the encrypted bytes. It reads from the network only while the decrypted bytes are being read: the TLS stream
 * above it takes whatever it is given and would grow without limit.
 */
export class EncryptedSide extends Duplex {
  #socket: Socket;
  #size = SMALLEST_READ;
  #waits = false;
  #first: Uint8Array | undefined;
  /** Bytes that are decrypted and not read yet. */
  unread: () => number = () => 0;

  /**
   * Makes one.
   *
   * @param socket the network
   * @param first what was read from it already
   */
  constructor(socket: Socket, first: Uint8Array) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#first = first;
  }

  /** Somebody has read: go on if that was what was waited for. */
  release(): void {
    if (!this.#waits || this.unread() > UNREAD_LIMIT) return;
    this.#waits = false;
    this.#read();
  }

  /** Called by the stream when it wants bytes. */
  override _read(): void {
    if (this.#first !== undefined) this.#pushFirst(this.#first);
    else if (this.unread() > UNREAD_LIMIT) this.#waits = true;
    else this.#read();
  }

  /** Called by the stream with bytes to send. */
  override _write(data: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    writeAll(this.#socket, data).then(() => done(), done);
  }

  /** Called by the stream after the last byte. */
  override _final(done: (error?: Error) => void): void {
    const ended = this.#socket.closeWrite?.() ?? Promise.resolve();
    ended.then(() => done(), () => done()); // a peer that is gone needs no end
  }

  /** Called by the stream when it is over. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.close();
    done(error);
  }

  /** Not at once: a TLS stream that ends before it has started throws where nobody can catch it. */
  #pushFirst(bytes: Uint8Array): void {
    this.#first = undefined;
    setImmediate(() => void (this.destroyed || this.push(bytes)));
  }

  #read(): void {
    const buffer = new Uint8Array(this.#size);
    this.#socket.read(buffer).then((length) => this.#deliver(buffer, length), () => this.destroy());
  }

  #deliver(buffer: Uint8Array, length: number | null): void {
    if (length === null) return void this.push(null);
    if (length === buffer.length) this.#size = Math.min(LARGEST_READ, this.#size * 2);
    else if (length < buffer.length / 4) this.#size = Math.max(SMALLEST_READ, this.#size / 2);
    this.push(buffer.subarray(0, length));
  }
}

interface PendingRead {
  readonly buffer: Uint8Array;
  resolve(length: number | null): void;
}

/** Carries the decrypted bytes, as a socket of the broker. */
export class DecryptedSide implements Socket {
  /** Address of the peer. */
  readonly remoteAddress: string;
  /** Certificate of the peer, when it was asked for and is valid. */
  readonly certificate: PeerCertificate | undefined;
  #tls: TLSSocket;
  #encrypted: EncryptedSide;
  #pending: PendingRead | undefined = undefined;
  #ended = false;

  /**
   * Makes one.
   *
   * @param tls the stream, after its handshake
   * @param encrypted what is below it
   * @param peer what is known of the other side
   */
  constructor(
    tls: TLSSocket,
    encrypted: EncryptedSide,
    peer: { remoteAddress: string; certificate: PeerCertificate | undefined },
  ) {
    this.#tls = tls;
    this.#encrypted = encrypted;
    this.remoteAddress = peer.remoteAddress;
    this.certificate = peer.certificate;
    encrypted.unread = () => tls.readableLength;
    tls.on("readable", () => this.#wake());
    tls.on("end", () => this.#end());
    tls.on("close", () => this.#end());
  }

  /**
   * Reads at least one byte.
   *
   * @param buffer where the bytes go
   * @returns the number of bytes, `null` at the end
   */
  read(buffer: Uint8Array): Promise<number | null> {
    const length = this.#take(buffer);
    if (length !== 0) return Promise.resolve(length);
    if (this.#pending !== undefined) return Promise.reject(new Deno.errors.Busy("another read is pending"));
    return new Promise((resolve) => this.#pending = { buffer, resolve });
  }

  /**
   * Writes all of the bytes.
   *
   * @param data the bytes
   * @returns how many were taken
   */
  write(data: Uint8Array): Promise<number> {
    if (!this.#tls.writable) return Promise.reject(new Deno.errors.BrokenPipe("the stream is closed"));
    return new Promise((resolve, reject) => {
      this.#tls.write(data, (error) => error ? reject(asLost(error)) : resolve(data.length));
    });
  }

  /** Ends the outgoing half. */
  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#tls.end(() => resolve()));
  }

  /** Ends the stream after what was written, at once when the peer does not take it. Safe to call twice. */
  close(): void {
    if (this.#tls.destroyed) return;
    this.#ended = true;
    this.#wake();
    if (this.#tls.writableFinished) return void this.#tls.destroy();
    const last = setTimeout(() => this.#tls.destroy(), CLOSE_TIMEOUT);
    this.#tls.once("close", () => clearTimeout(last));
    this.#tls.destroySoon();
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#pending === undefined) return;
    const { buffer, resolve } = this.#pending;
    const length = this.#take(buffer);
    if (length === 0) return;
    this.#pending = undefined;
    resolve(length);
  }

  /** @returns bytes taken, 0 when there are none yet, `null` at the end */
  #take(buffer: Uint8Array): number | null {
    const available = Math.min(this.#tls.readableLength, buffer.length);
    const data: Uint8Array | null = this.#tls.read(available); // a read of 0 bytes asks for more
    if (available === 0 || data === null) return this.#ended ? null : 0;
    buffer.set(data);
    this.#encrypted.release();
    return data.length;
  }
}

function asLost(error: Error): Error {
  return new Deno.errors.ConnectionReset(error.message, { cause: error });
}
