/** Which TLS handshake begins next.
 * @module */
import type { Socket } from "../src/broker/core/listener.ts";

/** Bytes that are read ahead of a handshake; few clients send any. */
const AHEAD = 256;
/** Each takes about a millisecond, and a thousand may want to begin at once. */
const HANDSHAKES_A_ROUND = 2;

/** A socket whose handshake has not begun: it is read ahead, so that it is noticed when its peer goes. */
export class WaitingPeer implements Socket {
  /** True once the peer has gone, or the socket was closed. */
  isGone = false;
  /** Address of the peer. */
  readonly remoteAddress: string;
  #socket: Socket;
  #bytes: Uint8Array = new Uint8Array(AHEAD);
  #ahead: Promise<number | null> | undefined;

  /**
   * Begins to read.
   *
   * @param socket the network; nobody else reads it
   */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress;
    this.#ahead = socket.read(this.#bytes);
    this.#ahead.then((length) => this.isGone = length === null, () => this.isGone = true);
  }

  /**
   * Reads at least one byte, first of what was read ahead.
   *
   * @param buffer where the bytes go, 256 or more
   * @returns the number of bytes, `null` at the end
   */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#ahead === undefined ? this.#socket.read(buffer) : this.#takeAhead(this.#ahead, buffer);
  }

  /**
   * Writes some or all of the bytes.
   *
   * @param data the bytes
   * @returns how many were taken
   */
  write(data: Uint8Array): Promise<number> {
    return this.#socket.write(data);
  }

  /** Ends the outgoing half, where the transport can do that. */
  async closeWrite(): Promise<void> {
    await this.#socket.closeWrite?.();
  }

  /** Ends the stream both ways. */
  close(): void {
    this.#socket.close();
  }

  async #takeAhead(ahead: Promise<number | null>, buffer: Uint8Array): Promise<number | null> {
    const length = await ahead;
    this.#ahead = undefined;
    if (length !== null) buffer.set(this.#bytes.subarray(0, length));
    this.#bytes = buffer.subarray(0, 0);
    return length;
  }
}

/** Lets handshakes begin a few at a time, in the order in which they came. Whose peer has gone is passed over. */
export class HandshakeTurns {
  #waiting: { peer: WaitingPeer; begin(): void; refuse(error: Error): void }[] = [];

  /**
   * Waits.
   *
   * @param peer who waits
   * @returns resolves when its handshake may begin
   * @throws Error (as rejection) when the peer has gone
   */
  next(peer: WaitingPeer): Promise<void> {
    return new Promise((begin, refuse) => {
      if (this.#waiting.push({ peer, begin, refuse }) === 1) this.#callRound();
    });
  }

  /** By a timer: while a `setImmediate` waits, the runtime looks at sockets only now and then. */
  #callRound(): void {
    setTimeout(() => this.#beginSome(), 0);
  }

  #beginSome(): void {
    let begun = 0, looked = 0;
    while (begun < HANDSHAKES_A_ROUND && looked < this.#waiting.length) {
      const { peer, begin, refuse } = this.#waiting[looked++];
      if (peer.isGone) {
        refuse(new Error("the peer went away before its TLS handshake"));
        continue;
      }
      begin();
      begun++;
    }
    this.#waiting.splice(0, looked);
    if (this.#waiting.length > 0) this.#callRound();
  }
}
