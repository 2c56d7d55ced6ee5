/** How fast the storages are: durable messages a second and bytes on disk without a broker in front, time of its whole start.
 *
 * `deno task bench:store` prints the tables (a few minutes), `deno task bench:store --start` those of the start alone. 20 publishers keep 64 messages of 64 bytes each under way, for
 * one session that is away; every acknowledgement waits for its commit. Redis needs a `redis-server`.
 * @module */
import { kvStorage } from "../../hooks/storage/kv.ts";
import { memoryStorage, MemoryStore } from "../../hooks/storage/memory.ts";
import type { StorageHook } from "../../hooks/storage/options.ts";
import { redisStorage } from "../../hooks/storage/redis.ts";
import { Broker } from "../../src/broker/broker.ts";
import type { Client } from "../../src/session/client.ts";
import type { OutboundRecord } from "../../src/session/outbound_record.ts";
import type { Session } from "../../src/session/session.ts";
import { hasProgram } from "../helpers/programs.ts";
import { RedisServer } from "../storage/redis_server.ts";
import { connect, hookContext, message, outbound } from "../storage/world.ts";
import { until } from "../helpers/until.ts";

const PUBLISHERS = 20, WINDOW = 64, PAYLOAD = 64, MESSAGES = 200_000;
const STARTS = 3, RETAINED = 100_000, SESSIONS = 10_000, QUEUED = 10;

/** Where a storage keeps things. */
interface Place extends AsyncDisposable {
  readonly name: string;
  storage(durability: "strict" | "relaxed"): StorageHook;
  bytesOnDisk(): Promise<number>;
}

