/** Retained messages: kept, cleared, expired, and replayed to new subscriptions.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import type { QoS } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import { type Client, INLINE_ID } from "../../session/client.ts";
import { NODE } from "../../session/cost.ts";
import { openPart } from "../../session/fair_part.ts";
import { OutboundRecord } from "../../session/outbound_record.ts";
import type { Replay } from "../../session/outbox.ts";
import { peerOf } from "../../session/peer_address.ts";
import { costOfRetained, RetainedMessage } from "../../session/retained_message.ts";
import { RetainedOwner } from "../../session/retained_owner.ts";
import type { Session } from "../../session/session.ts";
import type { SessionSubscription } from "../../session/session_view.ts";
import type { Task } from "../../time/scheduler.ts";
import { authorize } from "../core/authorize.ts";
import type { Core } from "../core/core.ts";
import { lowerQos } from "../outbound/deliver.ts";
import { sendRecord } from "../outbound/pump.ts";

/** Keeps a message with RETAIN 1, or clears its topic when the payload is empty [MQTT-3.3.1-5] [MQTT-3.3.1-6]. */
export function retain(core: Core, client: Client, message: Message): void {
  if (message.payloadLength === 0) removeRetained(core, message.topic); // [MQTT-3.3.1-7]
  else storeRetained(core, message, client.remoteAddress);
  if (core.hooks.on.onRetainMessage === undefined) return;
  message.detach();
  message.awaitCommit(core.hooks.observe(core.hooks.on.onRetainMessage, client, message));
}

/**
 * Checks that a message to be retained is within the limits, also when it takes the place of another one.
 * @throws MqttError 0x97, and 0x81, 0x82 or 0x94 for parts that cannot be sent
 */
export function checkRetainedLimits(core: Core, message: Message): void {
  if (message.payloadLength === 0) return;
  message.encode();
  const previous = core.retained.get(message.topic, message.known);
  const growth = costOfRetained(message) - (previous?.cost ?? 0);
  if (previous === undefined || growth > 0) checkGrowth(core, message, { growth, isNew: previous === undefined });
}

function checkGrowth(core: Core, message: Message, { growth, isNew }: { growth: number; isNew: boolean }): void {
  const { maximumRetainedMessages } = core.options.capabilities, part = openPartOfRetained(core, message, growth);
  const isTooMuch = core.memory.isShort || core.info.retainedBytes + growth > part * core.limits.retained;
  const isTooMany = isNew && core.retained.size >= part * maximumRetainedMessages;
  if (isTooMuch) core.tellOfRefusal("maximumRetainedBytes", core.limits.retained);
  else if (isTooMany) core.tellOfRefusal("maximumRetainedMessages", maximumRetainedMessages);
  else return;
  throw new MqttError(
    ReasonCode.QuotaExceeded,
    `Cannot retain a message on ${message.topic}: the limit of retained messages is reached`,
  );
}

/** The program itself may fill all of it. */
function openPartOfRetained(core: Core, { publisherId }: Message, growth: number): number {
  if (publisherId === INLINE_ID) return 1;
  const owner = core.retainedOwners.get(publisherId),
    address = owner?.address ?? core.sessions.get(publisherId)?.address;
  return openPart({ client: growth + (owner?.bytes ?? 0), address: growth + (address?.retained ?? 0) });
}

/**
 * Puts a message into the store of retained messages and watches its expiry.
 *
 * @param core the broker
 * @param message with a payload
 * @param remoteAddress where it came from, if that is known
 * @throws MqttError 0x81, 0x82 or 0x94 for parts that cannot be sent
 */
export function storeRetained(core: Core, message: Message, remoteAddress: string = ""): void {
  const { topic, publisherId } = message, previous = core.retained.get(topic, message.known);
  const kept = previous ?? new RetainedMessage(topic, core.retainedRooms), { cost, owner } = kept;
  kept.replace(message);
  const growth = kept.cost - cost;
  if (previous === undefined) addTopic(core, topic, kept);
  if (owner?.clientId !== publisherId) giveTo(kept, ownerOf(core, publisherId, remoteAddress), cost);
  else if (growth !== 0) owner.count(growth);
  if (growth !== 0) core.info.retainedBytes += growth;
  const interval = message.expiryInterval;
  if (kept.expiry !== undefined) core.scheduler.cancel(kept.expiry);
  kept.expiry = interval === undefined ? undefined : expireAt(core, topic, message.receivedAt + interval * 1000);
}

function addTopic(core: Core, topic: string, kept: RetainedMessage): void {
  const { info, retained } = core, { nodes } = retained;
  retained.set(topic, kept);
  info.retainedBytes += NODE * (retained.nodes - nodes);
  info.retained = retained.size;
}

/** The message is somebody else's from here on; it was `cost` bytes of the one before. */
function giveTo(kept: RetainedMessage, owner: RetainedOwner, cost: number): void {
  owner.count(kept.cost);
  kept.owner?.count(-cost);
  kept.owner = owner;
}

function expireAt(core: Core, topic: string, due: number): Task {
  return core.scheduler.at(due, () => {
    removeRetained(core, topic);
    core.hooks.observe(core.hooks.on.onRetainedExpired, topic);
  });
}

function ownerOf({ retainedOwners: owners, deliveries }: Core, clientId: string, remoteAddress: string): RetainedOwner {
  const owner = owners.get(clientId);
  return owner ?? new RetainedOwner(clientId, { owners, address: deliveries.addresses.of(peerOf(remoteAddress)) });
}

function removeRetained(core: Core, topic: string): void {
  const { info, retained } = core, { nodes } = retained, previous = retained.delete(topic);
  if (previous === undefined) return;
  if (previous.expiry !== undefined) core.scheduler.cancel(previous.expiry);
  previous.owner?.count(-previous.cost);
  previous.release();
  info.retainedBytes += NODE * (retained.nodes - nodes) - previous.cost;
  info.retained = retained.size;
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
  #messages: Iterator<RetainedMessage | undefined> | undefined = undefined;

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
    const { done = false, value: kept } = this.#messages.next();
    portions.spend(STEP + (kept === undefined ? 0 : kept.cost / BYTES));
    if (done) return false;
    const message = kept?.open();
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
    if (code !== ReasonCode.Success || link === undefined || !link.ready) return true;
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
