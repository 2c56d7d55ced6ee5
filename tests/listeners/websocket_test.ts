import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { memoryPair } from "../../listeners/memory.ts";
import { openWebSocket } from "../../listeners/websocket_handshake.ts";
import { UpgradeGate } from "../../listeners/websocket_rules.ts";
import { WebSocketListener, type WebSocketListenerOptions } from "../../listeners/websocket.ts";
import { authority, certificate } from "../helpers/certificates.ts";
import { clientFrame, RawWebSocket, upgradeRequest } from "../helpers/raw_websocket.ts";
import { EchoContext, hold, pattern, portOf, readExactly, readToEnd, roundTrip, writeAll } from "./echo_context.ts";

const hostname = "127.0.0.1";

interface Setup {
  readonly address: string;
  readonly context: EchoContext;
  readonly listener: WebSocketListener;
  open(): Promise<RawWebSocket>;
}

async function withListener(
  test: (setup: Setup) => Promise<void>,
  options: Partial<WebSocketListenerOptions> = {},
  serve?: ConstructorParameters<typeof EchoContext>[0],
): Promise<void> {
  const context = new EchoContext(serve);
  const listener = new WebSocketListener({ id: "ws1", address: "127.0.0.1:0", ...options });
  listener.listen(context);
  const { address } = listener;
  try {
    await test({ address, context, listener, open: () => RawWebSocket.open(address) });
  } finally {
    await listener.close();
    await context.end();
  }
}

/** Opens the runtime's own client. */
async function openStandard(url: string, protocols: string[]): Promise<WebSocket> {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onerror = () => opened.reject(new Error("the WebSocket did not open"));
  await opened.promise;
  return socket;
}

async function closed(socket: WebSocket): Promise<CloseEvent> {
  const done = Promise.withResolvers<CloseEvent>();
  socket.onclose = done.resolve;
  return await done.promise;
}

Deno.test("websocket echoes to a standard client, which closes cleanly", () =>
  withListener(async ({ address, context, listener }) => {
    assertMatch(address, /^127\.0\.0\.1:[1-9]\d*$/);
    assertEquals([listener.id, listener.protocol], ["ws1", "ws"]);
    const socket = await openStandard(`ws://${address}/mqtt`, ["mqttv3.1", "mqtt"]);
    assertEquals(socket.protocol, "mqtt");
    const sent = pattern(200_000), received: number[] = [], all = Promise.withResolvers<void>();
    socket.onmessage = (event) => {
      received.push(...new Uint8Array(event.data));
      if (received.length === sent.length) all.resolve();
    };
    socket.send(sent);
    await all.promise;
    assertEquals(Uint8Array.from(received), sent);
    assertMatch(context.sockets[0].remoteAddress, /^127\.0\.0\.1:\d+$/);
    socket.close(1000);
    assertEquals((await closed(socket)).wasClean, true);
  }));

Deno.test("websocket: a close of the broker is a clean one, after what was written", () =>
  withListener(
    async ({ address, context }) => {
      const accepted = context.accepted();
      const client = await openStandard(`ws://${address}/`, ["mqtt"]);
      let bytes = 0;
      client.onmessage = (event) => bytes += event.data.byteLength;
      const end = closed(client);
      const socket = await accepted;
      await writeAll(socket, pattern(300_000));
      socket.close();
      socket.close();
      const { code, wasClean } = await end;
      assertEquals([bytes, code, wasClean], [300_000, 1000, true]);
      await assertRejects(() => socket.write(pattern(1)), Deno.errors.BrokenPipe);
    },
    {},
    hold,
  ));

Deno.test("websocket: any split of the bytes over frames and of frames over packets", () =>
  withListener(async ({ open }) => {
    const data = pattern(3_000);
    for (const size of [1, 2, 3, 125, 126, 1_000, 3_000]) {
      using client = await open();
      assertEquals(await roundTrip(client.socket(size), data), data, `${size} bytes per frame`);
    }
    using client = await open();
    const frames = [clientFrame(data.subarray(0, 200)), clientFrame(data.subarray(200))];
    for (const frame of frames) for (const byte of frame) await client.sendRaw(Uint8Array.of(byte));
    assertEquals(await readExactly(client.socket(), 3_000), data);
  }));

