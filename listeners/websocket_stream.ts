/** MQTT's bytes within the binary frames of a WebSocket, over any socket.
 * @module */
import type { Socket } from "../src/broker/listener.ts";
import type { PeerCertificate } from "../src/session/client.ts";
import { closePayload, encodeFrame } from "./websocket_encode.ts";
import { FrameDecoder, Opcode } from "./websocket_frames.ts";

const LARGEST_FRAME = 65_536;
const LARGEST_READ = 65_536;
const NOTHING = new Uint8Array(0);
const CLOSE_TIMEOUT = 250;

/**
 * Takes frames apart and makes them. Bytes are decoded in the reader's buffer, a frame of any size passes through as it
 * arrives, and while nobody reads the network waits.
 */
export class WebSocketStream implements Socket {
  /** Address of the peer. */
  readonly remoteAddress: string;
  /** Certificate of the peer, when it was asked for. */
  readonly certificate: PeerCertificate | undefined;
  #socket: Socket;
  #early: Uint8Array;
  #surplus: Uint8Array = NOTHING;
  #filled = false;
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
    for (;;) {
      if (this.#surplus.length > 0) return this.#takeSurplus(buffer);
      if (this.#decoder.end !== undefined) break;
      const target = this.#target(buffer);
      const length = this.#early.length > 0 ? this.#takeEarly(target) : await this.#socket.read(target);
      if (length === null) return null;
      this.#filled = length === target.length;
      const payload = this.#decoder.decode(target, length);
      this.#answerPing();
      if (target !== buffer) this.#surplus = target.subarray(0, payload);
      else if (payload > 0) return payload;
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

  /**
   * Where to read to. Payload never fills a buffer that frames have filled, so that a reader would not see that a larger
   * one is worth while; it does when it gets the payload of a larger one.
   */
  #target(buffer: Uint8Array): Uint8Array {
    return this.#filled && buffer.length < LARGEST_READ ? new Uint8Array(2 * buffer.length) : buffer;
  }

  #takeSurplus(buffer: Uint8Array): number {
    const length = copyInto(buffer, this.#surplus);
    this.#surplus = without(this.#surplus, length);
    return length;
  }

  #takeEarly(buffer: Uint8Array): number {
    const length = copyInto(buffer, this.#early);
    this.#early = without(this.#early, length);
    return length;
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
    const payload = code === undefined ? NOTHING : closePayload(code, closed ? "" : reason);
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

function copyInto(buffer: Uint8Array, bytes: Uint8Array): number {
  const length = Math.min(buffer.length, bytes.length);
  buffer.set(length < bytes.length ? bytes.subarray(0, length) : bytes);
  return length;
}

/** What is left; the memory is given back with the last byte. */
function without(bytes: Uint8Array, length: number): Uint8Array {
  return length < bytes.length ? bytes.subarray(length) : NOTHING;
}
