/** MQTT's bytes within the binary frames of a WebSocket, over any socket.
 * @module */
import type { Socket } from "../src/broker/listener.ts";
import type { PeerCertificate } from "../src/session/client.ts";
import { closePayload, encodeFrame, FrameDecoder, Opcode } from "./websocket_frames.ts";

const LARGEST_FRAME = 65_536;
const CLOSE_TIMEOUT = 250;

/**
 * Takes frames apart and makes them. The reader's buffer is the only one: bytes are decoded in it, a frame of any size
 * passes through as it arrives, and while nobody reads the network waits.
 */
export class WebSocketStream implements Socket {
  /** Address of the peer. */
  readonly remoteAddress: string;
  /** Certificate of the peer, when it was asked for. */
  readonly certificate: PeerCertificate | undefined;
  #socket: Socket;
  #early: Uint8Array;
  #decoder: FrameDecoder = new FrameDecoder();
  #sending: Promise<void> | undefined = undefined;
  #closeSent = false;
  #closed = false;

  /**
   * Makes one.
   *
   * @param socket the network, after the handshake
   * @param early bytes that came in with the handshake
   */
  constructor(socket: Socket, early: Uint8Array) {
    this.#socket = socket;
    this.#early = early;
    this.remoteAddress = socket.remoteAddress;
    this.certificate = socket.certificate;
  }

  /**
   * Reads at least one byte of payload.
   *
   * @param buffer where the bytes go
   * @returns the number of bytes, `null` at the end
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#decoder.end === undefined) {
      const length = this.#early.length > 0 ? this.#takeEarly(buffer) : await this.#socket.read(buffer);
      if (length === null) return null;
      const payload = this.#decoder.decode(buffer, length);
      this.#answerPing();
      if (payload > 0) return payload;
    }
    this.#sendClose().catch(() => {}); // not earlier: what came before the end may still be answered
    return null;
  }

  /**
   * Writes some or all of the bytes, as one frame.
   *
   * @param data the bytes
   * @returns how many were taken
   */
  async write(data: Uint8Array): Promise<number> {
    if (this.#closeSent || this.#closed) throw new Deno.errors.BrokenPipe("the stream is closed");
    const part = data.length > LARGEST_FRAME ? data.subarray(0, LARGEST_FRAME) : data;
    await this.#send(encodeFrame(Opcode.BINARY, part));
    return part.length;
  }

  /** Tells the peer that nothing more comes; it answers, and then `read` returns `null`. */
  async closeWrite(): Promise<void> {
    await this.#sendClose();
  }

  /** Ends the stream after what was written, at once when the peer does not take it. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const last = setTimeout(() => this.#socket.close(), CLOSE_TIMEOUT);
    this.#sendClose().catch(() => {}).finally(() => {
      clearTimeout(last);
      this.#socket.close();
    });
  }

  #takeEarly(buffer: Uint8Array): number {
    const part = this.#early.subarray(0, buffer.length);
    buffer.set(part);
    this.#early = this.#early.subarray(part.length);
    return part.length;
  }

  /** A peer that takes no answers gets only the last one. */
  #answerPing(): void {
    const { ping } = this.#decoder;
    if (ping === undefined || this.#sending !== undefined || this.#closeSent) return;
    this.#decoder.ping = undefined;
    this.#send(encodeFrame(Opcode.PONG, ping)).catch(() => {}); // the reader finds out that the peer is gone
  }

  /** Closes with the status that the peer has given, with the one for its mistake, or as usual. */
  #sendClose(): Promise<void> {
    if (this.#closeSent) return Promise.resolve();
    this.#closeSent = true;
    const { code, closed, reason } = this.#decoder.end ?? { code: 1000, closed: true, reason: "" };
    const payload = code === undefined ? new Uint8Array(0) : closePayload(code, closed ? "" : reason);
    return this.#send(encodeFrame(Opcode.CLOSE, payload));
  }

  /** One frame after the other: a frame may take several writes. */
  async #send(frame: Uint8Array): Promise<void> {
    while (this.#sending !== undefined) await this.#sending.catch(() => {});
    this.#sending = this.#writeAll(frame);
    try {
      await this.#sending;
    } finally {
      this.#sending = undefined;
      this.#answerPing();
    }
  }

  async #writeAll(frame: Uint8Array): Promise<void> {
    let written = await this.#socket.write(frame);
    while (written < frame.length) written += await this.#socket.write(frame.subarray(written));
  }
}
