/** A delivery to so many that others have their turn meanwhile.
 * @module */
import type { Message } from "../../session/message.ts";
import type { Core } from "../core/core.ts";

/** A message that reaches so many is delivered in portions. */
export const MANY = 8_192;
/** Receivers that have it in one step; each is a unit of work. */
const STEP = 64;

/** Who gets a message. */
interface Receivers {
  /** How many there are. */
  readonly all: number;
  /** Delivers it to one of them. @returns something only where a hook is async, and nobody waits for that */
  deliverTo(index: number): void | Promise<void>;
}

/**
 * Delivers a message in portions, behind those to its topic that are not delivered to all yet: whoever gets two of them gets them in
 * their order [MQTT-4.6.0-6].
 *
 * @param core the broker
 * @param message what is delivered; it leaves the read buffer
 * @param receivers who gets it
 * @returns when all have it; rejects with what `deliverTo` throws
 */
export function deliverInPortions(
  core: Core,
  message: Message,
  receivers: Receivers,
): Promise<void> {
  const { topic } = message.detach(), { longDeliveries } = core, earlier = longDeliveries.get(topic);
  const all = Promise.withResolvers<void>(), { promise } = all;
  const begin = () => run(core, receivers, all);
  const end = () => void (longDeliveries.get(topic) === promise && longDeliveries.delete(topic));
  longDeliveries.set(topic, promise); // before anybody has it, and may send one
  promise.then(end, end);
  if (earlier === undefined) begin();
  else earlier.then(begin, begin);
  return promise;
}

function run(core: Core, { all, deliverTo }: Receivers, { resolve, reject }: PromiseWithResolvers<void>): void {
  let index = 0;
  core.portions.run(STEP, () => {
    core.now(); // the message has become older
    try {
      for (const end = Math.min(index + STEP, all); index < end;) deliverTo(index++);
    } catch (error) {
      reject(error);
      return false;
    }
    if (index === all) resolve();
    return index < all;
  });
}
