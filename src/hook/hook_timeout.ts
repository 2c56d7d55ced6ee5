/** A hook that was too slow, told apart from one that has refused or failed.
 * @module */

/** No answer of a hook came within `hookTimeout`. */
export class HookTimeout extends Error {
  /**
   * @param hook id of the hook
   * @param event what it was asked
   */
  constructor(hook: string, event: string) {
    super(`no answer from hook ${hook} to ${event} in time`);
    this.name = "HookTimeout";
  }
}

/** Whether an error is, or comes of, a hook that was too slow. */
export function isHookTimeout(error: unknown): boolean {
  return error instanceof HookTimeout || error instanceof Error && error.cause instanceof HookTimeout;
}
