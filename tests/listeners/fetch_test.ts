import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { FetchListener, type FetchListenerOptions } from "../../listeners/fetch.ts";
import { RuntimeWebSocket } from "../../listeners/websocket_socket.ts";
import { BAD_HOSTS, clientFrame, PROTOCOL_LISTS, RawWebSocket } from "../helpers/raw_websocket.ts";
import { EchoContext, hold, pattern, readExactly, readToEnd, roundTrip, settled, writeAll } from "./echo_context.ts";

interface Setup {
  readonly address: string;
  readonly context: EchoContext;
  readonly listener: FetchListener;
}

async function withServer(
  test: (setup: Setup) => Promise<void>,
  options: Partial<FetchListenerOptions> = {},
  serve?: ConstructorParameters<typeof EchoContext>[0],
): Promise<void> {
  const context = new EchoContext(serve);
  const listener = new FetchListener({ id: "web", ...options });
  listener.listen(context);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, listener.fetch);
  try {
    await test({ address: `127.0.0.1:${server.addr.port}`, context, listener });
  } finally {
    listener.close();
    await context.end();
    await server.shutdown();
  }
}

Deno.test("fetch echoes, any split of the bytes over frames", () =>
  withServer(async ({ address, context, listener }) => {
    assertEquals([listener.id, listener.protocol, listener.address], ["web", "ws", "/"]);
    for (const size of [1, 7, 1_000, 100_000]) {
      using client = await RawWebSocket.open(address);
      const data = pattern(Math.min(100_000, size * 500));
      assertEquals(await roundTrip(client.socket(size), data), data, `${size} bytes per frame`);
      assertEquals(client.protocol, "mqtt");
    }
    assertStringIncludes(context.sockets[0].remoteAddress, "127.0.0.1:");
  }));

Deno.test("fetch: reads take parts of messages and several messages", () =>
  withServer(
    async ({ address, context }) => {
      const accepted = context.accepted();
      using client = await RawWebSocket.open(address);
      const socket = await accepted;
      await client.sendRaw(
        Uint8Array.of(...clientFrame(pattern(10)), ...clientFrame(pattern(0)), ...clientFrame(pattern(5))),
      );
      const first = await readExactly(socket, 3), rest = new Uint8Array(100);
      assertEquals(first, pattern(3));
      const length = await socket.read(rest) ?? 0;
      const more = length < 12 ? await socket.read(rest.subarray(length)) ?? 0 : 0;
      assertEquals([...rest.subarray(0, length + more)], [...pattern(10).subarray(3), ...pattern(5)]);
      await client.send(Uint8Array.of(3, 232), { opcode: 8 });
      assertEquals(await socket.read(rest), null);
      assertEquals(await client.closeCode(), 1000);
    },
    {},
    hold,
  ));

Deno.test("fetch: text closes with 1003, after what was good", () =>
  withServer(async ({ address }) => {
    using client = await RawWebSocket.open(address);
    assertEquals(await roundTrip(client.socket(), pattern(5)), pattern(5));
    await client.send("hello", { opcode: 1 });
    assertEquals(await client.closeCode(), 1003);
  }));

Deno.test("fetch: a close of the broker is told after what was written", () =>
  withServer(
    async ({ address, context }) => {
      const accepted = context.accepted();
      using client = await RawWebSocket.open(address);
      const socket = await accepted;
      const pending = socket.read(new Uint8Array(1));
      await writeAll(socket, pattern(3_000_000));
      socket.close();
      socket.close();
      assertEquals(await pending, null);
      await assertRejects(() => socket.write(pattern(1)), Deno.errors.BrokenPipe);
      assertEquals(await readToEnd(client.socket()), 3_000_000);
    },
    {},
    hold,
  ));

