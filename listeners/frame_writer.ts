/** The outgoing half of a WebSocket: frames one behind the other, whoever sends them.
 * @module */
import type { Socket } from "../src/broker/core/listener.ts";
import { CloseStatus, Opcode } from "./frame_decoder.ts";
import { controlFrame, type FrameEncoder } from "./frame_encoder.ts";
import { writeAll } from "./linger.ts";

/** Bytes that are taken at once. */
const LONGEST_WRITE = 1_048_576;
const NOTHING: Uint8Array = new Uint8Array(0);

/** Sends frames over a socket, one write at a time. */
export class FrameWriter {
  #socket: Socket;
  #encoder: FrameEncoder;
  /** Settles when the write under way is done or has failed. */
  #busy: Promise<void> | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;
  /** Answer to the last ping that is not answered yet: a peer that sends more of them than it reads gets the last one's. */
  #pong: Uint8Array | undefined = undefined;
  readonly #idle = () => this.#goOn();

  /**
   * Makes one.
   *
   * @param socket where frames go
   * @param encoder what makes them
   */
  constructor(socket: Socket, encoder: FrameEncoder) {
    this.#socket = socket;
    this.#encoder = encoder;
  }

  /** True while nothing is on its way and no close frame was sent. */
  get isIdle(): boolean {
    return this.#busy === undefined && this.#closing === undefined;
  }

  /**
   * Sends some or all of the bytes.
   *
   * @param data the bytes
   * @returns how many were taken, when they have left
   */
  async write(data: Uint8Array): Promise<number> {
    while (this.#busy !== undefined && this.#closing === undefined) await this.#busy;
    if (this.#closing !== undefined) throw new Deno.errors.BrokenPipe("the stream is closed");
    const part = data.length > LONGEST_WRITE ? data.subarray(0, LONGEST_WRITE) : data;
    const { slab, length } = this.#encoder.encode(part);
    try {
      await this.#send(slab.bytes.subarray(0, length));
    } finally {
      slab.release();
    }
    return part.length;
  }

  /**
   * Answers a ping, as soon as a frame may begin.
   *
   * @param payload what the ping has brought
   */
  pong(payload: Uint8Array): void {
    this.#pong = payload;
    if (this.#busy === undefined) this.#goOn();
  }

  /**
   * Sends a close frame, once, after what is on its way; nothing can be written any more.
   *
   * @param status the status, `CloseStatus.NoStatus` for none
   * @returns resolves when it has left, or cannot leave
   */
  close(status: number): Promise<void> {
    return this.#closing ??= this.#close(status);
  }

  async #close(status: number): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
    if (!this.#encoder.isBetweenFrames) return;
    const payload = status === CloseStatus.NoStatus ? NOTHING : Uint8Array.of(status >>> 8, status);
    await this.#send(controlFrame(Opcode.Close, payload)).catch(() => {}); // the peer has gone
  }

  #send(bytes: Uint8Array): Promise<void> {
    const sending = writeAll(this.#socket, bytes);
    this.#busy = sending.then(this.#idle, this.#idle);
    return sending;
  }

  #goOn(): void {
    this.#busy = undefined;
    const pong = this.#pong;
    if (pong === undefined || this.#closing !== undefined || !this.#encoder.isBetweenFrames) return;
    this.#pong = undefined;
    this.#send(controlFrame(Opcode.Pong, pong)).catch(() => {}); // who reads learns that the peer has gone
  }
}
