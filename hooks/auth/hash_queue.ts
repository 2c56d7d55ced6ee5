/** Hashes are computed a few at a time, and after a wrong password the core rests for as long as it has worked: whoever sends
 * passwords does not decide how much work that is.
 * @module */
import { MqttError } from "../../src/packets/errors.ts";
import { ReasonCode } from "../../src/packets/reason_codes.ts";
import type { Client } from "../../src/session/client.ts";
import { peerOf } from "../../src/session/peer_address.ts";

/** How much a {@linkcode HashQueue} takes. */
export interface HashQueueOptions {
  /** Computations at once. */
  readonly atOnce: number;
  /** Clients that may wait. */
  readonly waiting: number;
  /** Milliseconds that each of them may wait. */
  readonly patience: number;
}

/** A client that waits. */
interface Waiting {
  readonly client: Client;
  /** When it came, in milliseconds. */
  readonly since: number;
  begin(): void;
  refuse(error: MqttError): void;
}

/**
 * A short queue in front of computations. Addresses take turns, and where there is no room a newcomer takes the place of
 * the last one from the address that has the most; so one address never keeps out others. Clients that have gone are passed over.
 */
export class HashQueue {
  readonly #options: HashQueueOptions;
  /** By address; whose turn is next comes first. */
  readonly #lanes = new Map<string, Waiting[]>();
  #waiting = 0;
  #running = 0;
  /** When the next computation may begin, in milliseconds. */
  #restUntil = 0;
  #waking: ReturnType<typeof setTimeout> | undefined = undefined;

  /** @param options how much it takes */
  constructor(options: HashQueueOptions) {
    this.#options = options;
  }

  /**
   * Computes now or later.
   *
   * @param client for whom
   * @param compute finds out whether the client is right
   * @returns the result
   * @throws {MqttError} (as rejection) 0x97 where there is no room, the wait was too long or the client has gone meanwhile
   */
  async run(client: Client, compute: () => Promise<boolean>): Promise<boolean> {
    if (this.#waiting === 0 && this.#mayBegin()) this.#running++;
    else await this.#wait(client);
    const begun = performance.now();
    let isRight = false;
    try {
      return isRight = await compute();
    } finally {
      if (!isRight) this.#rest(performance.now() - begun);
      this.#running--;
      this.#beginNext();
    }
  }

  #mayBegin(): boolean {
    return this.#running < this.#options.atOnce && performance.now() >= this.#restUntil;
  }

  /** Wrong passwords take half of the time of the cores that compute. */
  #rest(milliseconds: number): void {
    this.#restUntil = Math.max(this.#restUntil, performance.now()) + milliseconds / this.#options.atOnce;
  }

  #wait(client: Client): Promise<void> {
    const peer = peerOf(client.remoteAddress);
    if (this.#waiting >= this.#options.waiting) this.#forgetGone();
    if (this.#waiting >= this.#options.waiting) this.#makeRoom(peer);
    return new Promise((begin, refuse) => {
      const waiting = { client, since: performance.now(), begin, refuse }, lane = this.#lanes.get(peer);
      if (lane === undefined) this.#lanes.set(peer, [waiting]);
      else lane.push(waiting);
      this.#waiting++;
      this.#beginNext();
    });
  }

  /** Takes the place of somebody whose address has more than the newcomer's would have. */
  #makeRoom(peer: string): void {
    let longest: Waiting[] = [];
    for (const lane of this.#lanes.values()) if (lane.length > longest.length) longest = lane;
    if (longest.length <= 1 + (this.#lanes.get(peer)?.length ?? 0)) throw tooMany();
    this.#waiting--;
    longest.pop()!.refuse(tooMany());
  }

  #forgetGone(): void {
    for (const [peer, lane] of this.#lanes) {
      const present = lane.filter(({ client }) => client.connected);
      for (const waiting of lane) if (!waiting.client.connected) waiting.refuse(tooMany());
      this.#waiting -= lane.length - present.length;
      if (present.length === 0) this.#lanes.delete(peer);
      else this.#lanes.set(peer, present);
    }
  }

  #beginNext(): void {
    while (this.#waiting > 0 && this.#mayBegin()) this.#begin(this.#takeNext()!);
    if (this.#waiting === 0 || this.#running >= this.#options.atOnce || this.#waking !== undefined) return;
    this.#waking = setTimeout(() => {
      this.#waking = undefined;
      this.#beginNext();
    }, Math.max(1, this.#restUntil - performance.now()));
  }

  #begin({ client, since, begin, refuse }: Waiting): void {
    if (!client.connected || since < performance.now() - this.#options.patience) return refuse(tooMany());
    this.#running++;
    begin();
  }

  /** The first one of the address whose turn it is; that address comes last from here on. */
  #takeNext(): Waiting | undefined {
    for (const [peer, lane] of this.#lanes) {
      const next = lane.shift();
      this.#lanes.delete(peer);
      if (lane.length > 0) this.#lanes.set(peer, lane);
      if (next === undefined) continue;
      this.#waiting--;
      return next;
    }
    return undefined;
  }
}

function tooMany(): MqttError {
  return new MqttError(
    ReasonCode.QuotaExceeded,
    "Cannot connect: too many passwords are being checked; try again later",
  );
}
