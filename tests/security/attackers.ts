/** What attackers need: bytes without a client around them, and what they cost. */

import { assert } from "@std/assert";
import type { Socket } from "../../src/broker/core/listener.ts";
import type { MemoryListener } from "../../listeners/memory.ts";
import type { Harness } from "../helpers/harness.ts";

/** Lets everything run that waits. */
export function pause(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A connection that reads only when it is told to. */
export function rawSocket(harness: Harness, options: { remoteAddress?: string; capacity?: number } = {}): Socket {
  return (harness.broker.listeners.get("memory") as MemoryListener).connect(options);
}

/** Writes all of it. @returns false when the broker has closed the connection */
export async function writeAll(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await socket.write(rest));
    return true;
  } catch {
    return false;
  }
}

/** Writes until the broker takes no more, or the connection is closed. @returns bytes that were taken */
export async function writeWhileTaken(socket: Socket, bytes: Uint8Array, most: number): Promise<number> {
  let taken = 0, stuck = false;
  while (taken < most && !stuck) {
    const writing = writeAll(socket, bytes), late = Promise.withResolvers<"stuck">();
    const timer = setTimeout(() => late.resolve("stuck"), 300);
    const outcome = await Promise.race([writing, late.promise]);
    clearTimeout(timer);
    if (outcome === true) taken += bytes.length;
    else stuck = true;
  }
  return taken;
}

/** Bytes that one packet repeated makes, at least `size` of them. */
export function repeated(packet: Uint8Array, size: number): Uint8Array {
  const count = Math.ceil(size / packet.length), all = new Uint8Array(count * packet.length);
  for (let index = 0; index < count; index++) all.set(packet, index * packet.length);
  return all;
}

/** Memory outside of and within the heap. */
function used(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Runs an attack and makes sure that memory grows by less than so many bytes. */
export async function expectMemory(limit: number, attack: () => Promise<void>): Promise<void> {
  const before = used();
  await attack();
  const grown = used() - before;
  assert(grown < limit, `memory has grown by ${grown} bytes, more than ${limit}`);
}

/** Makes sure that a client which has nothing to do with it is served. */
export async function expectServed(harness: Harness, clientId = "bystander"): Promise<void> {
  const client = await harness.connect(clientId);
  await client.subscribe(`${clientId}/t`);
  await client.sendPublish(`${clientId}/t`, "served");
  await client.expectMessage(`${clientId}/t`, "served");
  await client.disconnect();
}
