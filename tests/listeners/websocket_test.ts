import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { WebSocketListener, type WebSocketListenerOptions } from "../../listeners/websocket.ts";
import { authority, certificate } from "../helpers/certificates.ts";
import { BAD_HOSTS, clientFrame, PROTOCOL_LISTS, RawWebSocket } from "../helpers/raw_websocket.ts";
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
  const listener = new WebSocketListener({
    id: "ws1",
    address: "127.0.0.1:0",
    websocketFrames: "coalesced",
    ...options,
  });
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

Deno.test("websocket: frames of every length of length", () =>
  withListener(async ({ open }) => {
    using client = await open();
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 1_048_576]) {
      const sending = client.send(pattern(length));
      assertEquals(await readExactly(client.socket(), length), pattern(length), `${length} bytes`);
      await sending;
    }
  }));

Deno.test("websocket: frames that arrive together are answered together", () =>
  withListener(async ({ open }) => {
    using client = await open();
    const frames = new Uint8Array(100 * 16);
    for (let index = 0; index < 100; index++) frames.set(clientFrame(pattern(10)), 16 * index);
    await client.sendRaw(frames);
    let answers = 0;
    for (let bytes = 0; bytes < 1_000; answers++) bytes += (await client.receive())!.payload.length;
    assert(answers < 20, `${answers} answers`);
  }));

Deno.test("websocket: fragments with pings between them", () =>
  withListener(async ({ open }) => {
    using client = await open();
    await client.send("ab", { final: false });
    const message = await client.receive(); // nobody waits for the end of a message
    assertEquals([message!.opcode, message!.final, message!.masked], [2, true, false]);
    assertEquals(new TextDecoder().decode(message!.payload), "ab");
    await client.send("are you there", { opcode: 9 });
    const pong = await client.receive();
    assertEquals([pong!.opcode, new TextDecoder().decode(pong!.payload)], [10, "are you there"]);
    await client.send("", { opcode: 0, final: false });
    await client.send("unasked", { opcode: 10 });
    await client.send("cd", { opcode: 0 });
    assertEquals(new TextDecoder().decode(await readExactly(client.socket(), 2)), "cd");
    await client.send("e");
    assertEquals(await readExactly(client.socket(), 1), new Uint8Array([101]));
  }));

/** What ends a connection, with the status that a close frame tells. */
const BROKEN: [name: string, frame: Uint8Array, code: number][] = [
  ["a text frame", clientFrame(pattern(3), { opcode: 1 }), 1003],
  ["a fragmented text", clientFrame(pattern(3), { opcode: 1, final: false }), 1003],
  ["an empty text frame", clientFrame(pattern(0), { opcode: 1 }), 1003],
  ["text that is no UTF-8", clientFrame(Uint8Array.of(0xc0, 0), { opcode: 1 }), 1003],
  ["a frame without mask", clientFrame(pattern(3), { masked: false }), 1002],
  ["a ping without mask", clientFrame(pattern(3), { opcode: 9, masked: false }), 1002],
  ...[1, 2, 4].map((bit) =>
    [`reserved bit ${bit}`, clientFrame(pattern(3), { reserved: bit }), 1002] as [string, Uint8Array, number]
  ),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    [`reserved opcode ${opcode}`, clientFrame(pattern(3), { opcode }), 1002] as [string, Uint8Array, number]
  ),
  ["a continuation of nothing", clientFrame(pattern(3), { opcode: 0 }), 1002],
  ["a fragmented ping", clientFrame(pattern(3), { opcode: 9, final: false }), 1002],
  ["a fragmented close", clientFrame(Uint8Array.of(3, 232), { opcode: 8, final: false }), 1002],
  ["a long ping", clientFrame(pattern(126), { opcode: 9 }), 1002],
  ["a length above 2^63", Uint8Array.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), 1002],
  ["a length above 2^53", Uint8Array.of(0x82, 0xff, 0, 0x40, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), 1009],
  ["a close of one byte", clientFrame(pattern(1), { opcode: 8 }), 1002],
  ...[0, 5, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((status) =>
    [`a close with status ${status}`, clientFrame(Uint8Array.of(status >> 8, status), { opcode: 8 }), 1002] as [
      string,
      Uint8Array,
      number,
    ]
  ),
];

