/**
 * Enhanced authentication of MQTT 5 by SCRAM-SHA-256: the password never leaves the client.
 *
 *     deno run --allow-net examples/auth/scram.ts [127.0.0.1:1883]
 *
 * Try it, in another terminal (the name is peach, the password is password1):
 *
 *     deno run -A examples/auth/scram_client.ts mqtt://127.0.0.1:1883 peach password1
 */
import { Broker, TcpListener } from "@mochi/broker";
import { stopped } from "../stopped.ts";
import { makeCredentials, scramSha256 } from "./scram_sha256.ts";

const [address = "127.0.0.1:1883"] = Deno.args;

// in a real program they are made once, when a user chooses a password, and kept in a database
const users = new Map([
  ["peach", await makeCredentials("password1")],
  ["melon", await makeCredentials("password2")],
]);

await using broker = new Broker({ logger: console });
await broker.addHook(scramSha256((username) => users.get(username)));
await broker.addHook({
  id: "own-topics",
  // nobody answers onConnectAuthenticate, so there is no way in without SCRAM
  onAclCheck: (client, topic) => topic.startsWith(`${client.username}/`),
});
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve();

console.log(`MQTT over TCP at ${listener.address}`);
await stopped();