Deno.test("fetch: a write waits for a client that does not read, and is rejected by a close", () =>
  withServer(
    async ({ address, context }) => {
      const accepted = context.accepted();
      using client = await RawWebSocket.open(address);
      const socket = await accepted;
      let sent = 0;
      const pending = (async () => {
        for (;;) sent += await socket.write(new Uint8Array(500_000));
      })().catch((error) => error);
      for (let before = -1; before !== sent;) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 200)); // until nothing moves any more
      }
      assert(sent < 50_000_000, `${sent} bytes`);
      const at = sent;
      await readExactly(client.socket(), 5_000_000);
      while (sent === at) await new Promise((resolve) => setTimeout(resolve, 5)); // it goes on once there is room
      socket.close();
      assert(await pending instanceof Deno.errors.BrokenPipe);
    },
    {},
    hold,
  ));

Deno.test("fetch: a client that sends more than may wait is closed, its bytes are kept until then", () =>
  withServer(
    async ({ address, context }) => {
      const accepted = context.accepted();
      using client = await RawWebSocket.open(address);
      const socket = await accepted;
      for (let i = 0; i < 9; i++) await client.send(pattern(1_000));
      assertEquals(await client.closeCode(), 1013);
      const kept = await readToEnd(socket);
      assertEquals(kept, 8_000);
      const second = context.accepted();
      using large = await RawWebSocket.open(address);
      await second;
      await large.send(pattern(10_001));
      assertEquals(await large.closeCode(), 1009);
    },
    { maximumBuffered: 10_000 },
    hold,
  ));

Deno.test("fetch: small messages count with what they cost", () =>
  withServer(
    async ({ address, context }) => {
      const accepted = context.accepted();
      using client = await RawWebSocket.open(address);
      const socket = await accepted;
      for (let i = 0; i < 79; i++) await client.send(pattern(1));
      assertEquals(await client.closeCode(), 1013);
      assertEquals(await readToEnd(socket), 78);
    },
    { maximumBuffered: 10_000 },
    hold,
  ));

Deno.test("fetch: lists of subprotocols may be written in every way that HTTP has for them", () =>
  withServer(async ({ address }) => {
    for (const [list, expected] of PROTOCOL_LISTS) {
      using client = await RawWebSocket.open(address, { headers: { "Sec-WebSocket-Protocol": list } });
      assertEquals(client.protocol, expected, JSON.stringify(list));
      assertEquals(await roundTrip(client.socket(), pattern(100)), pattern(100));
    }
  }));

Deno.test("fetch: a Host that is none is refused, and left to the application where there is one", async () => {
  await withServer(async ({ address }) => {
    for (const host of BAD_HOSTS) {
      const { status, body } = await RawWebSocket.request(address, { headers: { Host: host } });
      assertEquals([status, body], [400, "The Host header is not a host.\n"], host);
    }
  });
  await withServer(async ({ address }) => {
    assertEquals((await RawWebSocket.request(address, { headers: { Host: BAD_HOSTS[0] } })).body, "the application");
  }, { fallback: () => new Response("the application") });
});

Deno.test("fetch: a request that is refused is logged with the reason", () =>
  withServer(async ({ address, context }) => {
    await RawWebSocket.request(address, { path: "/mqtt", protocols: [] });
    const [{ level, message, fields }, ...others] = context.lines;
    assertEquals([level, message, fields?.status, others.length], ["debug", "an HTTP request was refused", 400, 0]);
    assertMatch(`${fields?.remote}`, /^127\.0\.0\.1:\d+$/);
  }));

Deno.test("fetch leaves other requests to the application", () =>
  withServer(async ({ address }) => {
    const get = async (path: string) => {
      const response = await fetch(`http://${address}${path}`);
      return [response.status, await response.text()];
    };
    assertEquals(await get("/"), [200, "app /"]);
    assertEquals(await get("/mqtt"), [200, "app /mqtt"]);
    assertEquals((await RawWebSocket.request(address, { path: "/other" })).body, "app /other");
    assertEquals((await RawWebSocket.request(address, { protocols: [] })).status, 400);
    using client = await RawWebSocket.open(address);
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
  }, { paths: ["/mqtt"], fallback: (request) => new Response(`app ${new URL(request.url).pathname}`) }));

