/**
 * User names, passwords and topics: who may connect, and who may read and write what.
 *
 *     deno run --allow-net examples/auth/basic.ts [127.0.0.1:1883]
 *
 * Try it:
 *
 *     mosquitto_sub -u peach -P password1 -t 'updates/#' -v
 *     mosquitto_pub -u melon -P password2 -t updates/now -m hi
 *     mosquitto_pub -u melon -P wrong     -t updates/now -m hi       # refused
 */
import { Broker, ledger, TcpListener } from "@mochi/broker";
import { stopped } from "../stopped.ts";

const [address = "127.0.0.1:1883"] = Deno.args;

await using broker = new Broker();
await broker.addHook(ledger({
  // the first rule that matches decides, and without one nobody gets in
  auth: [
    { username: "peach", password: "password1", allow: true },
    { username: "melon", password: "password2", allow: true },
    { client: "sensor-*", remote: "127.0.0.1", allow: true },
  ],
  // the first rule that is about the client and has a filter for the topic decides
  acl: [
    { username: "melon", filters: { "melon/#": "read_write", "updates/#": "write" } },
    { username: "peach", filters: { "#": "read", "peach/#": "read_write" } },
    { client: "sensor-*", filters: { "sensors/#": "write" } },
    { filters: { "#": "deny" } },
  ],
}));
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve();

console.log(`MQTT over TCP at ${listener.address}`);
await stopped();
