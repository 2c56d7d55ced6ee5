/** Flow control from end to end: who publishes at QoS 1 and 2 is acknowledged later while a connected subscriber catches up.
 * @module */
import type { Message } from "../../session/message.ts";
import { Relief } from "../../session/relief.ts";
import { LONGEST_WHEN_FULL, type Outbox } from "../../session/outbox.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";

/** Part of the limits of a queue above which publishers wait, and part at which they go on. */
const HOLD_AT = 1 / 2, GO_ON_AT = 1 / 4;
/** So often within the longest wait it is looked whether the subscriber makes progress. */
const LOOKS = 5;
/**
 * Who has fewer acknowledgements waiting has little under way. It waits so many milliseconds at first, in which a queue that is worked
 * off is short again, and then a few for each: a subscriber that only seems to catch up keeps nobody else up.
 */
const MANY = 16, AT_FIRST = 50, LATER = 10;
/**
 * Once the queue has all that it may have: so many times as long as it takes the subscriber to take one message of each publisher, so
 * that many who send little lose nothing together and the queue becomes shorter; but no longer than so many milliseconds. Waits that
 * differ by less end together, as each has a timer.
 */
const CATCHING_UP = 2, TOGETHER = 10;
/** Where it takes less than this part of its limit between two looks, nobody waits long for it. */
const PACE = 1 / 50;

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
  if (outbox.relief === undefined) {
    watch(core, session, outbox.relief = new Relief(enough, { at: core.now(), finished: outbox.finished }));
  }
  const { relief } = outbox;
  relief.publishers.add(message.publisherId);
  message.awaitCommit(waitOf(core, message, { outbox, relief }));
  return true;
}

/** What a publisher has to wait for. */
function waitOf(core: Core, message: Message, { outbox, relief }: { outbox: Outbox; relief: Relief }): Promise<void> {
  const acks = core.sessions.get(message.publisherId)?.link?.ackQueue;
  if (acks !== undefined && acks.length >= MANY) return relief.promise;
  const isFull = outbox.queue.length >= core.options.capabilities.maximumQueuedMessages;
  if (isFull) return brief(core, relief, waitWhenFull(core, outbox, relief));
  return brief(core, relief, relief.isYoung ? AT_FIRST : LATER);
}

/** Milliseconds by what the subscriber has taken since publishers wait, or by what it took before where that is too short a time. */
function waitWhenFull(core: Core, outbox: Outbox, { beginning, publishers }: Relief): number {
  const { maximumAcknowledgementDelay, maximumQueuedMessages } = core.options.capabilities;
  const milliseconds = core.now() - beginning.at, taken = outbox.finished - beginning.finished;
  if (milliseconds < AT_FIRST) return outbox.waitWhenFull;
  const least = maximumQueuedMessages * PACE * milliseconds / (maximumAcknowledgementDelay * 1_000 / LOOKS);
  const wait = taken < least ? LATER : CATCHING_UP * publishers.size * milliseconds / taken;
  return outbox.waitWhenFull = Math.min(Math.ceil(wait / TOGETHER) * TOGETHER, LONGEST_WHEN_FULL);
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
  const { outbox } = session, step = core.options.capabilities.maximumAcknowledgementDelay * 1_000 / LOOKS;
  let looks = 0, { finished } = outbox;
  const look = () => {
    const standsStill = outbox.finished === finished;
    if (standsStill) outbox.stoodStillAt = finished;
    if (standsStill || ++looks === LOOKS) return relief.end();
    finished = outbox.finished;
    task = core.scheduler.after(step, look);
  };
  let task = core.scheduler.after(step, look);
  relief.promise.then(() => {
    core.scheduler.cancel(task);
    outbox.relief = undefined;
  });
}
