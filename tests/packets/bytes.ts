/** Bytes from readable tables, and packets from bytes. */

import { type DecodeOptions, decodePacket } from "../../src/packets/codec.ts";
import { Framer } from "../../src/packets/framer.ts";
import type { Packet, ProtocolVersion } from "../../src/packets/types.ts";

const encoder = new TextEncoder();

/** `"30 03 00 01 't'"`: two hexadecimal digits a byte, text in single quotes. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const [token] of text.matchAll(/'[^']*'|\S+/g)) {
    if (token.startsWith("'")) bytes.push(...encoder.encode(token.slice(1, -1)));
    else if (/^[0-9A-Fa-f]{2}$/.test(token)) bytes.push(parseInt(token, 16));
    else throw new Error(`not a byte: ${token}`);
  }
  return Uint8Array.from(bytes);
}

/** Puts bytes together. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes as hexadecimal digits, for messages. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");
}

/** Frames and decodes the one packet that the bytes hold. */
export function decodeBytes(bytes: Uint8Array, version: ProtocolVersion, options?: DecodeOptions): Packet {
  const framer = new Framer();
  framer.push(bytes);
  if (!framer.next() || framer.end !== bytes.length) throw new Error(`not one whole packet: ${toHex(bytes)}`);
  return decodePacket(framer.header, framer.buffer, framer.start, framer.end, version, options);
}

/** A packet with its fixed header, from its first byte and what follows the Remaining Length. */
export function framed(header: number, body: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push(rest % 128 + (rest > 127 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Uint8Array.from([header, ...length, ...body]);
}

/** The value without keys that are `undefined`, so that absent and undefined compare as equal. */
export function compact<T>(value: T): T {
  if (Array.isArray(value)) return value.map(compact) as T;
  if (value instanceof Uint8Array) return Uint8Array.from(value) as T;
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, compact(item)])) as T;
}