Deno.test("websocket: reads of any size get all bytes, and fill what they are given when much is there", async () => {
  for (const size of [1, 7, 100, 1_000, 100_000]) {
    const [client, server] = memoryPair({ capacity: 1_000_000 });
    const opening = openWebSocket(server, new UpgradeGate({}));
    using raw = await RawWebSocket.open(client);
    const stream = await opening, received: number[] = [];
    for (let i = 0; i < 5_000; i += 50) await raw.send(pattern(5_000).subarray(i, i + 50));
    let filled = 0;
    while (received.length < 5_000) {
      const buffer = new Uint8Array(size), length = await stream.read(buffer);
      received.push(...buffer.subarray(0, length!));
      if (length === size) filled++;
    }
    assertEquals(Uint8Array.from(received), pattern(5_000), `reads of ${size} bytes`);
    assertEquals(filled > 1, size <= 1_000, `${filled} reads of ${size} bytes were filled`);
    stream.close();
  }
});

Deno.test("websocket: frames of every length of length", () =>
  withListener(async ({ open }) => {
    using client = await open();
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 1_048_576]) {
      const sending = client.send(pattern(length));
      assertEquals(await readExactly(client.socket(), length), pattern(length), `${length} bytes`);
      await sending;
    }
  }));

Deno.test("websocket: fragments with pings between them", () =>
  withListener(async ({ open }) => {
    using client = await open();
    await client.send("ab", { final: false });
    assertEquals(new TextDecoder().decode((await client.receive())!.payload), "ab"); // it does not wait for the last one
    await client.send("are you there", { opcode: 9 });
    const pong = await client.receive();
    assertEquals([pong!.opcode, new TextDecoder().decode(pong!.payload)], [10, "are you there"]);
    await client.send("", { opcode: 0, final: false });
    await client.send("unasked", { opcode: 10 });
    await client.send("cd", { opcode: 0 });
    const rest = await client.receive();
    assertEquals([rest!.opcode, rest!.final, rest!.masked], [2, true, false]);
    assertEquals(new TextDecoder().decode(rest!.payload), "cd");
    await client.send("e");
    assertEquals(await readExactly(client.socket(), 1), new Uint8Array([101]));
  }));

Deno.test("websocket: a long silent frame costs what has arrived of it", () =>
  withListener(async ({ open }) => {
    using client = await open();
    const header = clientFrame(new Uint8Array(0), { lengthBytes: 8 }).slice();
    new DataView(header.buffer).setBigUint64(2, 2n ** 52n);
    await client.sendRaw(header);
    await client.sendRaw(new Uint8Array([0x37 ^ 65]));
    assertEquals(await readExactly(client.socket(), 1), new Uint8Array([65]));
  }));

const BROKEN: [name: string, frame: Uint8Array, code: number][] = [
  ["a text frame", clientFrame(pattern(3), { opcode: 1 }), 1003],
  ["a fragmented text", clientFrame(pattern(3), { opcode: 1, final: false }), 1003],
  ["an empty text frame", clientFrame(pattern(0), { opcode: 1 }), 1003],
  ["a frame without a mask", clientFrame(pattern(3), { masked: false }), 1002],
  ["a reserved bit", clientFrame(pattern(3), { reserved: 4 }), 1002],
  ["a reserved opcode", clientFrame(pattern(3), { opcode: 3 }), 1002],
  ["a reserved control opcode", clientFrame(pattern(3), { opcode: 11 }), 1002],
  ["a continuation of nothing", clientFrame(pattern(3), { opcode: 0 }), 1002],
  ["a fragmented ping", clientFrame(pattern(3), { opcode: 9, final: false }), 1002],
  ["a long ping", clientFrame(pattern(126), { opcode: 9 }), 1002],
  ["a length in too many bytes", clientFrame(pattern(3), { lengthBytes: 2 }), 1002],
  ["a length in far too many bytes", clientFrame(pattern(200), { lengthBytes: 8 }), 1002],
  ["a length above 2^63", Uint8Array.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), 1002],
  ["a close of one byte", clientFrame(pattern(1), { opcode: 8 }), 1002],
  ["a close with a reserved status", clientFrame(Uint8Array.of(3, 237), { opcode: 8 }), 1002],
  ["a close with a status below 1000", clientFrame(Uint8Array.of(0, 5), { opcode: 8 }), 1002],
];

