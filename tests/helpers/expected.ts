/** Whether a packet is what a test says. */

import type { Properties } from "../../src/packets/types.ts";
import { compact, toHex } from "../packets/bytes.ts";
import type { ServerPacket } from "./server_packet.ts";

/** Fields that have to be equal; others may be anything. `properties` has to be equal as a whole. */
export type Expected = Partial<Omit<ServerPacket, "bytes" | "payload">> & { payload?: string | Uint8Array };

/**
 * Compares a packet with what was expected.
 *
 * @param packet what arrived
 * @param expected a pattern of bytes (`..` any byte, `'text'`, `*` any rest) or fields
 * @returns what is wrong; `undefined` when nothing is
 */
export function difference(packet: ServerPacket, expected: string | Expected): string | undefined {
  if (typeof expected !== "string") return fieldDifference(packet, expected);
  return isLike(toHex(packet.bytes), expected) ? undefined : `  expected ${expected}`;
}

function isLike(bytes: string, pattern: string): boolean {
  const source = pattern.replace(/'([^']*)'/g, (_, text) => toHex(new TextEncoder().encode(text)))
    .trim().toUpperCase().replace(/\s+/g, " ").replace(/ ?\*$/, "( ..)*").replaceAll(
      "..",
      "[0-9A-F]{2}",
    );
  return new RegExp(`^${source}$`).test(bytes);
}

function fieldDifference(packet: ServerPacket, expected: Expected): string | undefined {
  const actual = packet as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(expected)) {
    const wanted = text(value), found = text(typeof value === "string" ? decode(actual[name]) : actual[name]);
    if (wanted !== found) return `  ${name}: expected ${wanted}, current value is ${found}`;
  }
  return undefined;
}

function decode(value: unknown): unknown {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

function text(value: unknown): string {
  return JSON.stringify(compact(value), (_, item) => {
    if (item instanceof Uint8Array) return `bytes ${toHex(item)}`;
    return isPlain(item) ? Object.fromEntries(Object.entries(item).toSorted()) : item;
  }) ?? "absent";
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Properties without those that are absent. */
export function given(properties: Properties | undefined): Properties {
  return compact(properties ?? {});
}
