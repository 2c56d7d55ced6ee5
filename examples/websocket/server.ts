/**
 * MQTT over WebSocket, and a page that uses it.
 *
 *     deno run --allow-net examples/websocket/server.ts [127.0.0.1:1882] [port of the page]
 *
 * Then open http://localhost:8000 in two windows. The page gets mqtt.js from here too, out of its npm package.
 */
import { allowAll, Broker, WebSocketListener } from "@mochi/broker";
import mqttJs from "npm:mqtt@^5.14.0/dist/mqtt.esm" with { type: "text" };
import { stopped } from "../stopped.ts";
import page from "./page.html" with { type: "text" };
import script from "./page.js" with { type: "text" };

const [address = "127.0.0.1:1882", port = "8000"] = Deno.args;

await using broker = new Broker();
await broker.addHook(allowAll());
const listener = new WebSocketListener({ id: "ws", address }); // wss with `certificate`, see ../tls/server.ts
await broker.addListener(listener);
await broker.serve();

const files: Record<string, { type: string; body: string }> = {
  "/": { type: "text/html", body: page.replace("{{broker}}", `ws://${listener.address}/mqtt`) },
  "/page.js": { type: "text/javascript", body: script },
  "/mqtt.js": { type: "text/javascript", body: mqttJs },
};

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  onListen: ({ port }) => console.log(`MQTT over WebSocket at ${listener.address}, page at http://localhost:${port}`),
}, (request) => {
  const file = files[new URL(request.url).pathname];
  if (file === undefined) return new Response("not found\n", { status: 404 });
  return new Response(file.body, { headers: { "content-type": `${file.type}; charset=utf-8` } });
});

await stopped();
await server.shutdown();
