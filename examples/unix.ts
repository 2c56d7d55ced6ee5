/**
 * A broker on a Unix domain socket: only those who may write to the file can connect.
 *
 *     deno run --allow-read --allow-write --allow-net examples/unix.ts [/tmp/mochi.sock]
 *
 * Try it:
 *
 *     mosquitto_sub --unix /tmp/mochi.sock -t 'hello/#' -v
 *     mosquitto_pub --unix /tmp/mochi.sock -t hello/world -m hi
 */
import { allowAll, Broker, UnixListener } from "@mochi/broker";
import { stopped } from "./stopped.ts";

const [path = "/tmp/mochi.sock"] = Deno.args;

await using broker = new Broker();
await broker.addHook(allowAll());
await broker.addListener(new UnixListener({ id: "unix", path, mode: 0o600 }));
await broker.serve();

console.log(`MQTT over a Unix domain socket at ${path}`);
await stopped();
