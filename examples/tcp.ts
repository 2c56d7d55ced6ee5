/**
 * A broker on a TCP port of this machine. Everyone may connect.
 *
 *     deno run --allow-net examples/tcp.ts [127.0.0.1:1883]
 *
 * Try it:
 *
 *     mosquitto_sub -t 'hello/#' -v
 *     mosquitto_pub -t hello/world -m hi
 */
import { allowAll, Broker, TcpListener } from "@mochi/broker";
import { stopped } from "./stopped.ts";

const [address = "127.0.0.1:1883"] = Deno.args;

await using broker = new Broker();
await broker.addHook(allowAll());
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve();

console.log(`MQTT over TCP at ${listener.address}`);
await stopped();
