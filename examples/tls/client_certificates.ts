/**
 * MQTT over TLS for clients that have a certificate of the right authority: the name in it is who they are.
 *
 *     deno run --allow-net --allow-read examples/tls/client_certificates.ts [127.0.0.1:8883]
 *
 * Try it, from the folder examples/tls/certs:
 *
 *     mosquitto_sub -h localhost -p 8883 --cafile ca.pem --cert client.pem --key client.key -t 'peach/#' -v
 *     mosquitto_pub -h localhost -p 8883 --cafile ca.pem --cert client.pem --key client.key -t peach/hello -m hi
 */
import { Broker, type Hook, TlsListener } from "@mochi/broker";
import { stopped } from "../stopped.ts";

const [address = "127.0.0.1:8883"] = Deno.args;
const read = (name: string) => Deno.readTextFile(new URL(`certs/${name}`, import.meta.url));

const byCertificate: Hook = {
  id: "by-certificate",
  onConnectAuthenticate: (client) => {
    const name = /(?:^|,)CN=([^,]+)/.exec(client.certificate?.subject ?? "")?.[1];
    client.username = name; // sessions belong to this name, too
    return name !== undefined;
  },
  onAclCheck: (client, topic) => topic.startsWith(`${client.username}/`),
};

await using broker = new Broker();
await broker.addHook(byCertificate);
const certificate = { cert: await read("server.pem"), key: await read("server.key"), clientCa: await read("ca.pem") };
const listener = new TlsListener({ id: "tls", address, certificate });
await broker.addListener(listener);
await broker.serve();

console.log(`MQTT over TLS at ${listener.address}`);
await stopped();
