/** The end of a session, and how it is watched for.
 * @module */
import type { Message } from "../../session/message.ts";
import type { OutboundRecord } from "../../session/outbound_record.ts";
import { NEVER_EXPIRES, type Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";
import { deliverToShare } from "../routing/deliver_all.ts";
import { removeAllSubscriptions } from "../routing/subscriptions.ts";
import { parseTopicFilter } from "../../topics/topic_filter.ts";
import { publishWill } from "./wills.ts";

/** Units of work that one step of an ending takes: a message is passed on. */
const ORPHAN = 10;
/** Or so many are forgotten in the same time. */
const FORGOTTEN = 16;
/** Units of work that it takes to end a session that has nothing. */
const END = 16;
/** So many steps are taken at once when the client waits for it. */
const AT_ONCE = 32;

/** A message of a share group. */
type Orphan = OutboundRecord & { readonly share: string; message: Message };

/** Ends the session when its Session Expiry Interval has passed. */
export function watchExpiry(core: Core, session: Session): void {
  core.scheduler.cancel(session.expiryTask);
  session.expiryTask = undefined;
  if (session.expiryInterval >= NEVER_EXPIRES) return;
  const due = (session.disconnectedAt ?? core.now()) + session.expiryInterval * 1000;
  session.expiryTask = core.scheduler.at(due, () => expire(core, session));
}

/** Thousands may end at once: those whose client comes back while they wait for their turn go on. */
function expire(core: Core, session: Session): void {
  const task = session.expiryTask;
  core.portions.run(END, () => {
    if (session.expiryTask === task) endSession(core, session);
    return false;
  });
}

/**
 * Ends a session with everything that belongs to it. Messages of share groups go to other members first, in portions, so that
 * storage never is without them; its will is published at last [MQTT-3.1.2-8].
 */
export function endSession(core: Core, session: Session): void {
  if (session.ended) return;
  session.ended = true;
  core.scheduler.cancel(session.expiryTask);
  core.scheduler.cancel(session.willTask);
  core.sessions.remove(session);
  removeAllSubscriptions(core, session);
  const ending = new Ending(core, session);
  core.endings.set(session.clientId, ending);
  core.portions.run(ORPHAN, () => ending.goOn());
}

/** Ends what takes little at once. @returns the end of what takes more */
export function finishShort(core: Core, clientId: string): Promise<void> | undefined {
  finishEnding(core, clientId, AT_ONCE);
  return core.endings.get(clientId)?.done;
}

/**
 * What is left of the session of a ClientID is done at once: the program begins another one, or ends.
 *
 * @param most so many steps are taken: in each a message is passed on, or some are forgotten
 */
export function finishEnding(core: Core, clientId: string, most = Infinity): void {
  const ending = core.endings.get(clientId);
  for (let left = most; left > 0 && ending?.goOn(); left--);
}

/** What is left to do for a session that has ended. */
class Ending {
  /** Resolves when everything is done. */
  readonly done: Promise<void>;
  readonly #core: Core;
  readonly #session: Session;
  /** Messages of which a hook has to say who may have them: they stay in the store until another one has them there. */
  readonly #underWay = new Set<Orphan>();
  #resolve!: () => void;

  constructor(core: Core, session: Session) {
    this.done = new Promise((resolve) => this.#resolve = resolve);
    this.#core = core;
    this.#session = session;
  }

  /** Passes one message on, or forgets some that are for nobody else. @returns false when there is no more to do, or hooks have to answer first */
  goOn(): boolean {
    const core = this.#core, outbox = this.#session.existingOutbox;
    if (core.endings.get(this.#session.clientId) !== this) return false;
    for (let left = FORGOTTEN; left > 0; left--) {
      const record = outbox?.oldest;
      if (record === undefined) return this.#underWay.size === 0 && this.end();
      if (mayPassOn(record)) return this.#passOn(record);
      outbox!.forgetOldest();
    }
    return true;
  }

  #passOn(orphan: Orphan): true {
    orphan.message.detach(); // its delivery here ends before others, and hooks, have looked at it
    this.#session.outbox.forgetOldest();
    this.#underWay.add(orphan);
    const pending = passOn(this.#core, orphan);
    if (pending === undefined) this.#passed(orphan);
    else {
      pending.then(() => {
        this.#passed(orphan);
        if (this.#underWay.size === 0) this.goOn();
      });
    }
    return true;
  }

  #passed(orphan: Orphan): void {
    const { hooks } = this.#core;
    if (this.#underWay.delete(orphan)) hooks.observe(hooks.on.onQosDropped, this.#session.client, orphan);
  }

  /** It has ended, whether hooks have answered or not. */
  end(): false {
    const core = this.#core, { clientId, client } = this.#session;
    if (core.endings.get(clientId) !== this) return false;
    for (const orphan of this.#underWay) this.#passed(orphan);
    this.#session.clear();
    core.endings.delete(clientId);
    core.hooks.observe(core.hooks.on.onClientExpired, client);
    publishWill(core, this.#session);
    this.#resolve();
    return false;
  }
}

/** A QoS 2 message that the client may have seen goes to nobody else [MQTT-4.8.2-5]. */
function mayPassOn(record: OutboundRecord): record is Orphan {
  return record.share !== undefined && record.message !== undefined && (record.qos === 1 || record.state === "queued");
}

/** Gives a message of a member that left to another member of its group. @returns a Promise, which never rejects, only when a hook has to answer */
function passOn(core: Core, { share: full, message }: Orphan): Promise<void> | undefined {
  const share = core.tree.share(parseTopicFilter(full));
  if (share === undefined || message.expiresAt <= core.now()) return undefined;
  const pending = deliverToShare(core, message, share);
  return pending?.catch((error) => core.unexpected("a shared message was not passed on", error));
}
