/** A delivery to so many that others have their turn meanwhile.
 * @module */
import type { Message } from "../../session/message.ts";
import type { Core } from "../core/core.ts";

/** A message that reaches so many is delivered in portions. */
export const MANY = 4_096;
/** One that reaches so many waits for its turn when nothing is left of the portions of this round. */
export const SOME = 256;
/** Receivers that have it in one step; each is a unit of work. */
const STEP = 64;
/** Units that a write takes: it is done for each connection that has nothing else to write. */
const WRITE = 3;

/** Who gets a message. */
interface Receivers {
  /** How many there are. */
  readonly all: number;
  /** Delivers it to one of them. @returns something only where a hook is async */
  deliverTo(index: number): void | Promise<void>;
}

/**
 * Delivers a message in portions, behind the one that is under way.
 *
 * @param core the broker
 * @param message what is delivered; it leaves the read buffer
 * @param receivers who gets it
 * @returns when all have it; rejects with what `deliverTo` throws
 */
export function deliverInPortions(core: Core, message: Message, receivers: Receivers): Promise<void> {
  const { topic } = message.detach(), all = Promise.withResolvers<void>();
  const earlier = core.longDeliveries.begin(topic, all.promise.catch(() => {})); // before anybody has it, and may send one
  if (earlier === undefined) run(core, receivers, all);
  else earlier.then(() => run(core, receivers, all));
  return all.promise;
}

function run(core: Core, { all, deliverTo }: Receivers, { resolve, reject }: PromiseWithResolvers<void>): void {
  const late: Promise<void>[] = [];
  let index = 0;
  core.portions.run(STEP, () => {
    const { scheduled } = core.turn;
    core.now(); // the message has become older
    try {
      for (const end = Math.min(index + STEP, all); index < end; index++) {
        const pending = deliverTo(index);
        if (pending !== undefined) late.push(pending);
      }
    } catch (error) {
      reject(error);
      return false;
    }
    core.portions.spend((core.turn.scheduled - scheduled) * WRITE);
    if (index === all) Promise.all(late).then(() => resolve(), reject);
    return index < all;
  });
}
