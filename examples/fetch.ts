/**
 * MQTT over WebSocket within a fetch handler: for `deno serve`, for Deno Deploy, for any server that speaks `Request` and
 * `Response`.
 *
 *     deno serve --port 8000 examples/fetch.ts
 *
 * Clients connect to ws://localhost:8000/mqtt.
 */
import { allowAll, Broker, FetchListener } from "@mochi/broker";
import { stopped } from "./stopped.ts";

const mqtt = new FetchListener({
  id: "web",
  paths: ["/mqtt"],
  fallback: () => new Response("MQTT over WebSocket is at /mqtt\n"),
});

const broker = new Broker();
await broker.addHook(allowAll());
await broker.addListener(mqtt);
await broker.serve();
stopped().then(() => broker.close()); // the server ends itself, once nothing is left to do

export default { fetch: mqtt.fetch } satisfies Deno.ServeDefaultExport;
