/** The one error of the protocol rooms: a {@linkcode MqttError} carries the reason code that answers it.
 * @module */

import type { ProtocolVersion } from "./types.ts";

/** What a {@linkcode ConnectError} knows about the client. */
export interface ConnectErrorContext {
  /** The version of the client, once name and level were read and are supported. */
  protocolVersion?: ProtocolVersion;
  /** `MQTT` or `MQIsdp`, once it was read. */
  protocolName?: string;
  /** The level byte as sent, once it was read. */
  protocolLevel?: number;
}

/**
 * A violation of the protocol, a refusal or a limit, named by its MQTT 5 reason code.
 *
 * Decoders, validators and hooks throw it; the connection turns it into the CONNACK, acknowledgement or DISCONNECT
 * that belongs there (or into a plain close for MQTT 3.1 and 3.1.1).
 *
 * @example
 * ```ts
 * import { MqttError } from "@mochi/broker/packets";
 *
 * const error = new MqttError(0x87, "Cannot publish to secret: not authorized");
 * console.assert(error.reasonCode === 0x87);
 * ```
 */
export class MqttError extends Error {
  /** The MQTT 5 reason code, 0x80 to 0xA2. */
  readonly reasonCode: number;
  /** Server Reference told with 0x9C and 0x9D, a space separated list of hosts. */
  readonly serverReference: string | undefined;

  /**
   * An error with its reason code.
   *
   * @param reasonCode MQTT 5 reason code, 0x80 to 0xA2
   * @param message what went wrong, in words; sent as Reason String where the standard and the client allow it
   * @param options `serverReference` for 0x9C and 0x9D
   */
  constructor(reasonCode: number, message: string, options?: { serverReference?: string }) {
    super(message);
    this.name = "MqttError";
    this.reasonCode = reasonCode;
    this.serverReference = options?.serverReference;
  }
}

/**
 * A CONNECT that cannot be decoded, with what was learnt before it failed, so that the broker can choose the answer.
 *
 * | `protocolVersion` | `protocolName` | answer                                                                    |
 * | ----------------- | -------------- | ------------------------------------------------------------------------- |
 * | 5                 | `MQTT`         | CONNACK with `reasonCode`, then close                                     |
 * | 4 or 3            | any            | close without a CONNACK                                                   |
 * | `undefined`       | known          | unsupported level: `20 03 00 84 00` above 5, else `20 02 00 01`; close    |
 * | `undefined`       | `undefined`    | not MQTT, or broken before the level: close without a CONNACK             |
 *
 * @example
 * ```ts
 * import { ConnectError, decodePacket } from "@mochi/broker/packets";
 *
 * const body = Uint8Array.of(0, 4, 0x4d, 0x51, 0x54, 0x54, 9, 2, 0, 60, 0, 1, 0x61); // level 9
 * try {
 *   decodePacket(0x10, body, 0, body.length, 4);
 * } catch (error) {
 *   console.assert(error instanceof ConnectError && error.protocolLevel === 9);
 * }
 * ```
 */
export class ConnectError extends MqttError {
  /** The version of the client, once name and level were read and are supported. */
  readonly protocolVersion: ProtocolVersion | undefined;
  /** `MQTT` or `MQIsdp`, once it was read. */
  readonly protocolName: string | undefined;
  /** The level byte as sent, once it was read. */
  readonly protocolLevel: number | undefined;

  /**
   * An error in a CONNECT.
   *
   * @param reasonCode MQTT 5 reason code, 0x80 to 0xA2
   * @param message what went wrong, in words
   * @param context what was read of the protocol name and level
   */
  constructor(reasonCode: number, message: string, context: ConnectErrorContext = {}) {
    super(reasonCode, message);
    this.name = "ConnectError";
    this.protocolVersion = context.protocolVersion;
    this.protocolName = context.protocolName;
    this.protocolLevel = context.protocolLevel;
  }
}
