/**
 * Sessions and messages that outlive the broker, in a file of Deno KV.
 *
 *     deno run --unstable-kv --allow-net --allow-read=data --allow-write=data examples/persistence/kv.ts [127.0.0.1:1883] [data/broker.kv]
 *
 * Try it, and end the broker between the lines as roughly as you like (kill -9):
 *
 *     mosquitto_sub -i kitchen -c -q 1 -t 'orders/#' -E     # a session that stays, and nobody connected
 *     mosquitto_pub -q 1 -t orders/7 -m 'two coffees'       # when this returns, the message is in the file
 *     mosquitto_sub -i kitchen -c -q 1 -t 'orders/#' -C 1   # two coffees
 */
import { allowAll, Broker, TcpListener } from "@mochi/broker";
import { kvStorage } from "@mochi/broker/hooks/storage/kv";
import { stopped } from "../stopped.ts";

const [address = "127.0.0.1:1883", path = "data/broker.kv"] = Deno.args;

await using broker = new Broker();
await broker.addHook(allowAll());
const storage = kvStorage({ path });
await broker.addHook(storage);
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve(); // what is in the file is restored before the first client is let in

console.log(`MQTT over TCP at ${listener.address}, messages are kept in ${path}`);
await stopped();
console.log(`${storage.stats.commits} commits with ${storage.stats.mutations} changes`);
