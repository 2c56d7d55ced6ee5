/** Which server takes the changes: the only one, the primary that sentinels name, or the owner of our slot in a cluster.
 * @module */
import type { Buffer } from "node:buffer";
import type { RedisAddress, RedisConnect, RedisConnection } from "./redis_api.ts";
import type { RedisTarget } from "./redis_url.ts";
import { within } from "./within.ts";

/** Milliseconds for an answer about the whereabouts of the primary. */
const PATIENCE = 5_000;

/**
 * Connects to the server that takes changes.
 *
 * @param target what the URL says
 * @param connect makes one connection
 * @param key one of our keys; all are in the same slot
 * @returns the connection
 * @throws {Error} (as rejection) of the last server that was tried
 */
export async function connectToPrimary(
  target: RedisTarget,
  connect: RedisConnect,
  key: string,
): Promise<RedisConnection> {
  if (target.kind === "single") return await connect(target.addresses[0], "store");
  let failure: unknown = new Error("Cannot use Redis URL: no server in it");
  for (const address of target.addresses) {
    try {
      const primary = target.kind === "sentinel"
        ? await askSentinel(await connect(address, "sentinel"), target)
        : await askNode(await connect(address, "store"), { address, key });
      return await connect(primary, "store");
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function askSentinel(sentinel: RedisConnection, target: RedisTarget): Promise<RedisAddress> {
  const name = target.parameters.get("name") ?? "mymaster";
  try {
    const question = sentinel.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
    const answer = await within(PATIENCE, question, "the sentinel does not answer") as Buffer[] | null;
    if (answer === null) throw new Error(`Cannot find Redis: the sentinel does not know "${name}"`);
    return { host: answer[0].toString(), port: Number(answer[1].toString()) };
  } finally {
    sentinel.destroy();
  }
}

type Slots = [from: number, to: number, primary: [host: Buffer | null, port: number]][];

async function askNode(
  node: RedisConnection,
  { address, key }: { address: RedisAddress; key: string },
): Promise<RedisAddress> {
  try {
    const questions = Promise.all([
      node.sendCommand(["CLUSTER", "KEYSLOT", key]),
      node.sendCommand(["CLUSTER", "SLOTS"]),
    ]);
    const [number, list] = await within(PATIENCE, questions, "the node does not answer");
    const slot = Number(number), slots = list as Slots;
    const range = slots.find(([from, to]) => from <= slot && slot <= to);
    if (range === undefined) throw new Error(`Cannot find Redis: no node of the cluster has slot ${slot}`);
    const [host, port] = range[2], name = host?.toString() ?? "";
    return { host: name === "" || name === "?" ? address.host : name, port };
  } finally {
    node.destroy();
  }
}
