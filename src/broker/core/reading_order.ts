/** Who reads when: everybody soon, and nobody so much that others wait for it.
 *
 * Three things about the runtime (Deno 2.9, `tests/bench/fairness_bench.ts`) decide how this is done:
 * - A read that finds data is over at once, for 128 reads one behind the other. Meanwhile nothing else happens in the process:
 *   no timer, no signal, no other socket.
 * - Of the reads that had to wait for data it hands over 128 at most before the next look, and puts what is beyond that back
 *   behind all others, in reverse. As long as there is more than it can hand over, one read may wait for seconds.
 * - It looks at the sockets when there is nothing to do, and otherwise only each 61st time that the event loop goes round.
 *
 * So whoever wants to read on says so here, and reads on with others, a few in each round of the event loop; publishers not
 * before the runtime has handed over what it has.
 * @module */

/** Milliseconds that reading goes on without a round. */
const LONGEST_RUN = 3;
/** A reader that has handled so many bytes goes on behind all who have handled less. */
export const HEAVY = 16_384;
/** A read of fewer bytes costs little, whatever its packets are; a thousand PINGREQ or a long payload do not. */
const SMALL = 1_024;
/** So many readers of each kind read on in one round, */
const ROUND_READERS = 64;
/** and no more of them than have handled so many bytes. */
export const ROUND_BYTES = 131_072;
/** So many reads handed over between two rounds mean that the runtime may have more than it can hand over. */
const CROWD = 100;
/** So few mean that it has no more: with their answers it could have handed over as many again. */
const CALM = 50;
/** So many of them let publishers wait for one more look. */
const MORE = 16;
/** Milliseconds that publishers wait for others at most, */
const LONGEST_WAIT = 50;
/**
 * unless the runtime has always had more than it could hand over for so long: it takes up last what it has put back first, so that
 * one read may wait as long as there is more. Then nobody reads on before it has handed over all that it has.
 */
const LONGEST_CROWD = 700;
/** Milliseconds of rounds after which the runtime has to look at the sockets. */
const LOOK_EVERY = 16;
/** The same while it had more than it could hand over. */
const LOOK_IN_CROWD_EVERY = 4;
/** So often the event loop has to go round for that; it takes 100 to 200 microseconds. */
const LOOK = 64;
/** Meanwhile those who ask little read on each time that it has gone round so often, unless publishers wait as well. */
const QUICK_EVERY = 8;

/** A time before all others. No zero: V8 keeps other numbers apart from small integers, and throws code away that has seen only those. */
const NEVER = -Infinity;

/** Somebody who wants to read on. */
export interface Reader {
  /** Bytes of its last read, or as many as are handled in the time that it took. */
  readonly cost: number;
  /** When its turn began, in milliseconds since 1970. */
  readonly turnBegan: number;
  /**
   * True when nobody waits for an answer to them: there was a PUBLISH of QoS 0, or there were several. Who publishes one message
   * of QoS 1 or 2 at a time sends no more than is answered.
   */
  readonly hasFlooded: boolean;
  /** The round in which its last read began: for {@linkcode ReadingOrder}, which writes it. */
  begunIn: number;
  /** Reads on. */
  readOn(): void;
}

