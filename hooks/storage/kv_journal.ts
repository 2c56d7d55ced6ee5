/** Changes as bytes: what does not fit into one atomic is written down first, then done, and done again after a crash.
 * @module */
import type { KvChange, LargeHead } from "./kv_atomics.ts";
import { Decoder } from "./decoder.ts";
import { Encoder, textRoom } from "./encoder.ts";

const VERSION = 1;
const REMOVE = 0, BYTES = 1, LARGE = 2;

function room(changes: readonly KvChange[]): number {
  let bytes = 8;
  for (const { key, value } of changes) {
    bytes += 8 + (value instanceof Uint8Array ? value.length : 128);
    for (const part of key) bytes += textRoom(part);
  }
  return bytes;
}

/**
 * Writes changes down.
 *
 * @param changes the changes
 * @returns their bytes
 */
export function encodeJournal(changes: readonly KvChange[]): Uint8Array {
  const encoder = new Encoder();
  encoder.begin(room(changes));
  encoder.u8(VERSION);
  encoder.u32(changes.length);
  for (const change of changes) putChange(encoder, change);
  return encoder.end();
}

function putChange(encoder: Encoder, { key, value }: KvChange): void {
  encoder.u8(value === undefined ? REMOVE : value instanceof Uint8Array ? BYTES : LARGE);
  encoder.u8(key.length);
  for (const part of key) encoder.text(part);
  if (value instanceof Uint8Array) {
    encoder.u32(value.length);
    encoder.bytes(value);
  } else if (value !== undefined) {
    encoder.text(value[0]);
    encoder.u32(value[1]);
    encoder.u48(value[2]);
  }
}

/**
 * Reads changes back.
 *
 * @param bytes what {@linkcode encodeJournal} made
 * @returns the changes
 * @throws {Error} when another version wrote them
 */
export function decodeJournal(bytes: Uint8Array): KvChange[] {
  const source = new Decoder(bytes), version = source.u8();
  if (version !== VERSION) throw new Error(`Cannot finish an interrupted commit: its version is ${version}`);
  const changes: KvChange[] = [];
  for (let count = source.u32(); count > 0; count--) changes.push(takeChange(source));
  return changes;
}

function takeChange(source: Decoder): KvChange {
  const kind = source.u8(), key: string[] = [];
  for (let parts = source.u8(); parts > 0; parts--) key.push(source.text());
  if (kind === REMOVE) return { key, value: undefined };
  if (kind === BYTES) return { key, value: source.take(source.u32()) };
  const head: LargeHead = [source.text(), source.u32(), source.u48()];
  return { key, value: head };
}
