/** Flow control from end to end: who publishes at QoS 1 and 2 is acknowledged later while a connected subscriber catches up.
 * @module */
import type { Message } from "../../session/message.ts";
import { Relief } from "../../session/relief.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";

/** Part of the limits of a queue above which publishers wait, and part at which they go on. */
const HOLD_AT = 1 / 2, GO_ON_AT = 1 / 4;
/** So often within the longest wait it is looked whether the subscriber makes progress. */
const LOOKS = 5;
/** Who has fewer acknowledgements waiting has little under way, and waits only briefly. */
const MANY = 16;
/** So many milliseconds at first, in which a queue that is worked off is short again, and then a few each time. */
const AT_FIRST = 50, LATER = 10;
/**
 * Once the queue has all that it may have: as long as it takes the subscriber to take one message of each publisher, so that many
 * who send little lose nothing together, but no longer than so many milliseconds. That is for those who publish at once when they are
 * acknowledged, and go by that; who leaves a pause of so many goes by a clock of its own, and would only be late.
 */
const LONGEST = 900, PAUSE = 15;

/**
 * Lets the acknowledgement of a message wait for the queue that it goes into, when that has become long and its client still
 * takes messages: for `maximumAcknowledgementDelay` seconds at most, no longer than until the client stands still, and only
 * briefly where the publisher has little under way.
 *
 * @returns true when the acknowledgement waits
 */
export function holdPublisher(core: Core, session: Session, message: Message): boolean {
  const { maximumAcknowledgementDelay, maximumQueuedMessages, maximumQueuedBytes } = core.options.capabilities;
  const { outbox } = session, { queue } = outbox;
  if (maximumAcknowledgementDelay === 0 || session.link === undefined) return false;
  if (queue.length < maximumQueuedMessages * HOLD_AT && queue.bytes < maximumQueuedBytes * HOLD_AT) return false;
  if (outbox.stoodStillAt === outbox.finished) return false;
  const enough = { length: maximumQueuedMessages * GO_ON_AT, bytes: maximumQueuedBytes * GO_ON_AT };
  if (outbox.relief === undefined) watch(core, session, outbox.relief = new Relief(enough));
  const { relief } = outbox;
  relief.publishers.add(message.publisherId);
  message.awaitCommit(waitOf(core, message, { relief, isFull: queue.length >= maximumQueuedMessages }));
  return true;
}

/** What a publisher has to wait for. */
function waitOf(core: Core, message: Message, { relief, isFull }: { relief: Relief; isFull: boolean }): Promise<void> {
  const acks = core.sessions.get(message.publisherId)?.link?.ackQueue;
  if (acks !== undefined && acks.length >= MANY) return relief.promise;
  const hasPaused = acks !== undefined && message.receivedAt - acks.lateAt >= PAUSE;
  if (isFull && !hasPaused) return brief(core, relief, Math.min(relief.spacing, LONGEST));
  return brief(core, relief, relief.isYoung ? AT_FIRST : LATER);
}

/** A short wait, which all have together who begin it while it lasts. */
function brief(core: Core, relief: Relief, milliseconds: number): Promise<void> {
  const begun = relief.brief.get(milliseconds);
  if (begun !== undefined) return begun;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    core.scheduler.cancel(task);
    relief.brief.delete(milliseconds);
    relief.isYoung = false;
    resolve();
  };
  const task = core.scheduler.after(milliseconds, end);
  relief.brief.set(milliseconds, promise);
  relief.promise.then(end);
  return promise;
}

/** Ends the wait when its time is over, or when the client has finished nothing since the last look. */
function watch(core: Core, session: Session, relief: Relief): void {
  const { outbox } = session, step = core.options.capabilities.maximumAcknowledgementDelay * 1000 / LOOKS;
  let looks = 0, { finished } = outbox;
  const look = () => {
    const standsStill = outbox.finished === finished;
    if (standsStill) outbox.stoodStillAt = finished;
    if (standsStill || ++looks === LOOKS) return relief.end();
    relief.pace((outbox.finished - finished) / step);
    finished = outbox.finished;
    task = core.scheduler.after(step, look);
  };
  let task = core.scheduler.after(step, look);
  relief.promise.then(() => {
    core.scheduler.cancel(task);
    outbox.relief = undefined;
  });
}
