/** Every moment at which a broker can crash, and what a client finds after each.
 * @module */
import type { MemoryStore } from "../../hooks/storage/memory_engine.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { PacketType } from "../../src/packets/types.ts";
import { MomentsEngine, RestartWorld } from "./restart_world.ts";

/** Runs something against a broker. @returns what its store held after each commit */
export async function momentsOf(
  run: (world: RestartWorld) => Promise<void>,
  hooks: Hook[] = [],
  mutations = 1_000,
): Promise<MemoryStore[]> {
  const engines: MomentsEngine[] = [];
  const engine = (store: MemoryStore) => {
    const made = engines[engines.push(new MomentsEngine(store)) - 1];
    Object.defineProperty(made, "limits", { value: { ...made.limits, mutations } });
    return made;
  };
  await using world = await new RestartWorld({ engine, hooks }).start();
  await run(world);
  await world.advance(0);
  return engines.flatMap(({ moments }) => moments);
}

/** Starts a broker on one of these moments. @returns payloads that the observer gets */
export async function payloadsAt(store: MemoryStore, run: (world: RestartWorld) => Promise<void>): Promise<string[]> {
  await using world = await new RestartWorld().start(store);
  await world.advance(0);
  await run(world);
  const observer = await world.connect("observer"), payloads: string[] = [];
  await observer.barrier();
  for (let packet = observer.take(); packet !== undefined; packet = observer.take()) {
    if (packet.type === PacketType.PUBLISH) payloads.push(new TextDecoder().decode(packet.payload));
  }
  return payloads;
}

/** Answers after some milliseconds. */
export function later<T>(value: T, milliseconds = 1): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, value));
}

/** Hooks that let a message wait at each of its steps, by what they add to the name of a test. */
export const HOOKS: Record<string, Hook[]> = {
  "": [],
  ", with a hook that takes its time": [{ id: "slow", onPublish: () => later(undefined) }],
  ", with a subscriber choice that takes its time": [{
    id: "slow",
    onSelectSubscribers: (_message, selected) => later(selected),
  }],
  ", with rights that take their time": [{ id: "slow", onAclCheck: () => later(true) }],
  ", with rights that take their time for one only": [{
    id: "slow",
    onAclCheck: (client) => client.id === "second" ? later(true) : true,
  }],
  ", with a share whose rights take their time": [{
    id: "slow",
    onAclCheck: (client) => client.id === "member" ? later(true) : undefined,
  }],
};

/** Makes a session that waits for messages. */
export async function away(world: RestartWorld, clientId: string, filter: string): Promise<void> {
  const client = await world.connect(clientId);
  await client.subscribe(filter, { qos: 2 });
  await client.cut();
}
