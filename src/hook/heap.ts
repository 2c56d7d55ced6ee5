/** How much heap there is.
 * @module */
import { getHeapStatistics } from "node:v8";

/** What V8 counts in its limit for things that are new, three times 32 MiB, and are not kept there. */
const YOUNG = 100_663_296;

/** Bytes of a heap that there are for what is kept. */
export function keptHeap(limit: number): number {
  return Math.floor(Math.max(limit - YOUNG, limit / 3));
}

/** Bytes that this process may keep in its heap; V8 ends the process above it. */
export const HEAP_LIMIT: number = keptHeap(getHeapStatistics().heap_size_limit);
