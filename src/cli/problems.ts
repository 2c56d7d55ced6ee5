/** Everything that is wrong, told at once: nobody likes to mend one line after the other.
 * @module */
import { UsageError } from "./usage_error.ts";

/** Collects what is wrong. */
export class Problems {
  readonly #messages: string[] = [];
  #exitCode: 1 | 2 = 1;

  /**
   * Does a part of the work; a {@linkcode UsageError} of it is kept for later.
   *
   * @param work the part
   * @returns what it returns, `undefined` when something is wrong with it
   */
  collect<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      return this.#keep(error);
    }
  }

  /**
   * The same for a part that takes its time.
   *
   * @param work the part
   * @returns what it returns, `undefined` when something is wrong with it
   */
  async collectLater<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      return this.#keep(error);
    }
  }

  #keep(error: unknown): undefined {
    if (!(error instanceof UsageError)) throw error;
    this.add(error);
    return undefined;
  }

  /**
   * Keeps an error for later.
   *
   * @param error what is wrong
   */
  add(error: UsageError): void {
    this.#messages.push(error.message);
    if (error.exitCode === 2) this.#exitCode = 2;
  }

  /**
   * Ends the work when something is wrong.
   *
   * @throws {UsageError} with one line for each thing
   */
  throwIfAny(): void {
    if (this.#messages.length > 0) throw new UsageError(this.#messages.join("\n"), this.#exitCode);
  }
}
