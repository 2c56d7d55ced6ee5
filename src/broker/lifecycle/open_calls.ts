/** Calls of the program that embeds the broker: none begins once the broker is being closed, and none waits for ever.
 * @module */

/** Which calls are under way. */
export class OpenCalls {
  readonly #pending = new Set<() => void>();
  #closed = false;

  /** True from the beginning of the end. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Checks that a call may begin.
   * @param action what is asked for, for the error
   * @throws Error `Cannot <action>: the broker was closed`
   */
  check(action: string): void {
    if (this.#closed) throw closedError(action);
  }

  /**
   * Waits for a call that was let in, but not beyond the end of the broker: what it still waits for then, a hook that hangs
   * or a store that is closed, may never come.
   * @param action what is asked for, for the error
   * @param call the call
   * @returns what the call returns
   * @throws what the call throws, or Error `Cannot <action>: the broker was closed` (as rejection)
   */
  async wait<T>(action: string, call: Promise<T>): Promise<T> {
    let stop!: () => void;
    const ended = new Promise<never>((_, reject) => stop = () => reject(closedError(action)));
    this.#pending.add(stop);
    try {
      return await Promise.race([call, ended]);
    } finally {
      this.#pending.delete(stop);
    }
  }

  /** Lets no call in any more. */
  close(): void {
    this.#closed = true;
  }

  /** Gives up those that are still under way. */
  end(): void {
    for (const stop of this.#pending) stop();
  }
}

function closedError(action: string): Error {
  return new Error(`Cannot ${action}: the broker was closed`);
}
