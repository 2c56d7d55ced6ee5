/** The end of a socket: what was written still arrives.
 * @module */
import type { Scheduler } from "../../time/scheduler.ts";
import type { Socket } from "../core/listener.ts";
import type { OutboundQueue } from "../outbound/outbound_queue.ts";

/** Milliseconds in which the last bytes have to leave. */
const LAST_BYTES = 5_000;
/** Milliseconds in which the peer may close after it has read everything. */
const PEER_CLOSES = 500;
/** So many reads nearly everybody ends within; between more of them are so many milliseconds for each that was before. */
const FREE_READS = 3, REST = 5;
/** Where all of them put it. */
const scrap = new Uint8Array(65_536);

/** Closes one socket in order: last bytes, end of the outgoing half, end of the incoming half. */
export class SocketCloser {
  /** True once the peer has ended its half. */
  peerGone = false;
  readonly #scheduler: Scheduler;
  readonly #socket: Socket;
  readonly #out: OutboundQueue;
  #closeNow: (() => void) | undefined;

  /**
   * @param scheduler for the limits of time
   * @param socket what is closed
   * @param out its outbound queue
   */
  constructor(scheduler: Scheduler, socket: Socket, out: OutboundQueue) {
    this.#scheduler = scheduler;
    this.#socket = socket;
    this.#out = out;
  }

  /** Closes the socket. With `linger` the peer is left to close first, for as long as the last bytes may take. */
  close(linger: boolean): void {
    this.#closeWithin(LAST_BYTES);
    this.#out.end(() => {
      if (!linger || this.peerGone) this.#endOutgoing();
    });
  }

  /**
   * Reads on until the peer ends, so that bytes which still arrive do not make the transport throw away what was written. Who goes
   * on sending is read more and more seldom: nobody needs that, and others wait for their turn.
   * @param socket where its bytes come from
   */
  async peerEnds(socket: Socket): Promise<void> {
    try {
      for (let reads = 1; !this.peerGone && await socket.read(scrap) !== null; reads++) {
        if (reads > FREE_READS) await this.#pause(reads * REST);
      }
    } catch { /* the peer has gone */ }
    this.peerGone = true;
    this.#closeNow?.();
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#scheduler.after(milliseconds, resolve));
  }

  #endOutgoing(): void {
    const close = this.#closeNow!;
    if (this.peerGone || this.#socket.closeWrite === undefined) return close();
    this.#closeWithin(PEER_CLOSES);
    this.#socket.closeWrite().catch(() => this.#closeNow!());
  }

  #closeWithin(milliseconds: number): void {
    const earlier = this.#closeNow;
    const task = this.#scheduler.after(milliseconds, () => this.#closeNow!());
    this.#closeNow = () => {
      this.#scheduler.cancel(task);
      if (earlier === undefined) this.#socket.close();
      else earlier();
    };
  }
}
