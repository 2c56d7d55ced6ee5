/** UTF-8 text as MQTT wants it (1.5.4): well formed, no U+0000, byte-order marks kept.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }); // [MQTT-1.5.4-3]
const encoder = new TextEncoder();
const fromCodes = String.fromCharCode;

/** Above this length the native decoder wins over the loop. */
const LOOP_LIMIT = 128;

/**
 * Decodes and validates bytes as UTF-8.
 *
 * @param buffer where the bytes are
 * @param start first byte
 * @param end behind the last byte
 * @returns the text
 * @throws {MqttError} 0x81 when the bytes are ill-formed or hold U+0000
 *
 * @example
 * ```ts
 * import { decodeUtf8 } from "./utf8.ts";
 *
 * console.assert(decodeUtf8(Uint8Array.of(0x61, 0xc3, 0xa4), 0, 3) === "aä");
 * ```
 */
export function decodeUtf8(buffer: Uint8Array, start: number, end: number): string {
  if (isAsciiText(buffer, start, end) && end - start <= LOOP_LIMIT) return decodeAscii(buffer, start, end);
  try {
    return decoder.decode(buffer.subarray(start, end)); // [MQTT-1.5.4-1]
  } catch {
    throw new MqttError(ReasonCode.MalformedPacket, "Cannot decode string: not well-formed UTF-8");
  }
}

/**
 * Validates bytes as UTF-8 without making a text of them.
 *
 * @param buffer where the bytes are
 * @param start first byte
 * @param end behind the last byte
 * @throws {MqttError} 0x81 when the bytes are ill-formed or hold U+0000
 *
 * @example
 * ```ts
 * import { checkUtf8 } from "./utf8.ts";
 *
 * checkUtf8(Uint8Array.of(0x61, 0xc3, 0xa4), 0, 3);
 * ```
 */
export function checkUtf8(buffer: Uint8Array, start: number, end: number): void {
  if (!isAsciiText(buffer, start, end)) decodeUtf8(buffer, start, end);
}

/**
 * Tells whether a payload is UTF-8 (3.3.2.3.2); unlike text within packets it may hold U+0000.
 *
 * @param payload the bytes
 * @returns false when they are ill-formed
 *
 * @example
 * ```ts
 * import { isUtf8 } from "./utf8.ts";
 *
 * console.assert(!isUtf8(Uint8Array.of(0xff)));
 * ```
 */
export function isUtf8(payload: Uint8Array): boolean {
  try {
    decoder.decode(payload);
    return true;
  } catch {
    return false;
  }
}

/**
 * Compares bytes with a text.
 *
 * @param text a text
 * @param buffer where the bytes are
 * @param start first byte
 * @param end behind the last byte
 * @returns true when the bytes are the text and none is above 0x7F
 */
export function isAscii(text: string, buffer: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = end - 1; i >= start; i--) { // names differ at their ends, mostly
    const byte = buffer[i];
    if (byte >= 0x80 || byte !== text.charCodeAt(i - start)) return false;
  }
  return true;
}

/** Whether all bytes are below 0x80; refuses zero bytes. */
function isAsciiText(buffer: Uint8Array, start: number, end: number): boolean {
  let bits = 0;
  for (let i = start; i < end; i++) {
    const byte = buffer[i];
    if (byte === 0) throw new MqttError(ReasonCode.MalformedPacket, "Cannot decode string: U+0000 in it"); // [MQTT-1.5.4-2]
    bits |= byte;
  }
  return bits < 0x80;
}

function decodeAscii(buffer: Uint8Array, start: number, end: number): string {
  let text = "";
  let i = start;
  for (; i + 8 <= end; i += 8) {
    text += fromCodes(buffer[i], buffer[i + 1], buffer[i + 2], buffer[i + 3]) +
      fromCodes(buffer[i + 4], buffer[i + 5], buffer[i + 6], buffer[i + 7]);
  }
  for (; i < end; i++) text += fromCodes(buffer[i]);
  return text;
}

/**
 * The number of bytes that a text takes in UTF-8.
 *
 * @param text any text without lone surrogates
 * @returns bytes
 *
 * @example
 * ```ts
 * import { utf8Length } from "./utf8.ts";
 *
 * console.assert(utf8Length("aä") === 3);
 * ```
 */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    // Each half of a surrogate pair counts two bytes, four for the pair.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/**
 * Writes a text as UTF-8 bytes, without a length in front.
 *
 * @param text what to write
 * @param target has room for three bytes a UTF-16 unit
 * @param at index of the first byte
 * @returns index behind the last byte
 * @throws {MqttError} 0x81 for U+0000 and lone surrogates
 *
 * @example
 * ```ts
 * import { writeUtf8 } from "./utf8.ts";
 *
 * const bytes = new Uint8Array(8);
 * console.assert(writeUtf8("ä", bytes, 0) === 2);
 * ```
 */
export function writeUtf8(text: string, target: Uint8Array, at: number): number {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code - 1 >>> 0 >= 0x7f) return writeSlowly(text, target, at);
    target[at + i] = code;
  }
  return at + length;
}

function writeSlowly(text: string, target: Uint8Array, at: number): number {
  if (!text.isWellFormed()) {
    throw new MqttError(ReasonCode.MalformedPacket, "Cannot encode string: lone surrogate in it"); // [MQTT-1.5.4-1]
  }
  if (text.includes("\0")) throw new MqttError(ReasonCode.MalformedPacket, "Cannot encode string: U+0000 in it"); // [MQTT-1.5.4-2]
  return at + encoder.encodeInto(text, target.subarray(at)).written;
}