Deno.test("websocket: broken frames end the connection, after what was good", () =>
  withListener(async ({ open, context }) => {
    for (const [name, frame, code] of BROKEN) {
      const accepted = context.accepted();
      using client = await open();
      const socket = await accepted;
      await client.send(pattern(5));
      assertEquals((await client.receive())!.payload, pattern(5), name);
      await client.sendRaw(frame);
      assertEquals(await client.closeCode(), code, name);
      client.close();
      assertEquals(await readToEnd(socket), 0, name);
    }
  }));

Deno.test("websocket: the reason arrives though the peer goes on sending", () =>
  withListener(async ({ open }) => {
    using client = await open();
    await client.sendRaw(clientFrame(pattern(3), { opcode: 3 }));
    const flood = Array.from({ length: 50 }, () => client.send(pattern(60_000)).catch(() => {}));
    assertEquals(await client.closeCode(), 1002);
    assertEquals(await client.receive(), null); // within a second
    await Promise.all(flood);
  }));

Deno.test("websocket: a new message within a message is refused", () =>
  withListener(async ({ open }) => {
    using client = await open();
    await client.send("a", { final: false });
    assertEquals(await readExactly(client.socket(), 1), new Uint8Array([97]));
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
      await client.send(pattern(5));
      assertEquals((await client.receive())!.payload, pattern(5));
      await client.sendRaw(Uint8Array.of(...clientFrame(payload, { opcode: 8 }), ...clientFrame(pattern(9))));
      assertEquals(await client.closeCode(), code);
      assertEquals(await client.receive(), null);
    }
  }));

Deno.test("websocket: after a half close the answer of the client is the end", () =>
  withListener(
    async ({ open, context }) => {
      const accepted = context.accepted();
      using client = await open();
      const socket = await accepted;
      await socket.closeWrite!();
      assertEquals(await client.closeCode(), 1000);
      const read = socket.read(new Uint8Array(9));
      await client.send(Uint8Array.of(3, 232), { opcode: 8 });
      assertEquals(await read, null);
      socket.close();
      assertEquals(await client.receive(), null); // one close frame is enough
    },
    {},
    hold,
  ));

Deno.test("websocket: a closed socket is gone, whatever the client does", () =>
  withListener(
    async ({ open, context }) => {
      const accepted = context.accepted();
      using client = await open();
      const socket = await accepted;
      const read = socket.read(new Uint8Array(1));
      socket.close();
      assertEquals(await read, null);
      assertEquals(await client.closeCode(), 1000);
      assertEquals(await client.receive(), null);
    },
    {},
    hold,
  ));

