/** How much memory everything together may take, and which part of it is for what.
 * @module */
import { HEAP_LIMIT } from "../../hook/heap.ts";
import type { Capabilities } from "./options.ts";

/** Bytes that things may take at most, all of a kind together. */
export interface MemoryLimits {
  /** Heap and buffers outside of it: above it nothing new is taken. */
  readonly memory: number;
  /** The heap alone: the runtime ends the process not far above it. */
  readonly heap: number;
  /** Retained messages. */
  readonly retained: number;
  /** Messages to clients, sent and not acknowledged or queued. */
  readonly queued: number;
  /** Sessions by themselves, with the Packet Identifiers of QoS 2 messages from clients. */
  readonly sessions: number;
  /** Subscriptions and the tree that finds them. */
  readonly subscriptions: number;
  /** Wills. */
  readonly wills: number;
  /** Topic Aliases that clients have set. */
  readonly aliases: number;
  /** Topic Aliases that the broker has set. */
  readonly outboundAliases: number;
  /** Buffers of connections that wait for something to read, beside the first bytes of each. */
  readonly reading: number;
  /** Outbound buffers. */
  readonly writes: number;
  /** Acknowledgements that wait. */
  readonly acknowledgements: number;
  /** What is remembered of who receives which topic. */
  readonly matches: number;
}

/**
 * Part of the heap that may be full, with what is garbage already and not collected yet. Beyond it collections come so often and
 * take so long that clients wait for half a second (`tests/security/memory_test.ts`).
 */
const HIGH_WATER = 0.8;
/** So many times the heap may heap and buffers take together. */
const WITH_BUFFERS = 1.5;
/** Part of heap and buffers that read buffers take at most, and bytes that are enough for everybody. */
const READING = 1 / 8, ENOUGH_READING = 134_217_728;
/** Parts of the heap. With the part of a store (`hooks/storage/options.ts`) they stay below the high water. */
const SHARES = {
  retained: 0.16,
  queued: 0.16,
  sessions: 0.14,
  subscriptions: 0.13,
  wills: 0.03,
  aliases: 0.02,
  outboundAliases: 0.01,
  writes: 0.07,
  acknowledgements: 0.02,
  matches: 0.02,
} as const;

/**
 * Finds the limits: those that the options name, and parts of the heap that there is for the others.
 *
 * @param capabilities the options; 0 stands for a part of the heap
 * @param heapLimit bytes that may be kept in the heap
 * @returns a number for each kind of thing
 */
export function memoryLimits(capabilities: Capabilities, heapLimit: number = HEAP_LIMIT): MemoryLimits {
  const memory = capabilities.maximumMemory || Math.floor(WITH_BUFFERS * heapLimit);
  const base = Math.min(heapLimit, memory), part = (name: keyof typeof SHARES) => Math.floor(SHARES[name] * base);
  return {
    memory,
    heap: Math.floor(HIGH_WATER * heapLimit),
    retained: capabilities.maximumRetainedBytes || part("retained"),
    queued: capabilities.maximumTotalQueuedBytes || part("queued"),
    sessions: capabilities.maximumTotalSessionBytes || part("sessions"),
    subscriptions: capabilities.maximumTotalSubscriptionBytes || part("subscriptions"),
    wills: capabilities.maximumTotalWillBytes || part("wills"),
    aliases: part("aliases"),
    outboundAliases: part("outboundAliases"),
    reading: Math.min(READING * memory, ENOUGH_READING),
    writes: capabilities.maximumTotalWritesPendingBytes || part("writes"),
    acknowledgements: part("acknowledgements"),
    matches: part("matches"),
  };
}