Deno.test("fetch without an application says what is here", () =>
  withServer(async ({ address }) => {
    const response = await fetch(`http://${address}/mqtt`);
    assertEquals([response.status, response.headers.get("upgrade")], [426, "websocket"]);
    assertStringIncludes(await response.text(), "MQTT over WebSocket");
    const missing = await fetch(`http://${address}/missing`);
    assertEquals(missing.status, 404);
    await missing.body?.cancel();
    assertEquals((await RawWebSocket.request(address, { headers: { Origin: "https://evil" } })).status, 403);
  }, { allowedOrigins: ["https://app.example"] }));

Deno.test("fetch answers 503 before it listens and after it was closed; open sockets stay", () =>
  withServer(async ({ address, listener, context }) => {
    assertThrows(() => listener.listen(context), Error, "Cannot listen twice");
    using client = await RawWebSocket.open(address);
    listener.close();
    listener.close();
    assertEquals((await RawWebSocket.request(address)).status, 503);
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
    const unborn = new FetchListener({ id: "x" });
    const request = new Request("http://x/", { headers: { ...upgradeHeaders() } });
    assertEquals((await unborn.fetch(request)).status, 503);
  }));

function upgradeHeaders(): Record<string, string> {
  return {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "mqtt",
  };
}

/** As much of a WebSocket as the adaptor uses. */
class FakeWebSocket {
  binaryType = "";
  readyState = WebSocket.OPEN as number;
  bufferedAmount = 0;
  closed: unknown[][] = [];
  onmessage: (event: { data: unknown }) => void = () => {};
  onclose: () => void = () => {};
  onerror: () => void = () => {};
  send(data: Uint8Array): void {
    this.bufferedAmount += data.length;
  }
  close(...status: unknown[]): void {
    this.closed.push(status);
    this.readyState = WebSocket.CLOSING;
  }
}

function adapt(): [FakeWebSocket, RuntimeWebSocket] {
  const fake = new FakeWebSocket();
  const options = { remoteAddress: "192.0.2.1:5", maximumBuffered: 1_000 };
  return [fake, new RuntimeWebSocket(fake as unknown as WebSocket, options)];
}

Deno.test("the adaptor: onclose and onerror in any number and order are one end", async () => {
  const [fake, socket] = adapt();
  assertEquals([fake.binaryType, socket.remoteAddress], ["arraybuffer", "192.0.2.1:5"]);
  const read = socket.read(new Uint8Array(1));
  await assertRejects(() => socket.read(new Uint8Array(1)), Deno.errors.Busy);
  fake.onerror();
  fake.onclose();
  fake.onclose();
  assertEquals(await read, null);
  assertEquals(await socket.read(new Uint8Array(1)), null);
  fake.onmessage({ data: new ArrayBuffer(5) });
  assertEquals(await socket.read(new Uint8Array(1)), null);
});

Deno.test("the adaptor: a write resolves at once below a mebibyte, above it when it has drained", async () => {
  const [fake, socket] = adapt();
  assertEquals(await socket.write(new Uint8Array(1_048_576)), 1_048_576);
  let resolved = false;
  const write = socket.write(new Uint8Array(10)).then((length) => {
    resolved = true;
    return length;
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals(resolved, false);
  fake.bufferedAmount = 0;
  assertEquals(await write, 10);
  assertEquals(await socket.write(new Uint8Array(2_000_000)), 1_048_576); // the rest is for the next write
});

Deno.test("the adaptor: an end clears the timers of writes that wait", async () => {
  const [fake, socket] = adapt();
  fake.bufferedAmount = 2_000_000;
  const write = socket.write(new Uint8Array(1));
  await new Promise((resolve) => setTimeout(resolve, 100)); // it asks every 50 ms now
  fake.onclose();
  assert(await settled(write));
  await assertRejects(() => write, Deno.errors.BrokenPipe);
});