/** One for each broker. */
export class ReadingOrder {
  /** Who has asked or acknowledged a little, or published one short message: that costs little, and somebody waits for it. */
  readonly #quick: Reader[] = [];
  readonly #publishing: Reader[] = [];
  readonly #heavy: Reader[] = [];
  /** What is done at the end of the next round. */
  #work: (() => unknown)[] = [];
  /** Number of the round, and when it began. */
  #round = 0;
  #roundStart = NEVER;
  #isRoundComing = false;
  /** How often the event loop has yet to go round before it begins. */
  #laps = 0;
  #lastLook = NEVER;
  /** When the clock was asked last. */
  #lastActive = NEVER;
  /** Reads that the runtime has handed over since the round began. */
  #handedOver = 0;
  /** True from when it had more than it can hand over until nobody waits any more. */
  #isCrowded = false;
  /** When it had no more than that the last time. */
  #calmAt = NEVER;
  /** True when it looks at the sockets before the next round. */
  #looks = false;
  /** What {@linkcode ReadingOrder.#mayHaveMore} has said last. */
  #hasMore = false;
  /** When publishers were let read last. */
  #lastRelease = NEVER;
  readonly #onError: (error: unknown) => void;
  readonly #lap = () => {
    if (--this.#laps === 0) return this.#beginRound();
    if (this.#laps % QUICK_EVERY === 0 && !this.#hasMore) this.#letSome(this.#quick);
    setImmediate(this.#lap);
  };

  /** @param onError told of what a reader throws: the others read on all the same */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Lets a reader read on when its turn has come. */
  add(reader: Reader): void {
    if (reader.begunIn !== this.#round) this.#handedOver++;
    // after a pause there was time to look at the sockets
    if (this.#count() === 0 && reader.turnBegan > this.#lastActive) this.#lastLook = this.#calmAt = reader.turnBegan;
    if (reader.cost >= HEAVY) this.#heavy.push(reader);
    else if (reader.hasFlooded || reader.cost >= SMALL) this.#publishing.push(reader);
    else this.#quick.push(reader);
  }

  /** Counts a read that the runtime has handed over and nobody goes on with: the connection has ended. */
  readEnded(): void {
    this.#handedOver++;
  }

  /**
   * Does something at the end of the next round. Of work that never ends by itself a part is done each time, and the sockets are
   * looked at in between.
   * @param work never throws
   */
  afterRound(work: () => unknown): void {
    this.#work.push(work);
    if (!this.#isRoundComing) this.#askForRound(this.#now());
  }

  /** What was read is handled, and the answers are on their way. */
  turnEnded(): void {
    const count = this.#count();
    if (count === 0 || this.#isRoundComing) return;
    const now = this.#now();
    const maySkipRound = count <= ROUND_READERS && now - this.#roundStart < LONGEST_RUN;
    if (!maySkipRound || !this.#letAllRead()) this.#askForRound(now);
  }

  /** The system's clock, which costs little, may be set back: nothing that is to come can be told from what it said before. */
  #now(): number {
    const now = Date.now();
    if (now < this.#lastActive) {
      this.#roundStart =
        this.#lastLook =
        this.#lastRelease =
        this.#calmAt =
          NEVER;
    }
    return this.#lastActive = now;
  }

  #count(): number {
    return this.#quick.length + this.#publishing.length + this.#heavy.length;
  }

  #askForRound(now: number): void {
    this.#isRoundComing = true;
    if (this.#handedOver >= CROWD) this.#isCrowded = true;
    this.#hasMore = this.#mayHaveMore(now);
    this.#looks = this.#work.length > 0 || this.#hasMore ||
      now - this.#lastLook >= (this.#isCrowded ? LOOK_IN_CROWD_EVERY : LOOK_EVERY);
    if (this.#looks) this.#lastLook = now;
    this.#laps = this.#looks ? LOOK : 1;
    setImmediate(this.#lap);
  }

  /** True when publishers wait until the runtime has handed over what it has. */
  #mayHaveMore(now: number): boolean {
    return this.#isCrowded && this.#handedOver >= MORE &&
      (now - this.#lastRelease < LONGEST_WAIT || this.#isCrowdedLong(now));
  }

  #isCrowdedLong(now: number): boolean {
    return now - this.#calmAt >= LONGEST_CROWD;
  }

  #beginRound(): void {
    const now = this.#now();
    this.#hasMore = this.#mayHaveMore(now);
    if (this.#looks && this.#handedOver < CALM) this.#calmAt = now;
    this.#roundStart = now;
    this.#round++;
    if (!this.#hasMore || !this.#isCrowdedLong(now)) this.#letSome(this.#quick);
    if (!this.#hasMore) this.#release(now);
    this.#isRoundComing = false;
    if (this.#count() + this.#work.length > 0) this.#askForRound(now);
    this.#handedOver = 0;
    this.#now();
  }

  /** Lets publishers read, as many as leave room for others, and does some work. */
  #release(now: number): void {
    this.#lastRelease = now;
    this.#letSome(this.#publishing);
    this.#letSome(this.#heavy);
    this.#doWork();
    if (this.#count() === 0) this.#isCrowded = false;
  }

  #doWork(): void {
    const work = this.#work;
    this.#work = [];
    for (const part of work) part();
  }

  /** @returns false when some of them have to wait all the same */
  #letAllRead(): boolean {
    return this.#let(this.#quick, this.#quick.length) && this.#let(this.#publishing, this.#publishing.length) &&
      this.#let(this.#heavy, this.#heavy.length);
  }

  #letSome(readers: Reader[]): void {
    let count = 0, bytes = 0;
    const most = Math.min(readers.length, ROUND_READERS);
    while (count < most && bytes < ROUND_BYTES) bytes += readers[count++].cost;
    this.#let(readers, count);
  }

  /**
   * What a read brings may cost more than the last one of its reader: after some time the others wait for the next round.
   * @returns false when they do
   */
  #let(readers: Reader[], count: number): boolean {
    if (count === 0) return true;
    const until = Date.now() + LONGEST_RUN, begun = readers.splice(0, count);
    for (let index = 0; index < count; index++) {
      if (index > 0 && Date.now() > until) {
        readers.unshift(...begun.slice(index));
        return false;
      }
      const reader = begun[index];
      reader.begunIn = this.#round;
      try {
        reader.readOn();
      } catch (error) {
        this.#onError(error);
      }
    }
    return true;
  }
}
