/** Will Messages: checked at CONNECT, held while they have to wait, published or dropped (3.1.2.5).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import type { Properties, Will } from "../../packets/types.ts";
import type { Session } from "../../session/session.ts";
import type { Client } from "../../session/client.ts";
import { validateTopicName } from "../../topics/topic_name.ts";
import { authorize } from "../core/authorize.ts";
import type { Core } from "../core/core.ts";
import { route } from "../routing/route_message.ts";

/**
 * Checks the will of a CONNECT against the rules of topics and the features of the broker.
 * @throws MqttError 0x90, 0x99, 0x9A, 0x9B
 */
export function checkWill(core: Core, will: Will): void {
  const { maximumQos, retainAvailable, maximumTopicLevels, validatePayloadFormat } = core.options.capabilities;
  validateTopicName(will.topic, maximumTopicLevels); // [MQTT-4.7.1-1]
  if (will.qos > maximumQos) {
    throw new MqttError(
      ReasonCode.QoSNotSupported,
      `Cannot accept will: its QoS is ${will.qos}, the maximum is ${maximumQos}`,
    ); // [MQTT-3.2.2-12]
  }
  if (will.retain && !retainAvailable) {
    throw new MqttError(ReasonCode.RetainNotSupported, "Cannot accept will: retained messages are not available"); // [MQTT-3.2.2-13]
  }
  if (will.properties?.payloadFormatIndicator === 1 && validatePayloadFormat) checkText(will.payload);
}

function checkText(payload: Uint8Array): void {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(payload);
  } catch {
    throw new MqttError(
      ReasonCode.PayloadFormatInvalid,
      "Cannot accept will: its payload is marked as UTF-8 and is not",
    );
  }
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
  session.will = undefined;
}

/** Publishes the will of a session once, if it has one [MQTT-3.1.2-10]. */
export function publishWill(core: Core, session: Session): void {
  const pending = session.will;
  cancelWill(core, session);
  if (pending === undefined) return;
  send(core, session.client, pending.will).catch((error) => {
    if (error instanceof MqttError) {
      core.options.logger.warn("a will was refused", { client: session.clientId, reason: error.message });
    } else core.unexpected("a will was not published", error);
  });
}

async function send(core: Core, client: Client, given: Will): Promise<void> {
  let will = given;
  if (core.hooks.on.onWill !== undefined) will = await core.hooks.transform(core.hooks.on.onWill, client, given);
  const verdict = authorize(core, client, will.topic, "write");
  const code = typeof verdict === "number" ? verdict : await verdict;
  if (code !== 0) throw new MqttError(code, `Cannot publish the will to ${will.topic}: not authorized`);
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
  // in the turn of the deliveries: storage takes the will and its end in one commit
  await route(core, client, message, () => core.hooks.observe(core.hooks.on.onWillSent, client, message));
}

/** Will Delay Interval is for the broker alone. */
function publicProperties(properties: Properties | undefined): Properties | undefined {
  return properties?.willDelayInterval === undefined ? properties : { ...properties, willDelayInterval: undefined };
}
