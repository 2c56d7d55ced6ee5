/**
 * A broker that tells what it does: each connection, packet and message in one line.
 *
 *     deno run --allow-net examples/debug.ts [127.0.0.1:1883]
 */
import { allowAll, Broker, debug, TcpListener } from "@mochi/broker";
import { stopped } from "./stopped.ts";

const [address = "127.0.0.1:1883"] = Deno.args;

await using broker = new Broker({ logger: console, sysTopicResendInterval: 0 });
await broker.addHook(allowAll());
await broker.addHook(debug({
  events: ["connections", "packets", "subscriptions", "retained", "wills"], // leave it out for nearly everything
  payloadBytes: 64, // payloads may be private: by default they are not shown
  level: "info",
}));
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve();

console.log(`MQTT over TCP at ${listener.address}`);
await stopped();