Deno.test("websocket: broken frames end the connection with the right status, after what was good", () =>
  withListener(async ({ open }) => {
    for (const [name, frame, code] of BROKEN) {
      using client = await open();
      await client.sendRaw(Uint8Array.of(...clientFrame(pattern(5)), ...frame));
      assertEquals((await client.receive())!.payload, pattern(5), name);
      assertEquals(await client.closeCode(), code, name);
      assertEquals(await client.receive(), null, name);
    }
  }));

Deno.test("websocket: a new message within a message is refused", () =>
  withListener(async ({ open }) => {
    using client = await open();
    await client.send("a", { final: false });
    await client.receive();
    await client.send("b");
    assertEquals(await client.closeCode(), 1002);
  }));

Deno.test("websocket: a close of the client is answered with its status, after what came before it", () =>
  withListener(async ({ open }) => {
    for (
      const [payload, code] of [[Uint8Array.of(3, 232), 1000], [Uint8Array.of(0x0f, 0xa0, 104, 105), 4000], [
        pattern(0),
        1005,
      ]] as const
    ) {
      using client = await open();
      await client.sendRaw(
        Uint8Array.of(...clientFrame(pattern(5)), ...clientFrame(payload, { opcode: 8 }), ...clientFrame(pattern(9))),
      );
      assertEquals((await client.receive())!.payload, pattern(5));
      assertEquals(await client.closeCode(), code);
      assertEquals(await client.receive(), null);
    }
  }));

Deno.test("websocket: after a half close the client can still send, its close is the end", () =>
  withListener(
    async ({ open, context }) => {
      const accepted = context.accepted();
      using client = await open();
      const socket = await accepted;
      await socket.closeWrite!();
      assertEquals(await client.closeCode(), 1000);
      await client.send("late");
      assertEquals(await socket.read(new Uint8Array(99)), 4);
      await client.send(Uint8Array.of(3, 232), { opcode: 8 });
      assertEquals(await socket.read(new Uint8Array(9)), null);
      socket.close();
      assertEquals(await client.receive(), null); // one close frame is enough
    },
    {},
    hold,
  ));

Deno.test("websocket: a closed socket is gone even if the client does not answer", () =>
  withListener(
    async ({ open, context }) => {
      const accepted = context.accepted();
      using client = await open();
      const socket = await accepted;
      const read = socket.read(new Uint8Array(1)).catch(() => null);
      socket.close();
      assertEquals(await read, null);
      assertEquals(await client.closeCode(), 1000);
      assertEquals(await client.receive(), null);
    },
    {},
    hold,
  ));

Deno.test("websocket: a client that does not read makes writes wait, gets one answer to many pings, can be closed", () =>
  withListener(
    async ({ open, context }) => {
      const accepted = context.accepted();
      using client = await open();
      const socket = await accepted;
      const reading = readToEnd(socket);
      let sent = 0;
      const pending = (async () => {
        for (;;) sent += await socket.write(new Uint8Array(1_000_000));
      })().catch((error) => error);
      for (let before = -1; before !== sent;) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 100)); // until nothing moves any more
      }
      assert(sent < 100_000_000);
      for (let i = 0; i < 1_000; i++) await client.send(`${i}`, { opcode: 9 });
      await client.send("x", { opcode: 9 });
      socket.close();
      assert(await pending instanceof Error);
      assertEquals(await reading, 0);
    },
    {},
    hold,
  ));

Deno.test("websocket: what is sent right behind the request is not lost", () =>
  withListener(async ({ address }) => {
    using client = await RawWebSocket.open(address, { early: clientFrame(pattern(5_000)) });
    assertEquals(await readExactly(client.socket(), 5_000), pattern(5_000));
  }));

Deno.test("websocket: the request may come byte by byte", async () => {
  const [client, server] = memoryPair({ capacity: 1 });
  const opening = openWebSocket(server, new UpgradeGate({}));
  const answer = readExactly(client, 12);
  for (const byte of upgradeRequest()) await client.write(Uint8Array.of(byte));
  assertEquals(new TextDecoder().decode(await answer), "HTTP/1.1 101");
  client.close();
  await assertRejects(() => opening, Deno.errors.BrokenPipe);
});

