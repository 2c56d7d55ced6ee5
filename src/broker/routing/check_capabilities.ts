/** What the broker lets nobody publish.
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { PublishPacket } from "../../packets/types.ts";
import type { Core } from "../core/core.ts";

/**
 * Checks what a message asks for.
 *
 * @param message the message, or a will
 * @param action what the error says cannot be done
 * @throws MqttError 0x9B above Maximum QoS, 0x9A for RETAIN where retained messages are not available
 */
export function checkCapabilities(
  core: Core,
  { qos, retain }: Pick<PublishPacket, "qos" | "retain">,
  action: string = "publish",
): void {
  const { maximumQos, retainAvailable } = core.options.capabilities;
  if (qos > maximumQos) { // [MQTT-3.2.2-11]
    throw new MqttError(ReasonCode.QoSNotSupported, `Cannot ${action} at QoS ${qos}: the maximum is ${maximumQos}`);
  }
  if (retain && !retainAvailable) { // [MQTT-3.2.2-14]
    const reason = `Cannot ${action} with RETAIN: retained messages are not available`;
    throw new MqttError(ReasonCode.RetainNotSupported, reason);
  }
}
