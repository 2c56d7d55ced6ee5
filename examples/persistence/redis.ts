/**
 * Sessions and messages that outlive the broker, in Redis or Valkey.
 *
 *     deno run --allow-net examples/persistence/redis.ts [127.0.0.1:1883] [redis://127.0.0.1:6379]
 *
 * `redis://user:password@host:port/database?prefix=plant-7`, `rediss://` for TLS. An acknowledged message is where Redis keeps
 * it: `appendonly yes` with `appendfsync always` survives the loss of power, with `everysec` up to a second may be lost
 * when the machine of Redis (not the broker) goes down. While Redis is away QoS 0 flows on, QoS 1 and 2 wait.
 *
 * Try it:
 *
 *     mosquitto_sub -i kitchen -c -q 1 -t 'orders/#' -E     # a session that stays, and nobody connected
 *     mosquitto_pub -q 1 -t orders/7 -m 'two coffees'       # when this returns, the message is in Redis
 *     mosquitto_sub -i kitchen -c -q 1 -t 'orders/#' -C 1   # two coffees, also after a restart of the broker
 */
import { allowAll, Broker, TcpListener } from "@mochi/broker";
import { redisStorage } from "@mochi/broker/hooks/storage/redis";
import { stopped } from "../stopped.ts";

const [address = "127.0.0.1:1883", url = "redis://127.0.0.1:6379"] = Deno.args;

await using broker = new Broker();
await broker.addHook(allowAll());
const storage = redisStorage({ url, prefix: "coffee-bar" });
await broker.addHook(storage);
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve(); // what is in Redis is restored before the first client is let in

console.log(`MQTT over TCP at ${listener.address}, messages are kept in Redis`);
await stopped();
console.log(`${storage.stats.commits} commits with ${storage.stats.mutations} changes`);
