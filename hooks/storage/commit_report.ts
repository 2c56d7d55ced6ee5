/** What becomes of commits: counters, health, and one log line a period when they fail.
 * @module */
import { type Logger, silentLogger } from "../../src/hook/logger.ts";

/** Counters of a storage hook. */
export interface StorageStats {
  /** Commits that succeeded. */
  readonly commits: number;
  /** Items that they changed. */
  readonly mutations: number;
  /** Commits that failed and were tried again. */
  readonly failures: number;
  /** Events that were refused because too much waited for the store. */
  readonly refused: number;
  /** Items that wait to be committed. */
  readonly pendingMutations: number;
  /** Bytes that wait to be committed. */
  readonly pendingBytes: number;
}

/** Counts and reports. */
export class CommitReport {
  /** Where lines go. */
  logger: Logger = silentLogger;
  /** False from a failed commit to the next one that succeeds. */
  healthy = true;
  readonly counters = { commits: 0, mutations: 0, failures: 0, refused: 0 };
  readonly #period: number;
  #untold = 0;
  #lastLine = -Infinity;

  /** @param period milliseconds between two lines about failures */
  constructor(period: number) {
    this.#period = period;
  }

  /**
   * A commit is durable.
   *
   * @param mutations items that it changed
   */
  committed(mutations: number): void {
    this.counters.commits++;
    this.counters.mutations += mutations;
    if (this.healthy) return;
    this.healthy = true;
    this.#untold = 0;
    this.#lastLine = -Infinity;
    this.logger.info("the store works again");
  }

  /**
   * A commit failed.
   *
   * @param error why
   * @param pending items that wait
   */
  failed(error: unknown, pending: number): void {
    this.counters.failures++;
    this.healthy = false;
    this.#untold++;
    const now = performance.now();
    if (now - this.#lastLine < this.#period) return;
    this.#lastLine = now;
    this.logger.error("the store does not take changes, acknowledgements are withheld", {
      error: error instanceof Error ? error.message : String(error),
      failures: this.#untold,
      pending,
    });
    this.#untold = 0;
  }

  /** An event was refused. */
  refused(): void {
    this.counters.refused++;
  }
}