Deno.test("websocket: a client that does not read makes writes wait, and can be closed", () =>
  withListener(
    async ({ open, context }) => {
      const accepted = context.accepted();
      using _client = await open();
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

Deno.test("websocket: lists in headers may be written in every way that HTTP has for them", () =>
  withListener(async ({ address, context }) => {
    for (const [list, expected] of PROTOCOL_LISTS) {
      using client = await RawWebSocket.open(address, { headers: { "Sec-WebSocket-Protocol": list } });
      assertEquals(client.protocol, expected, JSON.stringify(list));
      assertEquals(await roundTrip(client.socket(), pattern(100)), pattern(100));
    }
    for (const connection of ["keep-alive,Upgrade", "Upgrade,", "keep-alive\t,\tUPGRADE ,x", ",upgrade"]) {
      using client = await RawWebSocket.open(address, { headers: { Connection: connection, Upgrade: "WebSocket" } });
      assertEquals(client.protocol, "mqtt", connection);
    }
    assertEquals(context.sockets.length, PROTOCOL_LISTS.length + 4);
    for (const list of ["mqtt mqttv3.1", "mqtt;q=1", ",", " "]) {
      const headers = { "Sec-WebSocket-Protocol": list };
      assertEquals((await RawWebSocket.request(address, { headers })).status, 400, list);
    }
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
      [{ path: "/other" }, 404, "/ and /mqtt and /ws"],
      [{ path: "/mqtt/" }, 404, "Not found"],
      [{ method: "POST" }, 405, "GET"],
    ];
    for (const [request, status, text] of table) {
      const response = await RawWebSocket.request(address, request);
      assertEquals(response.status, status, JSON.stringify(request));
      assertStringIncludes(response.body, text);
      assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
    }
    const broken = [{ headers: { "Bad Name": "x" } }, new TextEncoder().encode("\x10\x0c\x00\x04MQTT\r\n\r\n")];
    for (const request of broken) assertEquals((await RawWebSocket.request(address, request)).status, 400);
    for (const host of BAD_HOSTS) {
      const { status, body } = await RawWebSocket.request(address, { headers: { Host: host } });
      assertEquals([status, body], [400, "The Host header is not a host.\n"], host);
    }
    const versions = await RawWebSocket.request(address, { headers: { "Sec-WebSocket-Version": "8" } });
    assertEquals(versions.headers.get("sec-websocket-version"), "13");
    assertEquals(context.sockets.length, 0);
  }));

Deno.test("websocket: a request that is refused is logged with the reason, which clients do not show", () =>
  withListener(async ({ address, context }) => {
    await RawWebSocket.request(address, { headers: { Origin: "https://app.example" } });
    await RawWebSocket.request(address, { path: "/other" });
    const lines = context.lines.filter(({ message }) => message === "an HTTP request was refused");
    assertEquals(lines.map(({ level, fields }) => [level, fields?.listener, fields?.status]), [["debug", "ws1", 403], [
      "debug",
      "ws1",
      404,
    ]]);
    assertStringIncludes(`${lines[0].fields?.reason}`, "allowedOrigins");
    assertMatch(`${lines[0].fields?.remote}`, /^127\.0\.0\.1:\d+$/);
  }));

Deno.test("websocket: the paths that are given, whatever the query", () =>
  withListener(async ({ address }) => {
    for (const path of ["/broker", "/broker?token=1", "http://localhost/broker", "/v2"]) {
      using client = await RawWebSocket.open(address, { path });
      assertEquals(client.protocol, "mqtt");
    }
    for (const path of ["/", "/mqtt", "/broker/", "/BROKER", "//broker"]) {
      assertEquals((await RawWebSocket.request(address, { path })).status, 404, path);
    }
  }, { paths: ["/broker", "/v2"] }));

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
      "x".repeat(2_000),
    ];
    for (const origin of wrong) assertEquals(await status(origin), 403, origin.slice(0, 40));
  }, { allowedOrigins: ["https://app.example/", "http://localhost:3000"] }));

Deno.test("websocket: an origin can be required", () =>
  withListener(async ({ address }) => {
    assertEquals((await RawWebSocket.request(address)).status, 403);
    assertEquals((await RawWebSocket.request(address, { headers: { Origin: "https://a" } })).status, 101);
  }, { allowedOrigins: ["https://a"], requireOrigin: true }));

Deno.test("websocket: requests that do not end block nobody", () =>
  withListener(async ({ address, open, context }) => {
    const port = portOf(address);
    const silent = await Promise.all(Array.from({ length: 20 }, () => Deno.connect({ hostname, port })));
    await silent[0].write(new TextEncoder().encode("GET /mqtt HTTP/1.1\r\nHost:"));
    using client = await open();
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
    for (const connection of silent) connection.close();
    assertEquals(context.sockets.length, 1);
  }));

