/**
 * MQTT over TLS. The certificate is read again when the process gets SIGHUP; clients stay connected.
 *
 *     deno run --allow-net --allow-read examples/tls/server.ts [127.0.0.1:8883] [server.pem server.key]
 *
 * Try it:
 *
 *     mosquitto_sub -h localhost -p 8883 --cafile examples/tls/certs/ca.pem -t 'hello/#' -v
 *     mosquitto_pub -h localhost -p 8883 --cafile examples/tls/certs/ca.pem -t hello/world -m hi
 */
import { allowAll, Broker, TlsListener } from "@mochi/broker";
import { stopped } from "../stopped.ts";

const certs = new URL("certs/", import.meta.url);
const [address = "127.0.0.1:8883", certFile = new URL("server.pem", certs), keyFile = new URL("server.key", certs)] =
  Deno.args;

const read = async () => ({ cert: await Deno.readTextFile(certFile), key: await Deno.readTextFile(keyFile) });

await using broker = new Broker();
await broker.addHook(allowAll());
const listener = new TlsListener({ id: "tls", address, certificate: await read() });
await broker.addListener(listener);
await broker.serve();

if (Deno.build.os !== "windows") {
  Deno.addSignalListener("SIGHUP", () => {
    read().then((certificate) => listener.reload(certificate)).then(
      () => console.log("certificate read again"),
      (error) => console.error(`the old certificate stays: ${error.message}`),
    );
  });
}

console.log(`MQTT over TLS at ${listener.address}`);
await stopped();
