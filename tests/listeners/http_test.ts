import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { HttpHealthListener } from "../../listeners/http_health.ts";
import { HttpStatsListener } from "../../listeners/http_stats.ts";
import { BAD_HOSTS, RawWebSocket } from "../helpers/raw_websocket.ts";
import { EchoContext, portOf } from "./echo_context.ts";

Deno.test("statistics are JSON with the names of the $SYS topics", async () => {
  const listener = new HttpStatsListener({ id: "s", address: "127.0.0.1:0" });
  listener.listen(new EchoContext());
  assertMatch(listener.address, /^127\.0\.0\.1:[1-9]\d*$/);
  assertEquals([listener.id, listener.protocol], ["s", "http"]);
  const response = await fetch(`http://${listener.address}/`);
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/json; charset=utf-8");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertEquals(response.headers.get("access-control-allow-origin"), null);
  const values = await response.json();
  assertEquals([values.version, values.bytes_received, values.started], ["1.2.3", 42, 1_700_000_000]);
  assertEquals("bytesReceived" in values, false);
  await listener.close();
  await listener.close();
});

Deno.test("pages answer GET and HEAD at their path and nothing else", async () => {
  const listener = new HttpStatsListener({ id: "s", address: "127.0.0.1:0", path: "/stats" });
  listener.listen(new EchoContext());
  const ask = async (path: string, method: string) => {
    const response = await fetch(`http://${listener.address}${path}`, { method });
    return { status: response.status, allow: response.headers.get("allow"), text: await response.text() };
  };
  assertEquals((await ask("/stats", "GET")).status, 200);
  assertEquals(await ask("/stats", "HEAD"), { status: 200, allow: null, text: "" });
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const { status, allow } = await ask("/stats", method);
    assertEquals([status, allow], [405, "GET, HEAD"]);
  }
  assertEquals((await ask("/", "GET")).status, 404);
  assertEquals((await ask("/stats/x", "GET")).status, 404);
  assertEquals((await ask("/stats?x=1", "GET")).status, 200);
  await listener.close();
});

Deno.test("health follows the broker", async () => {
  const context = new EchoContext();
  const listener = new HttpHealthListener({ id: "h", address: "127.0.0.1:0" });
  listener.listen(context);
  for (const path of ["/", "/healthcheck"]) {
    for (const [healthy, status, text] of [[true, 200, "ok\n"], [false, 503, "unavailable\n"]] as const) {
      context.isHealthy = healthy;
      const response = await fetch(`http://${listener.address}${path}`);
      assertEquals([response.status, await response.text()], [status, text]);
      assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
    }
  }
  await listener.close();
});

Deno.test("a Host that is none gets 400, and writes nothing to the console", async () => {
  const listener = new HttpStatsListener({ id: "s", address: "127.0.0.1:0" }),
    { error } = console,
    said: unknown[] = [];
  listener.listen(new EchoContext());
  console.error = (...words: unknown[]) => void said.push(words);
  try {
    for (const host of BAD_HOSTS) {
      const { status, body } = await RawWebSocket.request(listener.address, { path: "/", headers: { Host: host } });
      assertEquals([status, body], [400, "The Host header is not a host.\n"], host);
    }
  } finally {
    console.error = error;
    await listener.close();
  }
  assertEquals(said, []);
});

Deno.test("pages are on loopback unless told otherwise", () => {
  assertEquals(new HttpStatsListener({ id: "s" }).address, "127.0.0.1:8080");
  assertEquals(new HttpHealthListener({ id: "h" }).address, "127.0.0.1:8081");
  assertThrows(() => new HttpStatsListener({ id: "s", address: "8080" }), Error, "expected host:port");
});

Deno.test("a page on a port in use tells address and advice", async () => {
  const first = new HttpStatsListener({ id: "a", address: "127.0.0.1:0" });
  first.listen(new EchoContext());
  assertThrows(() => first.listen(new EchoContext()), Error, "Cannot listen twice");
  const second = new HttpHealthListener({ id: "b", address: first.address });
  const message = `Cannot listen on ${first.address}: address already in use; `;
  assertThrows(() => second.listen(new EchoContext()), Error, message);
  await second.close();
  await first.close();
});

Deno.test("close does not wait for a client that never finishes its request", async () => {
  const listener = new HttpStatsListener({ id: "s", address: "127.0.0.1:0" });
  listener.listen(new EchoContext());
  const client = await Deno.connect({ hostname: "127.0.0.1", port: portOf(listener.address) });
  await client.write(new TextEncoder().encode("GET / HT"));
  await listener.close();
  client.close();
  await assertRejects(() => fetch(`http://${listener.address}/`), TypeError);
});