function memoryPlace(): Promise<Place> {
  const store = new MemoryStore();
  return Promise.resolve({
    name: "memory",
    storage: (durability) => memoryStorage({ store, durability }),
    bytesOnDisk: () => Promise.resolve(0),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function kvPlace(): Promise<Place> {
  const folder = await Deno.makeTempDir();
  return {
    name: "kv",
    storage: (durability) => kvStorage({ path: `${folder}/broker.kv`, durability }),
    bytesOnDisk: () => folderSize(folder),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function redisPlace(fsync: string): () => Promise<Place> {
  return async () => {
    const server = await RedisServer.start("--appendfsync", fsync);
    return {
      name: `redis, appendfsync ${fsync}`,
      storage: (durability) => redisStorage({ url: server.url, durability }),
      bytesOnDisk: () => folderSize(server.folder),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
}

async function folderSize(folder: string): Promise<number> {
  let bytes = 0;
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    bytes += entry.isDirectory ? await folderSize(path) : (await Deno.stat(path)).size;
  }
  return bytes;
}

async function opened(storage: StorageHook): Promise<StorageHook> {
  await storage.init!(undefined, hookContext());
  return storage;
}

async function idle(storage: StorageHook): Promise<void> {
  await until(() => storage.stats.pendingMutations === 0, "the end of the commits", 120_000);
}

/** Stores messages as fast as the windows allow. @returns the records */
function publishAll(storage: StorageHook, to: { client: Client; session: Session }): Promise<OutboundRecord[]> {
  const records: OutboundRecord[] = [], payload = new Uint8Array(PAYLOAD);
  let acknowledged = 0;
  return new Promise((resolve) => {
    const publish = (topic: string) => {
      if (records.length === MESSAGES) return;
      const record = outbound(to.session, message(topic, payload));
      records.push(record);
      const commit = storage.onQosPublish!(to.client, record) as Promise<void> | undefined;
      if (commit !== undefined) commit.then(() => acknowledge(topic));
      else queueMicrotask(() => acknowledge(topic));
    };
    const acknowledge = (topic: string) => {
      if (++acknowledged === MESSAGES) resolve(records);
      else publish(topic);
    };
    for (let publisher = 0; publisher < PUBLISHERS; publisher++) {
      for (let window = 0; window < WINDOW; window++) publish(`publisher/${publisher}`);
    }
  });
}

async function completeAll(storage: StorageHook, client: Client, records: readonly OutboundRecord[]): Promise<void> {
  for (let index = 0; index < records.length; index++) {
    storage.onQosComplete!(client, records[index]);
    if (index % 64 === 63) await (storage.stats.pendingMutations > 2_000 ? idleTurn() : undefined); // a read of acknowledgements
  }
  await idle(storage);
}

function idleTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function rate(count: number, began: number): string {
  return Math.round(count / (performance.now() - began) * 1_000).toLocaleString("en").padStart(10);
}

async function throughput(makePlace: () => Promise<Place>, durability: "strict" | "relaxed"): Promise<void> {
  await using place = await makePlace();
  const storage = await opened(place.storage(durability)), to = connect("away");
  await storage.onSessionEstablished!(to.client, to.session);
  await idle(storage);
  const before = await place.bytesOnDisk();
  let began = performance.now();
  const records = await publishAll(storage, to);
  const stored = rate(MESSAGES, began);
  await idle(storage);
  const drained = rate(MESSAGES, began), { commits } = storage.stats;
  const bytes = Math.round((await place.bytesOnDisk() - before) / MESSAGES);
  began = performance.now();
  await completeAll(storage, to.client, records);
  console.log(
    `${place.name.padEnd(28)} ${durability.padEnd(8)} acknowledged/s ${stored}  stored/s ${drained}  removed/s ` +
      `${rate(MESSAGES, began)}  messages a commit ${Math.round(MESSAGES / commits)}  bytes a message ${bytes}`,
  );
  await storage.stop!();
}

async function fill(storage: StorageHook, scale: number): Promise<void> {
  const payload = new Uint8Array(PAYLOAD);
  for (let index = 0; index < RETAINED * scale; index++) {
    storage.onRetainMessage!(connect("publisher").client, message(`site/${index % 97}/device/${index}`, payload));
    if (index % 1_000 === 999) await idle(storage);
  }
  for (let index = 0; index < SESSIONS * scale; index++) {
    const { client, session } = connect(`client-${index}`);
    storage.onSessionEstablished!(client, session);
    storage.onSubscribed!(client, [subscription(client.id)]);
    for (let count = 0; count < QUEUED; count++) {
      storage.onQosPublish!(client, outbound(session, message(`site/${index}`, payload)));
    }
    if (index % 100 === 99) await idle(storage);
  }
  await idle(storage);
}

function subscription(clientId: string) {
  const plain = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;
  return { clientId, topicFilter: `site/${clientId}/#`, reasonCode: 1, ...plain };
}

async function startUp(makePlace: () => Promise<Place>, scale: number): Promise<void> {
  await using place = await makePlace();
  const first = await opened(place.storage("strict"));
  await first.storedClients!();
  await fill(first, scale);
  await first.stop!();
  const starts: number[] = [];
  let restored = "";
  for (let count = 0; count < STARTS; count++) {
    const broker = new Broker({ sysTopicResendInterval: 0 });
    await broker.addHook(place.storage("strict"));
    const began = performance.now();
    await broker.serve();
    starts.push((performance.now() - began) / 1_000);
    const { retained, subscriptions, inflight } = broker.info;
    restored = `${retained} retained, ${subscriptions} sessions with a subscription, ${inflight} messages`;
    await broker.close();
  }
  const [fastest, median, slowest] = starts.sort((a, b) => a - b).map((seconds) => seconds.toFixed(2));
  console.log(`${place.name.padEnd(28)} ${restored}: ${median} s (${fastest} to ${slowest})`);
}

if (import.meta.main) {
  const places: (() => Promise<Place>)[] = [memoryPlace, kvPlace];
  if (hasProgram("redis-server")) places.push(redisPlace("everysec"), redisPlace("always"));
  else console.log("without Redis: there is no redis-server");
  if (!Deno.args.includes("--start")) {
    console.log(`QoS 1 to a session that is away: ${PUBLISHERS} publishers, window ${WINDOW}, ${PAYLOAD} bytes\n`);
    for (const place of places) {
      await throughput(place, "strict");
      await throughput(place, "relaxed");
    }
  }
  console.log(`\nstart of the broker, median of ${STARTS}\n`);
  for (const place of places.slice(0, 3)) {
    for (const scale of [0.1, 1]) await startUp(place, scale);
  }
}
