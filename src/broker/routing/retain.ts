/** Retained messages: kept, cleared, expired, and replayed to new subscriptions.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import type { QoS } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import type { Client } from "../../session/client.ts";
import { DEADLINE, NODE, RETAINED } from "../../session/cost.ts";
import { OutboundRecord } from "../../session/outbound_record.ts";
import type { Replay } from "../../session/outbox.ts";
import type { Session } from "../../session/session.ts";
import type { SessionSubscription } from "../../session/session_view.ts";
import { authorize } from "../core/authorize.ts";
import type { Core } from "../core/core.ts";
import { lowerQos } from "../outbound/deliver.ts";
import { sendRecord } from "../outbound/pump.ts";

/** Keeps a message with RETAIN 1, or clears its topic when the payload is empty [MQTT-3.3.1-5] [MQTT-3.3.1-6]. */
export function retain(core: Core, client: Client, message: Message): void {
  if (message.payloadLength === 0) removeRetained(core, message.topic); // [MQTT-3.3.1-7]
  else storeRetained(core, message.detach());
  if (core.hooks.on.onRetainMessage === undefined) return;
  message.keepMemory();
  message.awaitCommit(core.hooks.observe(core.hooks.on.onRetainMessage, client, message));
}

/**
 * Checks that a message to be retained is within the limits, also when it takes the place of another one.
 * @throws MqttError 0x97
 */
export function checkRetainedLimits(core: Core, message: Message): void {
  if (message.payloadLength === 0) return;
  const { maximumRetainedMessages } = core.options.capabilities;
  const previous = core.retained.get(message.topic), growth = costOf(message) - costOf(previous);
  const full = previous === undefined && core.retained.size >= maximumRetainedMessages ||
    growth > 0 && (core.memory.isShort || core.info.retainedBytes + growth > core.limits.retained);
  if (!full) return;
  throw new MqttError(
    ReasonCode.QuotaExceeded,
    `Cannot retain a message on ${message.topic}: the limit of retained messages is reached`,
  );
}

/** Bytes that a retained message takes, without the levels that its topic shares with others. */
function costOf(message: Message | undefined): number {
  if (message === undefined) return 0;
  return RETAINED + message.size + (message.expiryInterval === undefined ? 0 : DEADLINE);
}

/** Puts a message into the store of retained messages and watches its expiry. */
export function storeRetained(core: Core, message: Message): void {
  const { topic } = message, { retained } = core, { nodes } = retained;
  const previous = retained.set(topic, message);
  count(core, costOf(message) - costOf(previous) + NODE * (retained.nodes - nodes));
  forgetExpiry(core, topic);
  const { expiryInterval: interval } = message;
  if (interval === undefined) return;
  const expiry = core.scheduler.at(message.receivedAt + interval * 1000, () => {
    removeRetained(core, topic);
    core.hooks.observe(core.hooks.on.onRetainedExpired, topic);
  });
  core.retainedExpiry.set(topic, expiry);
}

function count(core: Core, bytes: number): void {
  core.info.retainedBytes += bytes;
  core.info.retained = core.retained.size;
}

/** A task keeps its message, so it goes when another message takes the place. */
function forgetExpiry(core: Core, topic: string): void {
  const task = core.retainedExpiry.get(topic);
  if (task === undefined) return;
  core.retainedExpiry.delete(topic);
  core.scheduler.cancel(task);
}

function removeRetained(core: Core, topic: string): void {
  const { retained } = core, { nodes } = retained;
  forgetExpiry(core, topic);
  const previous = retained.delete(topic);
  count(core, NODE * (retained.nodes - nodes) - costOf(previous));
}

/** So many branches of the tree are looked at for one step of a replay, whether they lead to a message or not. */
const BRANCHES = 64;
/** Units of a step, see `Portions`, and bytes of a message that count as one more. */
const STEP = 8, BYTES = 4_096;

/**
 * Sends the retained messages of a filter to one connection, as fast as its quota and its socket take them. It is made for each
 * filter of a SUBSCRIBE and may wait for long, so it begins to walk when it is its turn.
 */
export class RetainedReplay implements Replay {
  readonly qos: QoS;
  readonly filter: string;
  readonly #core: Core;
  readonly #session: Session;
  readonly #subscription: SessionSubscription;
  #messages: Iterator<Message | undefined> | undefined = undefined;

  /**
   * @param core the broker
   * @param session who subscribed
   * @param subscription to what
   */
  constructor(core: Core, session: Session, subscription: SessionSubscription) {
    this.#core = core;
    this.#session = session;
    this.#subscription = subscription;
    this.qos = subscription.options.qos;
    this.filter = subscription.filter.full;
  }

  next(): boolean | Promise<boolean> {
    const { portions, retained } = this.#core, { ended, subscriptions, link } = this.#session;
    if (ended || subscriptions.get(this.filter) !== this.#subscription) return false;
    this.#messages ??= retained.matchInSteps(this.#subscription.filter.filter, BRANCHES);
    const { done = false, value: message } = this.#messages.next();
    portions.spend(STEP + (message === undefined ? 0 : message.size / BYTES));
    if (done) return false;
    if (message === undefined || !this.#concerns(message)) return true;
    const verdict = authorize(this.#core, this.#session.client, message.topic, "read");
    if (typeof verdict === "number") return this.#send(message, verdict);
    return verdict.then((code) => this.#session.link === link && this.#send(message, code));
  }

  #concerns(message: Message): boolean {
    const { expiryInterval: interval } = message;
    if (interval !== undefined && message.receivedAt + interval * 1000 <= this.#core.now()) return false;
    return !this.#subscription.options.noLocal || message.publisherId !== this.#session.clientId;
  }

  #send(message: Message, code: number): boolean {
    const { link } = this.#session;
    if (code !== 0 || link === undefined || !link.ready) return true;
    const { options } = this.#subscription;
    const identifiers = options.identifier === 0 ? undefined : [options.identifier];
    const delivery = {
      qos: lowerQos(message.qos, options.qos),
      retain: true,
      identifiers,
      share: undefined,
      packetId: 0,
    };
    if (delivery.qos === 0) link.sendPublish(message, delivery, false); // [MQTT-3.3.1-8]
    else {
      const record = new OutboundRecord(this.#session.clientId, this.#session.nextSequence(), message, delivery);
      sendRecord(this.#core, this.#session, record);
    }
    this.#core.hooks.observe(this.#core.hooks.on.onRetainPublished, this.#session.client, message);
    return true;
  }
}
