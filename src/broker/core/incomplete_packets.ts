/** Packets that have begun and do not end: each holds memory and a client's place in it.
 *
 * A limit of time would end honest clients that send a large packet over a slow link, so such a packet only has to go on. Clients
 * are looked at here only while a packet of theirs is incomplete, and then now and then: that costs no timer for each packet or
 * client.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Deadlines } from "../../time/deadline.ts";

/** Milliseconds in which a packet has to become whole or to grow by {@linkcode LEAST_GROWTH} bytes: 17 bytes a second. */
const TIME = 60_000, LEAST_GROWTH = 1_024;
/** Milliseconds between two looks. */
const LOOK_EVERY = 15_000;
/** So many bytes of a packet that is not whole are much where memory is short. */
const MUCH = 65_536;

/** Who reads from a client. */
export interface PacketSource {
  /** True while it is looked at here. */
  isWatched: boolean;
  /** True while the broker itself does not read: that time is not the client's. */
  readonly isBusy: boolean;
  /** Bytes of the packet that is incomplete; 0 without one. */
  readonly incompleteBytes: number;
  /** Packets that were whole so far. */
  readonly packets: number;
  /** Ends the connection. */
  end(reasonCode: number, error: Error): void;
}

interface Seen {
  readonly since: number;
  readonly packets: number;
  readonly bytes: number;
}

/** All of a broker. */
export class IncompletePackets {
  readonly #deadlines: Deadlines;
  readonly #sources = new Map<PacketSource, Seen>();
  #isLookDue = false;

  /** @param deadlines when it is looked, and the time that counts */
  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** A packet is incomplete; the source is looked at until none is. */
  watch(source: PacketSource): void {
    source.isWatched = true;
    this.#sources.set(source, this.#see(source));
    this.#lookLater();
  }

  /** No packet is incomplete, or the connection has ended: its memory is not held until the next look. */
  forget(source: PacketSource): void {
    source.isWatched = false;
    this.#sources.delete(source);
  }

  /**
   * Memory has become short: who holds much of it for a packet that is not whole has to send it again. Whose packets are being handled
   * is asked when that is done.
   */
  endLarge(): void {
    for (const source of this.#sources.keys()) if (!source.isBusy) this.endIfLarge(source);
  }

  /** The same for one of them that is not being handled. */
  endIfLarge(source: PacketSource): void {
    if (source.incompleteBytes < MUCH) return;
    this.forget(source);
    source.end(ReasonCode.QuotaExceeded, new Error("there is no memory for a packet that is not whole yet"));
  }

  #see({ packets, incompleteBytes }: PacketSource): Seen {
    return { since: this.#deadlines.now(), packets, bytes: incompleteBytes };
  }

  #lookLater(): void {
    if (this.#isLookDue || this.#sources.size === 0) return;
    this.#isLookDue = true;
    this.#deadlines.begin(LOOK_EVERY, {
      silence: () => Infinity,
      expired: () => {
        this.#isLookDue = false;
        for (const [source, seen] of this.#sources) this.#look(source, seen);
        this.#lookLater();
      },
    });
  }

  #look(source: PacketSource, seen: Seen): void {
    const { isBusy, incompleteBytes, packets } = source;
    if (incompleteBytes === 0) return this.forget(source);
    const goesOn = isBusy || packets !== seen.packets || incompleteBytes >= seen.bytes + LEAST_GROWTH;
    if (goesOn) this.#sources.set(source, this.#see(source));
    else if (this.#deadlines.now() - seen.since >= TIME) {
      this.forget(source);
      source.end(ReasonCode.ImplementationSpecificError, new Error("a packet was begun and did not go on"));
    }
  }
}
