/** Taking one connection after the other, whatever happens to one of them.
 * @module */
import { limitedLogger } from "../src/hook/limited_logger.ts";
import type { ListenerContext } from "../src/broker/core/listener.ts";
import type { Logger } from "../src/hook/logger.ts";

const FIRST_BACKOFF = 5;
const LONGEST_BACKOFF = 1_000;
/**
 * After so many connections, or so many that were reset before, others have their turn: while there is one more, accepting goes on
 * within microtasks, and what is closed meanwhile keeps its descriptor.
 */
const MOST_AT_ONCE = 32, MOST_RESETS_AT_ONCE = 256;

/** What an {@linkcode AcceptLoop} needs. */
export interface AcceptLoopOptions<T extends { close(): void }> {
  /** Name for log lines. */
  readonly name: string;
  /** For what goes wrong, and for the turns of others. */
  readonly context: Pick<ListenerContext, "logger" | "nextRound">;
  /** Waits for the next connection; `null` when there will be none. */
  accept(): Promise<T | null>;
  /** Takes a connection over. */
  handle(connection: T): void;
}

/**
 * Accepts until it is stopped. A connection that its peer has reset before it was taken is passed over. After any other error
 * (too many open files) the loop waits a little, longer each time, and goes on; that is logged once a period.
 */
export class AcceptLoop<T extends { close(): void }> {
  /** Resolves when the loop has ended. */
  readonly finished: Promise<void>;
  #options: AcceptLoopOptions<T>;
  #stopped = false;
  #wake: (() => void) | undefined = undefined;
  #failures = 0;
  readonly #log: Logger;

  /**
   * Makes one.
   *
   * @param options where connections come from and where they go
   */
  constructor(options: AcceptLoopOptions<T>) {
    this.#options = options;
    this.#log = limitedLogger(options.context.logger, { lines: 1, clock: performance });
    this.finished = this.#run();
  }

  /** Ends the loop; who calls this closes the source afterwards, so that a pending `accept` returns. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    for (let work = 0; !this.#stopped;) {
      try {
        const connection = await this.#options.accept();
        if (connection === null) return;
        this.#failures = 0;
        work += 1 / MOST_AT_ONCE;
        if (this.#stopped) connection.close();
        else this.#options.handle(connection);
      } catch (error) {
        if (this.#stopped) return;
        work += 1 / MOST_RESETS_AT_ONCE;
        if (!isPeersDoing(error)) await this.#fail(error);
      }
      if (work < 1) continue;
      work = 0;
      await this.#options.context.nextRound();
    }
  }

  async #fail(error: unknown): Promise<void> {
    const fields = { listener: this.#options.name, error: String(error) };
    this.#log.warn("cannot accept a connection; trying again", fields);
    await this.#pause(Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** Math.min(this.#failures++, 10)));
  }

  #pause(delay: number): Promise<void> {
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

/** The peer was gone before its connection was taken: that says nothing about the next one. */
function isPeersDoing(error: unknown): boolean {
  const { NotConnected, ConnectionReset, ConnectionAborted } = Deno.errors;
  return error instanceof NotConnected || error instanceof ConnectionReset || error instanceof ConnectionAborted;
}
