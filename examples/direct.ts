/**
 * The broker as a client of its own: it publishes and subscribes within the process, without a connection.
 *
 *     deno run --allow-net examples/direct.ts [127.0.0.1:1883]
 *
 * Try it:
 *
 *     mosquitto_sub -t 'clock/#' -v
 *     mosquitto_pub -t shout -m 'hello'        # the answer comes on the topic "echo"
 */
import { allowAll, Broker, TcpListener } from "@mochi/broker";
import { stopped } from "./stopped.ts";

const [address = "127.0.0.1:1883"] = Deno.args;
const decoder = new TextDecoder();

await using broker = new Broker();
await broker.addHook(allowAll());
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve();

// every message of a filter, retained ones first
broker.subscribe("shout", async (_broker, { payload }) => {
  const text = decoder.decode(payload);
  console.log(`somebody shouts ${text}`);
  await broker.publish("echo", text.toUpperCase(), { qos: 1 });
});

// retained: who subscribes later gets the last one at once
await broker.publish("clock/started", new Date().toISOString(), { retain: true, qos: 1 });
const clock = setInterval(() => broker.publish("clock/now", new Date().toISOString()), 1_000);

console.log(`MQTT over TCP at ${listener.address}`);
await stopped();
clearInterval(clock);
broker.unsubscribe("shout");
