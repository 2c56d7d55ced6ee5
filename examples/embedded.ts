/**
 * A web application and a broker on one port: pages, an HTTP API and MQTT over WebSocket.
 *
 *     deno run --allow-net examples/embedded.ts [port]
 *
 * Try it:
 *
 *     curl http://localhost:8000/status
 *     curl -d 'on' http://localhost:8000/lamps/kitchen       # publishes to lamps/kitchen
 */
import { allowAll, Broker, FetchListener } from "@mochi/broker";
import { stopped } from "./stopped.ts";

const mqtt = new FetchListener({ id: "web", paths: ["/mqtt"], fallback: application });

await using broker = new Broker();
await broker.addHook(allowAll());
await broker.addListener(mqtt);
await broker.serve();

async function application(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/") return new Response("A web application. MQTT over WebSocket is at /mqtt\n");
  if (pathname === "/status") {
    const { clientsConnected, messagesReceived } = broker.info;
    return Response.json({ clientsConnected, messagesReceived });
  }
  if (pathname.startsWith("/lamps/") && request.method === "POST") {
    await broker.publish(pathname.slice(1), await request.text(), { retain: true, qos: 1 });
    return new Response("published\n", { status: 202 });
  }
  return new Response("not found\n", { status: 404 });
}

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0] ?? 8000),
  onListen: ({ hostname, port }) => console.log(`Web and MQTT at http://${hostname}:${port}`),
}, mqtt.fetch);

await stopped();
await broker.close(); // WebSockets first: the server does not end them
await server.shutdown();
Deno.exit(); // the runtime would wait for the timers of WebSockets that were cut off
