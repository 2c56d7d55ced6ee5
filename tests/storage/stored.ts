/** Hooks over a store in memory that is closed and opened again.
 * @module */
import { MemoryEngine, MemoryStore } from "../../hooks/storage/memory_engine.ts";
import type { StorageHook } from "../../hooks/storage/options.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import type {
  StoredClient,
  StoredInflightMessage,
  StoredRetainedMessage,
  StoredSubscription,
} from "../../src/hook/records.ts";
import type { Properties } from "../../src/packets/types.ts";
import type { MessageInit } from "../../src/session/message.ts";
import { hookContext, LineLogger } from "./world.ts";

export const messageProperties: Properties = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 0xffff_ffff,
  contentType: "text/ä",
  responseTopic: "answer/to",
  correlationData: Uint8Array.of(0, 255),
  userProperties: [["a", "1"], ["a", "2"], ["", ""]],
};

export async function start(store: MemoryStore, logger: LineLogger = new LineLogger()): Promise<StorageHook> {
  const hook = storageHook(new MemoryEngine(store));
  await hook.init!(undefined, hookContext(logger));
  return hook;
}

export interface Loaded {
  hook: StorageHook;
  clients: StoredClient[];
  subscriptions: StoredSubscription[];
  inflight: StoredInflightMessage[];
  retained: StoredRetainedMessage[];
}

export async function load(store: MemoryStore, logger?: LineLogger): Promise<Loaded> {
  const hook = await start(store, logger);
  const retained = [...(await hook.storedRetainedMessages!())!].map(plainMessage);
  const clients = [...(await hook.storedClients!())!], subscriptions = [...(await hook.storedSubscriptions!())!];
  const inflight = [...(await hook.storedInflightMessages!())!].map(plainRecord);
  return { hook, clients, subscriptions, inflight, retained };
}

/** What a message says, without what the broker notes in it. */
function plainMessage({ topic, payload, qos, retain, properties, publisherId, receivedAt }: MessageInit): MessageInit {
  return { topic, payload, qos, retain, properties, publisherId, receivedAt };
}

function plainRecord(record: StoredInflightMessage): StoredInflightMessage {
  return { ...record, message: record.message && plainMessage(record.message) };
}

/** Does something to an empty store and reads it back. */
export async function stored(run: (hook: StorageHook) => void): Promise<Loaded> {
  const store = new MemoryStore(), hook = await start(store);
  await hook.storedClients!();
  run(hook);
  await hook.stop!();
  const loaded = await load(store);
  await loaded.hook.stop!();
  return loaded;
}
