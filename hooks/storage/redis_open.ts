/** From options to an engine over Redis: the only file that knows the client library.
 * @module */
import { checkOptions } from "../../src/hook/check_options.ts";
import { Buffer } from "node:buffer";
import type { RedisStorageOptions } from "./redis.ts";
import type { RedisAddress, RedisConnection } from "./redis_api.ts";
import { RedisEngine } from "./redis_engine.ts";
import { connectToPrimary } from "./redis_nodes.ts";
import { parseRedisUrl, type RedisTarget } from "./redis_url.ts";
import { within } from "./within.ts";

/**
 * The engine of `redisStorage` by itself.
 *
 * @param options where
 * @returns the engine, not open yet
 * @throws {Error} for a URL that cannot be used
 */
export function redisEngine(options: RedisStorageOptions = {}): RedisEngine {
  const target = parseRedisUrl(options.url ?? "redis://127.0.0.1:6379");
  const prefix = options.prefix ?? target.parameters.get("prefix") ?? "mochi";
  if (prefix === "" || /[{}]/.test(prefix)) {
    throw new Error(`Cannot use prefix "${prefix}": expected a name without braces`);
  }
  const lease = options.lease ?? Number(target.parameters.get("lease") ?? 5_000), timeout = options.timeout ?? 5_000;
  checkOptions({ lease, timeout }, { lease: [100, 3_600_000], timeout: [1, 3_600_000] });
  const { host, port } = target.addresses[0];
  return new RedisEngine({
    name: `redis ${host}:${port}/${target.database} ${prefix}`,
    prefix,
    lease,
    timeout,
    connect: () =>
      connectToPrimary(
        target,
        (address, role) => connect(address, { target, role, timeout, ca: options.ca }),
        `{${prefix}}`,
      ),
  });
}

interface ConnectContext {
  readonly target: RedisTarget;
  readonly role: "store" | "sentinel";
  readonly timeout: number;
  readonly ca: string | undefined;
}

/** One connection, without reconnecting: the engine does that, because it has to look at its lease then. */
async function connect({ host, port }: RedisAddress, context: ConnectContext): Promise<RedisConnection> {
  const { createClient, RESP_TYPES } = await import("@redis/client");
  const { target, role, timeout, ca } = context, isStore = role === "store";
  const socket = { host, port, connectTimeout: timeout, reconnectStrategy: false as const };
  const client = createClient({
    socket: target.tls ? { ...socket, tls: true, ca } : socket,
    username: isStore ? target.username : undefined,
    password: isStore ? target.password : undefined,
    database: isStore ? target.database : 0,
    disableOfflineQueue: true,
    RESP: 2,
    maintNotifications: "disabled",
  });
  client.on("error", () => {}); // the command that is under way fails, that is enough
  try {
    await within(timeout, client.connect(), `Redis at ${host}:${port} does not answer`);
  } catch (error) {
    if (client.isOpen) client.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    if (reason.startsWith("Redis at")) throw error;
    throw new Error(`Cannot connect to Redis at ${host}:${port}: ${reason}; is it there, and is the URL right?`, {
      cause: error,
    });
  }
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }) as unknown as RedisConnection;
}
