/** Bridges that are not let in: whoever runs the broker has to see that, since nobody sits at the other end.
 * @module */
import type { Logger } from "../../hook/logger.ts";

/** Milliseconds between two lines: bridges come again and again. */
const PERIOD = 10_000;

/** Tells of refused bridges as warnings, once a period. */
export class RefusedBridges {
  #toldAt = -Infinity;
  #untold = 0;

  /**
   * One more was refused.
   * @param logger where it is told
   * @param now milliseconds since 1970
   * @param fields who was refused, and why
   */
  report(logger: Logger, now: number, fields: Record<string, unknown>): void {
    if (Math.abs(now - this.#toldAt) < PERIOD) {
      this.#untold++;
      return;
    }
    logger.warn("a bridge was refused", this.#untold === 0 ? fields : { ...fields, unreported: this.#untold });
    this.#toldAt = now;
    this.#untold = 0;
  }
}
