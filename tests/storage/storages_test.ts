import { assert, assertEquals } from "@std/assert";
import { kvStorage } from "../../hooks/storage/kv.ts";
import { memoryStorage, MemoryStore } from "../../hooks/storage/memory.ts";
import type { StorageHook } from "../../hooks/storage/options.ts";
import { redisStorage } from "../../hooks/storage/redis.ts";
import { type Program, testWith } from "../helpers/programs.ts";
import { sameBytes } from "./engine_suite.ts";
import { RedisServer } from "./redis_server.ts";
import { connect, hookContext, inbound, message, outbound } from "./world.ts";

/** Makes hooks over the same data. */
interface Place extends AsyncDisposable {
  storage(): StorageHook;
}

const places: { name: string; programs: Program[]; make(): Promise<Place> }[] = [
  {
    name: "memory",
    programs: [],
    make: () => {
      const store = new MemoryStore();
      return Promise.resolve({
        storage: () => memoryStorage({ store }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  },
  {
    name: "kv",
    programs: [],
    make: async () => {
      const folder = await Deno.makeTempDir();
      return {
        storage: () => kvStorage({ path: `${folder}/broker.kv` }),
        [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
      };
    },
  },
  {
    name: "redis",
    programs: ["redis-server"],
    make: async () => {
      const server = await RedisServer.start();
      return {
        storage: () => redisStorage({ url: server.url }),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  },
];

const longs = ["x".repeat(65_535), "ä".repeat(32_767), "x".repeat(65_534) + "y", "ä".repeat(60), "short"];
const bytes = (size: number) => new Uint8Array(size).map((_, index) => index * 7 + (index >> 9));

async function open(place: Place): Promise<StorageHook> {
  const hook = place.storage();
  await hook.init!(undefined, hookContext());
  await hook.storedClients!();
  return hook;
}

for (const { name, programs, make } of places) {
  testWith(programs, `${name}: long client ids, topics and filters`, async () => {
    await using place = await make();
    const first = await open(place),
      options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;
    for (const text of longs) {
      const { client, session } = connect(text);
      assertPromises([
        first.onSessionEstablished!(client, session),
        first.onSubscribed!(
          client,
          longs.map((topicFilter) => ({ clientId: text, topicFilter, ...options, reasonCode: 1 })),
        ),
        first.onQosPublish!(client, outbound(session, message(text, text))),
        first.onRetainMessage!(client, message(text, text)),
      ]);
    }
    await first.stop!();
    const second = await open(place), ids = [...longs].sort();
    assertEquals([...(await second.storedClients!())!].map(({ clientId }) => clientId).sort(), ids);
    assertEquals([...(await second.storedRetainedMessages!())!].map(({ topic }) => topic).sort(), ids);
    assertEquals([...(await second.storedSubscriptions!())!].length, longs.length ** 2);
    for (const { clientId, message } of (await second.storedInflightMessages!())!) assert(message!.topic === clientId);
    second.onRetainedExpired!(longs[1]);
    second.onClientExpired!(connect(longs[2]).client);
    second.onUnsubscribed!(connect(longs[0]).client, longs.slice(1));
    await second.stop!();
    const third = await open(place);
    assertEquals([...(await third.storedClients!())!].length, longs.length - 1);
    assertEquals([...(await third.storedRetainedMessages!())!].length, longs.length - 1);
    assertEquals([...(await third.storedSubscriptions!())!].length, longs.length * (longs.length - 2) + 1);
    await third.stop!();
  });

  testWith(programs, `${name}: payloads from 1 byte to 10 MiB, queued and retained`, async () => {
    await using place = await make();
    const sizes = [1, 65_535, 65_536, 65_537, 1_048_576, 10_485_760],
      hook = await open(place),
      { client, session } = connect("c");
    for (const size of sizes) {
      await hook.onQosPublish!(client, outbound(session, message("t", bytes(size))));
      await hook.onRetainMessage!(client, message(`t/${size}`, bytes(size)));
    }
    await hook.stop!();
    const second = await open(place), queued = [...(await second.storedInflightMessages!())!];
    assertEquals(queued.map(({ message }) => message!.payload.length), sizes);
    const retained = [...(await second.storedRetainedMessages!())!];
    for (const { payload } of [...queued.map(({ message }) => message!), ...retained]) {
      assert(sameBytes(payload, bytes(payload.length)));
    }
    assertEquals(retained.length, sizes.length);
    await second.stop!();
  });

  testWith(programs, `${name}: thousands of messages of many clients, restored in order`, async () => {
    await using place = await make();
    const hook = await open(place), all = Array.from({ length: 300 }, (_, index) => connect(`c${index}`));
    const last: (Promise<void> | void | undefined)[] = [];
    for (let round = 1; round <= 30; round++) {
      for (const { client, session } of all) {
        if (round === 1) hook.onSessionEstablished!(client, session);
        const record = outbound(session, message("t", `${client.id} ${round}`));
        last.push(hook.onQosPublish!(client, record));
        if (round % 3 === 0) hook.onQosComplete!(client, record);
        if (round % 5 === 0) last.push(hook.onQosPublish!(client, inbound(session, round)));
      }
      if (round % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await Promise.all(last);
    await hook.stop!();
    const second = await open(place),
      expected = Array.from({ length: 30 }, (_, index) => index + 1).filter((round) => round % 3 !== 0);
    const found = new Map<string, number[]>(), ids = new Map<string, number[]>();
    for (const { clientId, sequence, message, direction, packetId } of (await second.storedInflightMessages!())!) {
      if (direction === "in") ids.set(clientId, [...ids.get(clientId) ?? [], packetId]);
      else {
        found.set(clientId, [...found.get(clientId) ?? [], sequence]);
        assertEquals(new TextDecoder().decode(message!.payload), `${clientId} ${sequence}`);
      }
    }
    assertEquals(found.size, 300);
    for (const sequences of found.values()) assertEquals(sequences, expected);
    for (const packetIds of ids.values()) assertEquals(packetIds.sort((a, b) => a - b), [5, 10, 15, 20, 25, 30]);
    assertEquals(ids.size, 300);
    await second.stop!();
  });
}

/** Everything of it is acknowledged later. */
function assertPromises(promises: unknown[]): void {
  for (const promise of promises) assert(promise instanceof Promise);
}