Deno.test("websocket: a listener that closes keeps its clients, and ends requests that are under way", () =>
  withListener(
    async ({ open, address, listener, context }) => {
      const accepted = context.accepted();
      using client = await open();
      const socket = await accepted;
      using half = await Deno.connect({ hostname, port: portOf(address) });
      await half.write(new TextEncoder().encode("GET /mqtt HTTP/1.1\r\n"));
      await listener.close();
      await listener.close();
      assertEquals(await readToEnd(half), 0);
      await assertRejects(open, Deno.errors.ConnectionRefused);
      await client.send(pattern(5));
      assertEquals(await readExactly(socket, 5), pattern(5));
      const read = socket.read(new Uint8Array(99));
      await client.send(Uint8Array.of(3, 232), { opcode: 8 });
      assertEquals(await read, null);
    },
    {},
    hold,
  ));

Deno.test("websocket refuses options that cannot work, and tells of a port in use", () =>
  withListener(async ({ address, listener }) => {
    assertThrows(() => new WebSocketListener({ id: "x", address: "80" }), Error, 'expected host:port, got "80"');
    const second = new WebSocketListener({ id: "x", address });
    assertThrows(() => second.listen(new EchoContext()), Error, `Cannot listen on ${address}: address already in use`);
    await assertRejects(
      () => listener.reload(certificate("server")),
      Error,
      "Cannot reload the certificate: ws1 has none",
    );
    const wrong: [Partial<WebSocketListenerOptions>, string][] = [
      [{ paths: [] }, "Cannot use paths: there are none, expected one at least"],
      [{ paths: ["/", "mqtt"] }, 'Cannot use paths: current value is "mqtt", expected a path that begins with /'],
      [
        { allowedOrigins: ["*", "app.example"] },
        'Cannot use allowedOrigins: current value is "app.example", expected an',
      ],
      [
        { websocketFrames: "packet" as "packets" },
        'Cannot use websocketFrames: current value is "packet", expected packets or coalesced',
      ],
      [{ allowedHosts: ["a:80"] }, 'Cannot use allowedHosts: current value is "a:80", expected a host without port'],
      [{ requestTimeout: 0 }, "Cannot use requestTimeout: current value is 0"],
    ];
    for (const [options, message] of wrong) {
      assertThrows(() => new WebSocketListener({ id: "x", address: "127.0.0.1:0", ...options }), Error, message);
    }
  }));

Deno.test("wss: WebSocket over TLS, and a new certificate on the same port", () =>
  withListener(async ({ address, context, listener }) => {
    assertEquals(listener.protocol, "wss");
    const connect = () => Deno.connectTls({ hostname, port: portOf(address), caCerts: [authority()] });
    using client = await RawWebSocket.open(await connect());
    assertEquals(await roundTrip(client.socket(1_000), pattern(100_000)), pattern(100_000));
    assertMatch(context.sockets[0].remoteAddress, /^127\.0\.0\.1:\d+$/);
    await listener.reload(certificate("server")); // the one in use
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
    const wrong = { ...certificate("server"), key: certificate("server2").key };
    await assertRejects(() => listener.reload(wrong), Error, "Cannot use the TLS certificate");
    await assertRejects(() => listener.reload({ ...certificate("server2"), clientCa: authority() }), Error, "clientCa");
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
    await Promise.all([listener.reload(certificate("server2")), listener.reload(certificate("server"))]);
    await listener.reload(certificate("server2"));
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10)); // still there
    using second = await RawWebSocket.open(await connect());
    assertEquals(await roundTrip(second.socket(), pattern(10)), pattern(10));
    assertEquals(listener.address, address);
  }, { certificate: certificate("server") }));

Deno.test("wss: clients can be asked for certificates", () =>
  withListener(async ({ address, context }) => {
    const options = { hostname, port: portOf(address), caCerts: [authority()] };
    using client = await RawWebSocket.open(await Deno.connectTls({ ...options, ...certificate("client") }));
    assertEquals(await roundTrip(client.socket(), pattern(10)), pattern(10));
    assertStringIncludes(context.sockets[0].certificate!.subject, "CN=");
    await assertRejects(async () => await RawWebSocket.open(await Deno.connectTls(options)));
    assertEquals(context.sockets.length, 1);
  }, { certificate: { ...certificate("server"), clientCa: authority() } }));