Deno.test("websocket: frames that are sent at the same time do not mix", async () => {
  const [client, server] = memoryPair({ capacity: 3 });
  const opening = openWebSocket(server, new UpgradeGate({}));
  using raw = await RawWebSocket.open(client);
  const stream = await opening;
  const reading = stream.read(new Uint8Array(100));
  await raw.send("ping", { opcode: 9 });
  const writes = [stream.write(pattern(20)), stream.write(pattern(30)), stream.closeWrite()];
  const data: Uint8Array[] = [];
  for (let frame = await raw.receive(); frame!.opcode !== 8; frame = await raw.receive()) {
    if (frame!.opcode === 2) data.push(frame!.payload);
  }
  assertEquals(data, [pattern(20), pattern(30)]);
  await Promise.all(writes);
  raw.close();
  assertEquals(await reading, null);
});

Deno.test("websocket: the answer proves the key and names the subprotocol", () =>
  withListener(async ({ address }) => {
    const table: [string[], string][] = [
      [["mqtt"], "mqtt"],
      [["mqttv3.1"], "mqttv3.1"],
      [["mqttv3.1", "mqtt"], "mqtt"],
      [["chat", "mqtt", "x"], "mqtt"],
    ];
    for (const [protocols, expected] of table) {
      using client = await RawWebSocket.open(address, { protocols });
      assertEquals(client.protocol, expected);
      assertEquals(client.response.headers.get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // RFC 6455, 1.3
    }
    using several = await RawWebSocket.open(address, {
      headers: {
        "Sec-WebSocket-Protocol": "chat\r\nSec-WebSocket-Protocol: mqtt",
        "Connection": "keep-alive, Upgrade",
      },
    });
    assertEquals(several.protocol, "mqtt");
  }));

Deno.test("websocket: requests that are refused, and what they are told", () =>
  withListener(async ({ address, context }) => {
    const plain = { Upgrade: undefined, Connection: undefined };
    const table: [Parameters<typeof RawWebSocket.request>[1], number, string][] = [
      [{ protocols: [] }, 400, "subprotocol mqtt"],
      [{ protocols: ["mqtt5", "MQTT", "mqttv3.11"] }, 400, "subprotocol mqtt"],
      [{ headers: plain }, 426, "MQTT over WebSocket"],
      [{ path: "/", headers: plain }, 426, "MQTT over WebSocket"],
      [{ headers: { Upgrade: "h2c" } }, 426, "MQTT over WebSocket"],
      [{ headers: { "Sec-WebSocket-Version": "8" } }, 426, "version 13"],
      [{ headers: { "Sec-WebSocket-Key": undefined } }, 400, "Sec-WebSocket-Key"],
      [{ headers: { "Sec-WebSocket-Key": "short" } }, 400, "Sec-WebSocket-Key"],
      [{ path: "/other" }, 404, "/ and /mqtt"],
      [{ path: "/mqtt/" }, 404, "Not found"],
      [{ method: "POST" }, 405, "GET"],
      [{ headers: { "X": "a".repeat(20_000) } }, 431, "too long"],
      [{ headers: { "Bad Name": "x" } }, 400, "not an HTTP request"],
      [new TextEncoder().encode("\x10\x0c\x00\x04MQTT\r\n\r\n"), 400, "not an HTTP request"],
      [new TextEncoder().encode("GET /mqtt HTTP/1.0\r\n\r\n"), 400, "not an HTTP request"],
      [new TextEncoder().encode("\r\n\r\n"), 400, "not an HTTP request"],
    ];
    for (const [request, status, text] of table) {
      const response = await RawWebSocket.request(address, request);
      assertEquals(response.status, status, JSON.stringify(request));
      assertStringIncludes(response.body, text);
      assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
    }
    const versions = await RawWebSocket.request(address, { headers: { "Sec-WebSocket-Version": "8" } });
    assertEquals(versions.headers.get("sec-websocket-version"), "13");
    assertEquals(context.sockets.length, 0);
  }));

Deno.test("websocket: one path when one is given, whatever the query", () =>
  withListener(async ({ address }) => {
    for (const path of ["/broker", "/broker?token=1", "http://localhost/broker"]) {
      using client = await RawWebSocket.open(address, { path });
      assertEquals(client.protocol, "mqtt");
    }
    for (const path of ["/", "/mqtt", "/broker/", "/BROKER", "//broker"]) {
      assertEquals((await RawWebSocket.request(address, { path })).status, 404, path);
    }
  }, { path: "/broker" }));

Deno.test("websocket: only pages of the listed origins, and programs", () =>
  withListener(async ({ address }) => {
    const status = async (origin: string | undefined) =>
      (await RawWebSocket.request(address, { headers: { Origin: origin } })).status;
    for (const origin of [undefined, "https://app.example", "HTTPS://APP.example", "http://localhost:3000"]) {
      assertEquals(await status(origin), 101, origin);
    }
    const wrong = [
      "",
      "null",
      "*",
      "https://app.example.evil",
      "http://app.example",
      "https://app.example:8443",
      "x".repeat(9_000),
    ];
    for (const origin of wrong) assertEquals(await status(origin), 403, origin.slice(0, 40));
  }, { allowedOrigins: ["https://app.example/", "http://localhost:3000"] }));

Deno.test("websocket: an origin can be required", () =>
  withListener(async ({ address }) => {
    assertEquals((await RawWebSocket.request(address)).status, 403);
    assertEquals((await RawWebSocket.request(address, { headers: { Origin: "https://a" } })).status, 101);
  }, { allowedOrigins: ["https://a"], requireOrigin: true }));

Deno.test("websocket: requests that do not end are closed in time and block nobody", () =>
  withListener(async ({ address, open, context }) => {
    const port = portOf(address);
    const silent = await Promise.all(Array.from({ length: 20 }, () => Deno.connect({ hostname, port })));
    await silent[0].write(new TextEncoder().encode("GET /mqtt HTTP/1.1\r\nHost:"));
    using client = await open();
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
    for (const connection of silent) {
      assertEquals(await readToEnd(connection), 0);
      connection.close();
    }
    assertEquals(context.sockets.length, 1);
  }, { handshakeTimeout: 1 }));

Deno.test("websocket: a listener that closes ends requests, not clients", () =>
  withListener(async ({ address, open, listener }) => {
    using client = await open();
    using silent = await Deno.connect({ hostname, port: portOf(address) });
    using later = await open(); // the silent one was accepted before this one
    await roundTrip(later.socket(), pattern(10));
    await listener.close();
    await listener.close();
    assertEquals(await readToEnd(silent), 0);
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
    await assertRejects(open, Deno.errors.ConnectionRefused);
  }, { handshakeTimeout: 3_600 }));

Deno.test("websocket refuses options that cannot work, and tells of a port in use", () =>
  withListener(({ address, listener }) => {
    assertThrows(() => new WebSocketListener({ id: "x", address: "80" }), Error, 'expected host:port, got "80"');
    const second = new WebSocketListener({ id: "x", address });
    assertThrows(() => second.listen(new EchoContext()), Error, `Cannot listen on ${address}: address already in use`);
    assertThrows(() => listener.reload(certificate("server")), Error, "Cannot reload the certificate: ws1 has none");
    return Promise.resolve();
  }));

Deno.test("wss: WebSocket over TLS, with the client's certificate and a new one of the server", () =>
  withListener(async ({ address, context, listener }) => {
    assertEquals(listener.protocol, "wss");
    const connect = () =>
      Deno.connectTls({ hostname, port: portOf(address), caCerts: [authority()], ...certificate("client") });
    using client = await RawWebSocket.open(await connect());
    assertEquals(await roundTrip(client.socket(1_000), pattern(100_000)), pattern(100_000));
    assertEquals(context.sockets[0].certificate?.subject, "O=Mochi tests,CN=sensor-1");
    listener.reload({ ...certificate("server2"), clientCa: authority() });
    using second = await RawWebSocket.open(await connect());
    assertEquals(await roundTrip(second.socket(), pattern(10)), pattern(10));
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
  }, { certificate: { ...certificate("server"), clientCa: authority() } }));
