/** A hook that was too slow, told apart from one that has refused or failed.
 * @module */

/** No answer of a hook came within `hookTimeout`, or `hookLifecycleTimeout`. */
export class HookTimeout extends Error {
  /**
   * @param hook id of the hook
   * @param asked the event, and the option that says how long its answer may take
   */
  constructor(hook: string, { event, limit }: { event: string; limit: "hookTimeout" | "hookLifecycleTimeout" }) {
    super(`no answer from hook ${hook} to ${event} within ${limit}`);
    this.name = "HookTimeout";
  }
}

/** Whether an error is, or comes of, a hook that was too slow. */
export function isHookTimeout(error: unknown): boolean {
  return error instanceof HookTimeout || error instanceof Error && error.cause instanceof HookTimeout;
}
