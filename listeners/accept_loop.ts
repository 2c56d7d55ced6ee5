/** Taking one connection after the other, whatever happens to one of them.
 * @module */
import type { Logger } from "../src/hook/logger.ts";

const FIRST_BACKOFF = 5;
const LONGEST_BACKOFF = 1_000;
const LOG_PERIOD = 10_000;

/** What an {@linkcode AcceptLoop} needs. */
export interface AcceptLoopOptions<T extends { close(): void }> {
  /** Name for log lines. */
  readonly name: string;
  /** For what goes wrong. */
  readonly logger: Logger;
  /** Waits for the next connection; `null` when there will be none. */
  accept(): Promise<T | null>;
  /** Takes a connection over. */
  handle(connection: T): void;
}

/**
 * Accepts until it is stopped. An error (too many open files, a peer that was gone before it was taken) is logged once
 * a period; the loop waits a little, longer each time, and goes on.
 */
export class AcceptLoop<T extends { close(): void }> {
  /** Resolves when the loop has ended. */
  readonly finished: Promise<void>;
  #options: AcceptLoopOptions<T>;
  #stopped = false;
  #wake: (() => void) | undefined = undefined;
  #failures = 0;
  #unlogged = 0;
  #lastLog = -LOG_PERIOD;

  /**
   * Makes one.
   *
   * @param options where connections come from and where they go
   */
  constructor(options: AcceptLoopOptions<T>) {
    this.#options = options;
    this.finished = this.#run();
  }

  /** Ends the loop; who calls this closes the source afterwards, so that a pending `accept` returns. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const connection = await this.#options.accept();
        if (connection === null) return;
        this.#failures = 0;
        if (this.#stopped) connection.close();
        else this.#options.handle(connection);
      } catch (error) {
        if (this.#stopped) return;
        this.#report(error);
        await this.#pause();
      }
    }
  }

  #report(error: unknown): void {
    this.#failures++;
    this.#unlogged++;
    const now = performance.now();
    if (now - this.#lastLog < LOG_PERIOD) return;
    const fields = { listener: this.#options.name, error: String(error), times: this.#unlogged };
    this.#options.logger.warn("cannot accept a connection; trying again", fields);
    this.#lastLog = now;
    this.#unlogged = 0;
  }

  #pause(): Promise<void> {
    const delay = Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** Math.min(this.#failures - 1, 10));
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), delay);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
