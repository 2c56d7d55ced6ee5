import { assertEquals, assertThrows } from "@std/assert";
import { memoryPair } from "../../listeners/memory.ts";
import { type NetConnection, NetListener } from "../../listeners/net.ts";
import { EchoContext, hold, pattern, roundTrip } from "./echo_context.ts";

Deno.test("net takes the connections of a listener of the runtime", async () => {
  const connections = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = connections.addr;
  const context = new EchoContext();
  const listener = new NetListener({ id: "n", connections });
  listener.listen(context);
  assertThrows(() => listener.listen(context), Error, "Cannot listen twice");
  assertEquals([listener.id, listener.protocol, listener.address], ["n", "net", `127.0.0.1:${port}`]);
  const client = await Deno.connect({ hostname: "127.0.0.1", port });
  assertEquals(await roundTrip(client, pattern(100_000)), pattern(100_000));
  assertEquals(context.sockets[0].remoteAddress, `127.0.0.1:${client.localAddr.port}`);
  assertEquals(typeof context.sockets[0].closeWrite, "function");
  await listener.close();
  await listener.close();
  assertEquals(await roundTrip(client, pattern(10)), pattern(10));
  client.close();
  await context.end();
});

Deno.test("net takes the connections of a generator, with any kind of address", async () => {
  const [client, server] = memoryPair();
  const bare = { read: server.read.bind(server), write: server.write.bind(server), close: server.close.bind(server) };
  const all: NetConnection[] = [
    { ...bare, remoteAddr: "somewhere" },
    { ...bare, remoteAddr: { transport: "tcp", hostname: "::1", port: 7 } },
    bare,
  ];
  const context = new EchoContext(hold);
  const more = Promise.withResolvers<void>();
  async function* generate(): AsyncGenerator<NetConnection> {
    yield* all;
    await more.promise;
    yield { ...bare, close: () => closed.resolve() };
  }
  const closed = Promise.withResolvers<void>();
  const listener = new NetListener({ id: "n", connections: generate(), address: "here", protocol: "mine" });
  assertEquals([listener.protocol, listener.address], ["mine", "here"]);
  const third = Promise.all([context.accepted(), context.accepted(), context.accepted()]);
  listener.listen(context);
  await third;
  assertEquals(context.sockets.map((socket) => socket.remoteAddress), ["somewhere", "[::1]:7", ""]);
  assertEquals(context.sockets[2].closeWrite, undefined);
  await client.write(pattern(3));
  assertEquals(await context.sockets[2].read(new Uint8Array(9)), 3);
  await listener.close(); // does not wait for the generator
  more.resolve();
  await closed.promise; // what comes too late is closed
  assertEquals(context.sockets.length, 3);
});

Deno.test("net goes on when one connection fails", async () => {
  const [, server] = memoryPair();
  let calls = 0;
  const connections = {
    [Symbol.asyncIterator]: () => ({
      next(): Promise<IteratorResult<NetConnection>> {
        if (++calls === 1) return Promise.reject(new Error("lost"));
        return Promise.resolve(
          calls === 2 ? { done: false, value: server as NetConnection } : { done: true, value: undefined },
        );
      },
    }),
  };
  const context = new EchoContext(hold);
  const accepted = context.accepted();
  const listener = new NetListener({ id: "n", connections });
  listener.listen(context);
  await accepted;
  assertEquals(context.lines.length, 1);
  await listener.close();
});
