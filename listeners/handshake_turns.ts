/** Which TLS handshake begins next.
 * @module */
import type { ListenerContext, Socket } from "../src/broker/core/listener.ts";
import { peerOf } from "../src/session/peer_address.ts";

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

  /** Ends the stream both ways. It has no turn any more. */
  close(): void {
    this.isGone = true;
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

/** Somebody whose turn has not come. */
interface Waiting {
  readonly peer: WaitingPeer;
  begin(): void;
  refuse(error: Error): void;
}

/**
 * Lets handshakes begin a few at a time: one of each peer (an IPv4 address, or an IPv6 network) in turn, and those of one in the order in
 * which they came, so that nobody waits for all that another has begun. Whose peer has gone is passed over.
 */
export class HandshakeTurns {
  /** By peer, the one whose turn is next first. */
  readonly #waiting: Map<string, Set<Waiting>> = new Map();
  #isRoundComing = false;

  /**
   * Waits.
   *
   * @param peer who waits
   * @param context whose rounds they are
   * @returns resolves when its handshake may begin
   * @throws Error (as rejection) when the peer has gone
   */
  next(peer: WaitingPeer, context: Pick<ListenerContext, "nextRound">): Promise<void> {
    const address = peerOf(peer.remoteAddress), others = this.#waiting.get(address) ?? new Set();
    this.#waiting.set(address, others);
    return new Promise((begin, refuse) => {
      others.add({ peer, begin, refuse });
      if (!this.#isRoundComing) this.#callRound(context);
    });
  }

  #callRound(context: Pick<ListenerContext, "nextRound">): void {
    this.#isRoundComing = true;
    void context.nextRound().then(() => this.#beginSome(context));
  }

  #beginSome(context: Pick<ListenerContext, "nextRound">): void {
    this.#isRoundComing = false;
    for (let begun = 0; begun < HANDSHAKES_A_ROUND && this.#waiting.size > 0;) {
      const { peer, begin, refuse } = this.#takeNext();
      if (peer.isGone) refuse(new Error("the peer went away before its TLS handshake"));
      else {
        begin();
        begun++;
      }
    }
    if (this.#waiting.size > 0) this.#callRound(context);
  }

  /** Takes the first one of those whose turn it is, who go behind the others. */
  #takeNext(): Waiting {
    const [[address, waiting]] = this.#waiting, [next] = waiting;
    waiting.delete(next);
    this.#waiting.delete(address);
    if (waiting.size > 0) this.#waiting.set(address, waiting);
    return next;
  }
}
