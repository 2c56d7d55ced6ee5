import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MemoryListener, memoryPair } from "../../listeners/memory.ts";
import { EchoContext, hold, pattern, readExactly, readToEnd, roundTrip, settled } from "./echo_context.ts";

Deno.test("memory echoes through the listener", async () => {
  const context = new EchoContext();
  const listener = new MemoryListener({ id: "m" });
  assertThrows(() => listener.connect(), Error, "listener m does not listen");
  listener.listen(context);
  assertThrows(() => listener.listen(context), Error, "Cannot listen twice");
  assertEquals([listener.id, listener.protocol, listener.address], ["m", "memory", "memory:m"]);
  const client = listener.connect();
  assertEquals(await roundTrip(client, pattern(300_000)), pattern(300_000));
  listener.close();
  listener.close();
  assertThrows(() => listener.connect(), Error, "does not listen");
  assertEquals(await roundTrip(client, pattern(10)), pattern(10));
  client.close();
  await context.end();
});

Deno.test("memory: what the broker sees of a client", () => {
  const context = new EchoContext(hold);
  const listener = new MemoryListener({ id: "m" });
  listener.listen(context);
  const certificate = { subject: "CN=a", fingerprint: "00", subjectAltName: undefined };
  listener.connect();
  listener.connect({ remoteAddress: "192.0.2.1:5", certificate });
  assertEquals(context.sockets.map((socket) => socket.remoteAddress), ["memory:1", "192.0.2.1:5"]);
  assertEquals(context.sockets[1].certificate, certificate);
});

Deno.test("memory: reads take what there is, up to the size of the buffer", async () => {
  const [client, server] = memoryPair();
  await client.write(pattern(5));
  await client.write(pattern(5));
  assertEquals(await server.read(new Uint8Array(3)), 3);
  const buffer = new Uint8Array(100);
  assertEquals(await server.read(buffer), 7);
  assertEquals([...buffer.subarray(0, 7)], [...pattern(5).subarray(3), ...pattern(5)]);
});

Deno.test("memory: a waiting read gets the bytes at once, the rest stays", async () => {
  const [client, server] = memoryPair({ capacity: 4 });
  const buffer = new Uint8Array(2);
  const read = server.read(buffer);
  assertEquals(await settled(read), false);
  assertEquals(await client.write(pattern(10)), 6); // two to the reader, four into the buffer
  assertEquals(await read, 2);
  assertEquals(buffer, pattern(2));
  assertEquals(await readExactly(server, 4), pattern(6).subarray(2));
});

Deno.test("memory: a write waits while there is no room", async () => {
  const [client, server] = memoryPair({ capacity: 8 });
  assertEquals(await client.write(pattern(20)), 8);
  const first = client.write(pattern(3)), second = client.write(pattern(2));
  assertEquals([await settled(first), await settled(second)], [false, false]);
  await server.read(new Uint8Array(4));
  assertEquals(await first, 3);
  assertEquals(await second, 1);
  const received = await readExactly(server, 8);
  assertEquals([...received], [...pattern(8).subarray(4), ...pattern(3), ...pattern(1)]);
});

Deno.test("memory: data may be changed once the write has resolved", async () => {
  const [client, server] = memoryPair();
  const data = pattern(100);
  await client.write(data);
  data.fill(0);
  assertEquals(await readExactly(server, 100), pattern(100));
});

Deno.test("memory: any sizes of reads and writes keep the order", async () => {
  for (const capacity of [1, 2, 7, 1_000, 5_000]) {
    const [client, server] = memoryPair({ capacity });
    const data = pattern(20_000), received: number[] = [];
    let state = capacity;
    const random = (limit: number) => 1 + (state = state * 48_271 % 0x7fff_ffff) % limit;
    const writing = (async () => {
      for (let i = 0; i < data.length;) i += await client.write(data.subarray(i, i + random(1_500)));
      client.close();
    })();
    for (;;) {
      const buffer = new Uint8Array(random(1_500)), length = await server.read(buffer);
      if (length === null) break;
      assert(length > 0);
      received.push(...buffer.subarray(0, length));
    }
    await writing;
    assertEquals(Uint8Array.from(received), data);
  }
});

Deno.test("memory: after a close the peer reads the rest and then the end, and cannot write", async () => {
  const [client, server] = memoryPair();
  await client.write(pattern(10));
  const pending = client.read(new Uint8Array(1));
  client.close();
  client.close();
  assertEquals(await pending, null);
  await assertRejects(() => client.write(pattern(1)), Deno.errors.BrokenPipe);
  assertEquals(await readToEnd(server), 10);
  await assertRejects(() => server.write(pattern(1)), Deno.errors.BrokenPipe);
  assertEquals(await client.read(new Uint8Array(1)), null);
});

Deno.test("memory: a close rejects writes that wait, at both ends", async () => {
  for (const closer of [0, 1]) {
    const pair = memoryPair({ capacity: 1 });
    await pair[0].write(pattern(1));
    const waiting = pair[0].write(pattern(1));
    pair[closer].close();
    await assertRejects(() => waiting, Deno.errors.BrokenPipe);
  }
});

Deno.test("memory: half close keeps the other half", async () => {
  const [client, server] = memoryPair();
  await client.closeWrite!();
  assertEquals(await server.read(new Uint8Array(1)), null);
  await server.write(pattern(3));
  assertEquals(await client.read(new Uint8Array(9)), 3);
});

Deno.test("memory: a second read at the same time is refused", async () => {
  const [client, server] = memoryPair();
  const first = server.read(new Uint8Array(1));
  await assertRejects(() => server.read(new Uint8Array(1)), Deno.errors.Busy);
  await client.write(pattern(1));
  assertEquals(await first, 1);
});
