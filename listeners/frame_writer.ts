/** The outgoing half of a WebSocket: frames one behind the other, whoever sends them.
 * @module */
import type { Socket } from "../src/broker/core/listener.ts";
import type { Slab } from "../src/packets/slab.ts";
import { CloseStatus, Opcode } from "./frame_decoder.ts";
import { controlFrame, type FrameEncoder } from "./frame_encoder.ts";

/** Bytes that are taken at once. */
const LONGEST_WRITE = 1_048_576;
const NOTHING: Uint8Array = new Uint8Array(0);
/** For a write that has failed: who began it, or who reads, is told. */
const told = () => {};

/** Sends frames over a socket, one write at a time. */
export class FrameWriter {
  #socket: Socket;
  #encoder: FrameEncoder;
  /** The write under way: settles when it is done or has failed. */
  #busy: Promise<number> | undefined = undefined;
  /** What of it the socket has not taken, the memory that this is in, and how many bytes were asked for. */
  #rest: Uint8Array = NOTHING;
  #slab: Slab | undefined = undefined;
  #asked = 0;
  #closing: Promise<void> | undefined = undefined;
  /** Answer to the last ping that is not answered yet: a peer that sends more of them than it reads gets the last one's. */
  #pong: Uint8Array | undefined = undefined;
  readonly #taken = (count: number) => this.#goOn(count);
  readonly #failed = (error: unknown) => {
    this.#end();
    throw error;
  };

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
  write(data: Uint8Array): Promise<number> {
    if (!this.isIdle) return this.#writeLater(data);
    const asked = Math.min(data.length, LONGEST_WRITE);
    const { slab, length } = this.#encoder.encode(asked < data.length ? data.subarray(0, asked) : data);
    this.#slab = slab;
    this.#asked = asked;
    return this.#send(slab.bytes.subarray(0, length));
  }

  async #writeLater(data: Uint8Array): Promise<number> {
    while (this.#busy !== undefined && this.#closing === undefined) await this.#busy.catch(told);
    if (this.#closing !== undefined) throw new Deno.errors.BrokenPipe("the stream is closed");
    return this.write(data);
  }

  /**
   * Answers a ping, as soon as a frame may begin.
   *
   * @param payload what the ping has brought
   */
  pong(payload: Uint8Array): void {
    this.#pong = payload;
    if (this.#busy === undefined) this.#answer();
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
    while (this.#busy !== undefined) await this.#busy.catch(told);
    if (!this.#encoder.isBetweenFrames) return;
    const payload = status === CloseStatus.NoStatus ? NOTHING : Uint8Array.of(status >>> 8, status);
    await this.#send(controlFrame(Opcode.Close, payload)).catch(told);
  }

  /** Not async, as writes follow one another: one promise for each (`tests/bench/frames_bench.ts`). */
  #send(bytes: Uint8Array): Promise<number> {
    this.#rest = bytes;
    return this.#busy = this.#socket.write(bytes).then(this.#taken, this.#failed);
  }

  #goOn(count: number): number | Promise<number> {
    if (count < this.#rest.length) return this.#send(this.#rest.subarray(count));
    return this.#end();
  }

  /** @returns how many bytes were asked for */
  #end(): number {
    this.#busy = undefined;
    this.#rest = NOTHING;
    this.#slab?.release();
    this.#slab = undefined;
    this.#answer();
    return this.#asked;
  }

  #answer(): void {
    const pong = this.#pong;
    if (pong === undefined || this.#closing !== undefined || !this.#encoder.isBetweenFrames) return;
    this.#pong = undefined;
    this.#send(controlFrame(Opcode.Pong, pong)).catch(told);
  }
}
