import { assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { HttpHealthListener } from "../../listeners/http_health.ts";
import { HttpStatsListener } from "../../listeners/http_stats.ts";
import { BAD_HOSTS, RawWebSocket } from "../helpers/raw_websocket.ts";
import { until } from "../helpers/until.ts";
import { within } from "../helpers/within.ts";
import { EchoContext, portOf, readToEnd } from "./echo_context.ts";

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
  for (const Page of [HttpStatsListener, HttpHealthListener]) {
    const message = 'Cannot use path: current value is "stats", expected a path that begins with /';
    assertThrows(() => new Page({ id: "s", path: "stats" }), Error, message);
  }
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

/** Sends bytes and reads what comes, up to the end of the connection. */
async function talk(address: string, ...parts: string[]): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: portOf(address) });
  for (const part of parts) {
    await connection.write(new TextEncoder().encode(part));
    await new Promise((resolve) => setTimeout(resolve)); // a segment of its own
  }
  return await new Response(connection.readable).text();
}

async function withPage(
  test: (address: string, context: EchoContext) => Promise<void>,
  options: { requestTimeout?: number } = {},
): Promise<void> {
  const listener = new HttpHealthListener({ id: "h", address: "127.0.0.1:0", ...options }), context = new EchoContext();
  listener.listen(context);
  try {
    await test(listener.address, context);
  } finally {
    await listener.close();
  }
  await until(() => context.places.size === 0); // everybody has given the place back
}

Deno.test("a connection is for one request, whatever it asks for", () =>
  withPage(async (address) => {
    const host = "Host: localhost\r\n";
    const answers = [
      await talk(address, `GET / HTTP/1.1\r\n${host}\r\n`),
      await talk(address, `GET / HTTP/1.1\r\n${host}Connection: keep-alive\r\n\r\nGET / HTTP/1.1\r\n${host}\r\n`),
      await talk(address, "GE", "T / HTTP/1.1\r\n", "Host:localhost\r", "\n\r", "\n"),
      await talk(address, "GET / HTTP/1.0\r\n\r\n"), // health checks that are older than Host
      await talk(address, "GET http://localhost:80/?a#b HTTP/1.1\r\nHost: x\r\n\r\n"),
      await talk(address, "GET http://localhost HTTP/1.1\r\nHost: x\r\n\r\n"),
    ];
    for (const answer of answers) {
      const [head, body] = answer.split("\r\n\r\n");
      assertMatch(head, /^HTTP\/1\.1 200 OK\r\n/);
      assertMatch(head, /\r\ncontent-length: 3\r\n/);
      assertMatch(head, /\r\nconnection: close$/);
      assertMatch(head, /\r\ndate: .* GMT\r\n/);
      assertEquals(body, "ok\n");
    }
    const [head, body] = (await talk(address, `HEAD / HTTP/1.1\r\n${host}\r\n`)).split("\r\n\r\n");
    assertMatch(head, /\r\ncontent-length: 3\r\n/);
    assertEquals(body, "");
  }));

Deno.test("a body that nobody reads does not cost the answer", () =>
  withPage(async (address) => {
    const answer = await talk(
      address,
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n",
      "x".repeat(500_000),
    );
    assertMatch(answer, /^HTTP\/1\.1 405 /);
  }));

/** Requests that are none, or too much, and the status that they get. */
const WRONG: [status: number, request: string][] = [
  [400, "GET /\r\n\r\n"],
  [400, "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n folded\r\n\r\n"],
  [400, "GET / HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n"],
  [400, "GET http://a:99999/ HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  [400, "\x16\x03\x01\x02"], // TLS
  [400, "\x10\x0c\x00\x04MQTT"],
  [505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  [431, `GET /${"x".repeat(9_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  [431, `GET / HTTP/1.1\r\nHost: localhost\r\n${"x: y\r\n".repeat(2_000)}\r\n`],
];

Deno.test("what is no request, or a head that is too long, is told so at once", () =>
  withPage(async (address) => {
    for (const [status, request] of WRONG) {
      assertEquals((await talk(address, request)).split(" ")[1], `${status}`, JSON.stringify(request.slice(0, 60)));
    }
    const longest = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"y".repeat(8_192 - 40)}\r\n\r\n`;
    assertEquals(longest.length <= 8_192, true);
    assertMatch(await talk(address, longest), /^HTTP\/1\.1 200 /);
  }));

Deno.test("a request that does not end is ended, and so is an answer that nobody reads", () =>
  withPage(async (address, context) => {
    for (const request of ["", "G", "GET / HTTP/1.1\r\nHost: localhost\r\n"]) {
      assertEquals(await talk(address, request), "");
      await until(() => context.lines.length > 0);
      const [{ level, message, fields }] = context.lines.splice(0);
      assertEquals([level, message], ["debug", "an HTTP request failed"]);
      assertStringIncludes(`${fields?.error}`, "in time");
    }
    using open = await Deno.connect({ hostname: "127.0.0.1", port: portOf(address) });
    await open.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assertMatch(await new Response(open.readable).text(), /ok\n$/); // the client does not end its half
  }, { requestTimeout: 0.2 }));

Deno.test("close ends a request that is never finished, and does not wait for its client", async () => {
  const listener = new HttpStatsListener({ id: "s", address: "127.0.0.1:0", requestTimeout: 3_600 });
  listener.listen(new EchoContext());
  const client = await Deno.connect({ hostname: "127.0.0.1", port: portOf(listener.address) });
  await client.write(new TextEncoder().encode("GET / HT"));
  await listener.close();
  await within(readToEnd(client), "the end of the connection", 2_000);
  client.close();
  await assertRejects(() => fetch(`http://${listener.address}/`), TypeError);
});
