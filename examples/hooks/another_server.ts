/**
 * Sends clients to other servers: Server Reference with Use Another Server (0x9C) and Server Moved (0x9D), for MQTT 5.
 *
 *     deno run --allow-net examples/hooks/another_server.ts [127.0.0.1:1883]
 *
 * Try it:
 *
 *     mosquitto_sub -V 5 -i eu-1 -t a -d        # refused: use another server
 *     mosquitto_sub -V 5 -i us-1 -t a -d        # welcome
 *     kill -HUP PID                             # this server moves: who is connected is told where to
 */
import { allowAll, Broker, type Hook, MqttError, ReasonCode, TcpListener } from "@mochi/broker";
import { stopped } from "../stopped.ts";

const [address = "127.0.0.1:1883"] = Deno.args;
const EUROPE = "eu.mqtt.example:1883";
const NEW_HOME = "us2.mqtt.example:1883";

const sendAway: Hook = {
  id: "send-away",
  onConnect: (_client, packet) => {
    if (!packet.clientId.startsWith("eu-")) return;
    throw new MqttError(ReasonCode.UseAnotherServer, "You live in Europe", { serverReference: EUROPE });
  },
};

await using broker = new Broker();
await broker.addHook(sendAway);
await broker.addHook(allowAll());
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve();

if (Deno.build.os !== "windows") {
  Deno.addSignalListener("SIGHUP", () => {
    for (const client of broker.clients.list()) {
      client.disconnect(ReasonCode.ServerMoved, { serverReference: NEW_HOME, reasonString: "We have moved" });
    }
  });
}

console.log(`MQTT over TCP at ${listener.address}, process ${Deno.pid}`);
await stopped();
