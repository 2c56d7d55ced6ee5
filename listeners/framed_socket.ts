/** A WebSocket over any socket, as a socket of the broker: the bytes within its frames.
 * @module */
import type { Socket } from "../src/broker/core/listener.ts";
import type { PeerCertificate } from "../src/session/client.ts";
import { CloseStatus, FrameDecoder } from "./frame_decoder.ts";
import type { FrameEncoder } from "./frame_encoder.ts";
import { FrameWriter } from "./frame_writer.ts";
import { linger } from "./linger.ts";

/** Milliseconds that a closed socket may still take for its last bytes. */
const CLOSE_TIMEOUT = 1_000;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Reads from the network only when it is read, and into the memory of who reads: so it has no buffer that could grow, and a peer
 * is slowed down as TCP does it.
 */
export class FramedSocket implements Socket {
  /** Address of the peer. */
  readonly remoteAddress: string;
  /** Certificate of the peer, where it was asked for one. */
  readonly certificate: PeerCertificate | undefined;
  #socket: Socket;
  #writer: FrameWriter;
  #decoder: FrameDecoder = new FrameDecoder();
  /** What came in right behind the request, up to its last byte. */
  #early: Uint8Array;
  #buffer: Uint8Array = NOTHING;
  #isReading = false;
  #hasEnded = false;
  #isClosed = false;
  readonly #arrived = (length: number | null) => this.#take(length);
  readonly #lost = (error: unknown) => {
    this.#finish(null);
    if (this.#isClosed) return null;
    throw error;
  };

  /**
   * Makes one.
   *
   * @param socket the network, behind the handshake
   * @param options what makes frames, and what has arrived already
   */
  constructor(socket: Socket, options: { encoder: FrameEncoder; early?: Uint8Array }) {
    this.remoteAddress = socket.remoteAddress;
    this.certificate = socket.certificate;
    this.#socket = socket;
    this.#writer = new FrameWriter(socket, options.encoder);
    this.#early = options.early ?? NOTHING;
  }

  /**
   * Reads once from the network, and takes the payload of as many frames as have arrived. Who sends frames without one is read
   * on in its turn, as everybody is.
   *
   * @param buffer where the bytes go
   * @returns the number of bytes, 0 where there was no payload, `null` at the end
   */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#isReading) return Promise.reject(new Deno.errors.Busy("another read is pending"));
    if (this.#hasEnded) return Promise.resolve(null);
    this.#buffer = buffer;
    this.#isReading = true;
    if (this.#decoder.closeStatus !== undefined) return this.#sayGoodbye(this.#decoder.closeStatus);
    return this.#receive().then(this.#arrived, this.#lost);
  }

  /**
   * Sends some or all of the bytes.
   *
   * @param data the bytes
   * @returns how many were taken
   */
  write(data: Uint8Array): Promise<number> {
    return this.#writer.write(data);
  }

  /** Tells the peer that nothing more comes; it answers, and then `read` returns `null`. */
  closeWrite(): Promise<void> {
    return this.#writer.close(CloseStatus.Normal);
  }

  /** Ends the stream: at once when a write is under way, otherwise after a close frame. Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = this.#hasEnded = true;
    if (!this.#writer.isIdle) return this.#socket.close();
    const late = setTimeout(() => this.#socket.close(), CLOSE_TIMEOUT);
    this.#writer.close(CloseStatus.Normal).finally(() => {
      clearTimeout(late);
      this.#socket.close();
    });
  }

  #receive(): Promise<number | null> {
    if (this.#early.length === 0) return this.#socket.read(this.#buffer);
    const count = Math.min(this.#early.length, this.#buffer.length);
    this.#buffer.set(this.#early.subarray(0, count));
    this.#early = this.#early.subarray(count);
    return Promise.resolve(count);
  }

  #take(length: number | null): number | null | Promise<null> {
    const payload = this.#payloadOf(length), { closeStatus } = this.#decoder;
    return payload === 0 && closeStatus !== undefined ? this.#sayGoodbye(closeStatus) : this.#finish(payload);
  }

  /** @returns bytes of payload, `null` at the end of the network */
  #payloadOf(length: number | null): number | null {
    if (length === null || this.#isClosed) return null;
    const decoder = this.#decoder, payload = decoder.decode(this.#buffer, length);
    if (decoder.ping !== undefined) this.#writer.pong(decoder.ping);
    decoder.ping = undefined;
    if (decoder.closeStatus !== undefined) this.#writer.close(decoder.closeStatus);
    return payload;
  }

  /** The peer has closed and gets its answer, or has done what it must not and is left to read the reason. */
  async #sayGoodbye(status: number): Promise<null> {
    const late = setTimeout(() => this.#socket.close(), CLOSE_TIMEOUT);
    await this.#writer.close(status);
    if (!this.#decoder.peerClosed) await linger(this.#socket);
    clearTimeout(late);
    return this.#finish(null) as null;
  }

  #finish(taken: number | null): number | null {
    if (taken === null) this.#hasEnded = true;
    this.#isReading = false;
    this.#buffer = NOTHING;
    return taken;
  }
}
