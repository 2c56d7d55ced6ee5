import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { TcpListener } from "../../listeners/tcp.ts";
import { echo, EchoContext, hold, pattern, portOf, readToEnd, roundTrip, writeAll } from "./echo_context.ts";

const ADDRESS = "127.0.0.1:0";

async function withListener(
  test: (port: number, context: EchoContext, listener: TcpListener) => Promise<void>,
  serve?: ConstructorParameters<typeof EchoContext>[0],
): Promise<void> {
  const context = new EchoContext(serve);
  const listener = new TcpListener({ id: "tcp1", address: ADDRESS });
  listener.listen(context);
  try {
    await test(portOf(listener.address), context, listener);
  } finally {
    await listener.close();
    await context.end();
  }
}

Deno.test("tcp echoes bytes of any length, for many clients at once", () =>
  withListener(async (port, context) => {
    await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      using client = await Deno.connect({ port, hostname: "127.0.0.1" });
      const data = pattern(1 + i * 10_007);
      assertEquals(await roundTrip(client, data), data);
    }));
    assertEquals(context.sockets.length, 20);
  }));

Deno.test("tcp tells its real address and its peers' addresses", () =>
  withListener(async (port, context, listener) => {
    assertMatch(listener.address, /^127\.0\.0\.1:[1-9]\d*$/);
    assertEquals([listener.id, listener.protocol], ["tcp1", "tcp"]);
    const accepted = context.accepted();
    using client = await Deno.connect({ port, hostname: "127.0.0.1" });
    assertEquals((await accepted).remoteAddress, `127.0.0.1:${(client.localAddr as Deno.NetAddr).port}`);
  }));

/** Some containers have no IPv6. */
const hasIpv6 = (() => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

Deno.test({ name: "tcp over IPv6 writes addresses in brackets", ignore: !hasIpv6 }, async () => {
  const context = new EchoContext();
  const listener = new TcpListener({ id: "tcp6", address: "[::1]:0" });
  listener.listen(context);
  assertMatch(listener.address, /^\[::1\]:\d+$/);
  const accepted = context.accepted();
  const client = await Deno.connect({ port: portOf(listener.address), hostname: "::1" });
  assertMatch((await accepted).remoteAddress, /^\[::1\]:\d+$/);
  client.close();
  await listener.close();
  await context.end();
});

Deno.test("tcp: a closed listener refuses, its sockets stay open", () =>
  withListener(async (port, _, listener) => {
    using client = await Deno.connect({ port, hostname: "127.0.0.1" });
    await roundTrip(client, pattern(10));
    await listener.close();
    await listener.close();
    await assertRejects(() => Deno.connect({ port, hostname: "127.0.0.1" }), Deno.errors.ConnectionRefused);
    assertEquals(await roundTrip(client, pattern(1_000)), pattern(1_000));
    listener.listen(new EchoContext()); // and it can be opened again
  }));

Deno.test("tcp: the peer reads what was written and then the end", () =>
  withListener(async (port, context) => {
    const accepted = context.accepted();
    using client = await Deno.connect({ port, hostname: "127.0.0.1" });
    const socket = await accepted;
    await writeAll(socket, pattern(100_000));
    socket.close();
    socket.close();
    assertEquals(await readToEnd(client), 100_000);
  }, hold));

Deno.test("tcp: half close keeps the other half", () =>
  withListener(async (port, context) => {
    const accepted = context.accepted();
    using client = await Deno.connect({ port, hostname: "127.0.0.1" });
    const socket = await accepted;
    await socket.closeWrite!();
    assertEquals(await client.read(new Uint8Array(1)), null);
    await client.write(new Uint8Array([7]));
    assertEquals(await socket.read(new Uint8Array(4)), 1);
  }, hold));

Deno.test("tcp: a close ends a pending read", () =>
  withListener(async (port, context) => {
    const accepted = context.accepted();
    using _client = await Deno.connect({ port, hostname: "127.0.0.1" });
    const socket = await accepted;
    const read = socket.read(new Uint8Array(1)).catch(() => null);
    socket.close();
    assertEquals(await read, null);
  }, hold));

Deno.test("tcp: a reset ends one connection and nothing else", () =>
  withListener(async (port, context) => {
    const accepted = context.accepted();
    const rude = await Deno.connect({ port, hostname: "127.0.0.1" });
    const socket = await accepted;
    await writeAll(socket, pattern(1_000)); // unread data makes the close a reset
    await rude.write(new Uint8Array(1));
    rude.close();
    const ended = await echo(socket).catch((error) => error);
    assert(
      ended === undefined || ended instanceof Deno.errors.ConnectionReset || ended instanceof Deno.errors.BrokenPipe,
    );
    using client = await Deno.connect({ port, hostname: "127.0.0.1" });
    assert(client);
  }, hold));

Deno.test("tcp: a port in use is told with address and advice, and does not break the listener", () =>
  withListener(async (port) => {
    const second = new TcpListener({ id: "tcp2", address: `127.0.0.1:${port}` });
    const message = `Cannot listen on 127.0.0.1:${port}: address already in use; `;
    assertThrows(() => second.listen(new EchoContext()), Error, message);
    await second.close();
  }));

Deno.test("tcp: bad options and a second listen are errors", () =>
  withListener((_, context, listener) => {
    assertThrows(() => new TcpListener({ id: "x", address: "188" }), Error, 'expected host:port, got "188"');
    assertThrows(() => listener.listen(context), Error, "Cannot listen twice");
    return Promise.resolve();
  }));
