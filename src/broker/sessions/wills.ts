/** Will Messages: checked at CONNECT, held while they have to wait, published or dropped (3.1.2.5).
 * @module */
import { ReasonCode, reasonCodeName } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import type { Will } from "../../packets/types.ts";
import type { Session } from "../../session/session.ts";
import type { PendingWill } from "../../session/will.ts";
import type { Client } from "../../session/client.ts";
import { copyProperties } from "../../packets/copy_properties.ts";
import { costOfProperties, costOfText, WILL } from "../../session/cost.ts";
import { isUtf8 } from "../../packets/utf8.ts";
import { validateTopicName } from "../../topics/topic_name.ts";
import { authorize } from "../core/authorize.ts";
import type { Core } from "../core/core.ts";
import { checkParts, publicProperties } from "../routing/hook_packet.ts";
import { checkCapabilities } from "../routing/check_capabilities.ts";
import { route } from "../routing/route_message.ts";

/** Units of work that a will takes, and one more for each subscriber. */
const WILL_UNITS = 16;

/**
 * Checks the will of a CONNECT against the rules of topics and the features of the broker.
 * @throws MqttError 0x90, 0x99, 0x9A, 0x9B
 */
export function checkWill(core: Core, will: Will): void {
  const { maximumTopicLevels, validatePayloadFormat } = core.options.capabilities;
  validateTopicName(will.topic, maximumTopicLevels); // [MQTT-4.7.1-1]
  checkCapabilities(core, will, "accept the will"); // [MQTT-3.2.2-12] [MQTT-3.2.2-13]
  if (will.properties?.payloadFormatIndicator !== 1 || !validatePayloadFormat || isUtf8(will.payload)) return;
  throw new MqttError(
    ReasonCode.PayloadFormatInvalid,
    "Cannot accept the will: its payload is marked as UTF-8 and is not",
  );
}

/** Bytes that a will takes. */
export function costOfWill({ topic, payload, properties }: Will): number {
  return WILL + costOfText(topic) + payload.length + costOfProperties(properties);
}

/** Gives a session a will, or takes the one that it has. */
export function setWill(core: Core, session: Session, pending: PendingWill | undefined): void {
  const bytes = pending === undefined ? 0 : costOfWill(pending.will);
  core.willBytes += bytes - session.willBytes;
  session.address.count("wills", bytes - session.willBytes);
  session.willBytes = bytes;
  session.will = pending;
}

/** A will that keeps nothing of the buffer that CONNECT was read into. */
export function ownWill(will: Will): Will {
  return { ...will, payload: will.payload.slice(), properties: copyProperties(will.properties) };
}

/** The connection has ended: the will is published now or after its delay; at the end of the session at the latest. */
export function releaseWill(core: Core, session: Session): void {
  const pending = session.will;
  if (pending === undefined) return;
  const delay = pending.will.properties?.willDelayInterval ?? 0;
  pending.dueAt ??= core.now() + delay * 1000;
  if (pending.dueAt <= core.now()) return publishWill(core, session);
  session.willTask = core.scheduler.at(pending.dueAt, () => publishWill(core, session));
}

/** A new connection came in time: the will of the last one is not sent [MQTT-3.1.3-9]. */
export function cancelWill(core: Core, session: Session): void {
  core.scheduler.cancel(session.willTask);
  session.willTask = undefined;
  setWill(core, session, undefined);
}

/**
 * Publishes the will of a session once, if it has one [MQTT-3.1.2-10]. The session keeps it until it is sent or dropped, so
 * that storage does: a will that waits for a hook when the process ends is sent by the next one.
 */
export function publishWill(core: Core, session: Session): void {
  const pending = session.will, { client } = session;
  core.scheduler.cancel(session.willTask);
  session.willTask = undefined;
  if (pending === undefined || core.wills.has(pending)) return;
  const due = { session, client, pending };
  const done = sendInPortions(core, due).catch((error) => drop(core, due, error));
  core.wills.set(pending, done.finally(() => core.wills.delete(pending)));
}

/** A thousand clients may go at once, and each will be for thousands; while the broker stops there is nobody to hold up. */
function sendInPortions(core: Core, due: DueWill): Promise<void> {
  if (!core.serving || !core.portions.isSpent) return send(core, due);
  return new Promise((resolve) => core.portions.wait(() => resolve(send(core, due))));
}

/** Waits for all wills that are being published, those that come meanwhile too. Never rejects. */
export async function willsSettled(core: Core): Promise<void> {
  while (core.wills.size > 0) await Promise.all(core.wills.values());
}

/** A will that is due. */
interface DueWill {
  readonly session: Session;
  /** Whose it is: the session may have another client before it is sent. */
  readonly client: Client;
  readonly pending: PendingWill;
}

/** Without an async hook all of it happens in the turn in which it begins. */
async function send(core: Core, due: DueWill): Promise<void> {
  const { client, pending } = due;
  const changed = core.hooks.transform(core.hooks.on.onWill, client, pending.will);
  const will = changed instanceof Promise ? await changed : changed;
  checkParts(core, will);
  validateTopicName(will.topic, core.options.capabilities.maximumTopicLevels); // hooks may have changed it
  const verdict = authorize(core, client, will.topic, "write");
  const code = typeof verdict === "number" ? verdict : await verdict;
  if (core.stopped) return; // storage keeps it for the next run
  if (code !== ReasonCode.Success) {
    throw new MqttError(code, `Cannot publish the will to ${will.topic}: ${reasonCodeName(code)}`);
  }
  const { topic, payload, qos, retain } = will, properties = publicProperties(will.properties);
  const message = core.message({
    topic,
    payload,
    qos,
    retain,
    properties,
    publisherId: client.id,
    receivedAt: core.now(),
  });
  message.encode(); // what cannot be sent to subscribers is not kept for them either
  // in the turn of the deliveries: storage takes the will and its end in one commit
  const routed = route(core, client, message, () => {
    core.portions.spend(WILL_UNITS + message.reached);
    forget(core, due);
    core.hooks.observe(core.hooks.on.onWillSent, client, message);
  });
  if (routed instanceof Promise) await routed;
}

/** It is refused, and would be again: nobody asks a second time. */
function drop(core: Core, due: DueWill, error: unknown): void {
  if (core.stopped) return;
  const { client, pending } = due, reason = error instanceof Error ? error.message : String(error);
  if (error instanceof MqttError) core.clientLog.warn("a will was refused", { client: client.id, reason });
  else core.unexpected("a will was not published", error);
  forget(core, due);
  core.hooks.observe(core.hooks.on.onWillDropped, client, pending.will, reason);
}

/** The session has no will any more, unless a new connection has brought another one. */
function forget(core: Core, { session, pending }: DueWill): void {
  if (session.will === pending) setWill(core, session, undefined);
}
