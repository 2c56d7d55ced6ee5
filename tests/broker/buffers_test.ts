import { assert, assertEquals } from "@std/assert";
import type { Listener, ListenerContext, Socket } from "../../src/broker/core/listener.ts";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { SlabPool } from "../../src/packets/slab.ts";
import { memoryPair } from "../../listeners/memory.ts";
import { hex } from "../packets/bytes.ts";
import { Harness, type HarnessOptions } from "../helpers/harness.ts";
import { until } from "../helpers/until.ts";

type Transport = NonNullable<HarnessOptions["transport"]>;

/** A way to the broker that notes what its side asks of the socket. */
function observed(
  capacity = 4_000_000,
  write: (server: Socket, data: Uint8Array) => Promise<number> = (server, data) => server.write(data),
): Transport & { reads: number[]; writes: number[]; calls: string[] } {
  const reads: number[] = [], writes: number[] = [], calls: string[] = [];
  let context: ListenerContext | undefined;
  const listener: Listener = {
    ...{ id: "observed", protocol: "memory", address: "observed" },
    listen: (given) => void (context = given),
    close: () => {},
  };
  const connect = () => {
    const [client, server] = memoryPair({ capacity });
    const socket: Socket = {
      remoteAddress: "observed",
      read: (buffer) => (reads.push(buffer.length), calls.push("read"), server.read(buffer)),
      write: (data) => (writes.push(data.length), calls.push("write"), write(server, data)),
      close: () => server.close(),
    };
    context!.accept(socket);
    return client;
  };
  return { listener, connect, reads, writes, calls };
}

Deno.test("clientNetReadBufferSize: no read is larger, and small ones come first", async () => {
  for (const clientNetReadBufferSize of [2_048, 65_536]) {
    const transport = observed();
    await using harness = await Harness.start({ transport, clientNetReadBufferSize });
    const client = await harness.connect("a");
    assert(transport.reads[0] <= 512);
    assertEquals(transport.reads.at(-1), transport.reads[0], "a client that waits holds no more than that");
    for (let index = 0; index < 20; index++) await client.publish("t", new Uint8Array(100_000));
    const largest = Math.max(...transport.reads);
    assert(largest <= clientNetReadBufferSize && largest > clientNetReadBufferSize / 2, `${largest}`);
  }
});

/** Until disposed of it adds up what readers say that they read into. */
function countedBuffers(): Disposable & { bytes: number } {
  const { countReading } = SlabPool.prototype;
  const counted = { bytes: 0, [Symbol.dispose]: () => void (SlabPool.prototype.countReading = countReading) };
  SlabPool.prototype.countReading = function (this: SlabPool, before, now): void {
    counted.bytes += now - before;
    countReading.call(this, before, now);
  };
  return counted;
}

Deno.test("a connection that has ended, however it did, has no read buffer any more", async () => {
  using counted = countedBuffers();
  await using harness = await Harness.start();
  const large = "t".repeat(30_000),
    connect = async (clientId: string) => {
      const client = await harness.connect(clientId);
      for (let index = 0; index < 5; index++) await client.publish("t", large);
      return client;
    };
  await (await connect("disconnects")).disconnect();
  await (await connect("is cut")).cut();
  await (await connect("is wrong")).send("F7 00");
  await connect("is taken over");
  await harness.connect("is taken over");
  await connect("is disconnected");
  for (const client of [...harness.broker.clients.list()]) client.disconnect();
  await (await harness.open()).send("30 00");
  await harness.settle();
  assertEquals(counted.bytes, 0);
});

Deno.test("clientNetWriteBufferSize: so much is written before the turn ends", async () => {
  for (const [clientNetWriteBufferSize, writes] of [[1_024, 2], [65_536, 1]]) {
    const transport = observed();
    await using harness = await Harness.start({ transport, clientNetWriteBufferSize });
    const client = await harness.connect("a");
    await client.subscribe("t");
    for (let index = 0; index < 20; index++) await client.publish("u", new Uint8Array(10_000)); // so that reads are large
    transport.writes.length = 0;
    const packet = "30 04 00 01 't' 00";
    await client.send(...Array.from({ length: 500 }, () => packet));
    await harness.settle();
    assertEquals(transport.writes.reduce((sum, bytes) => sum + bytes, 0), 500 * 6 + 2); // and PINGRESP
    assertEquals(transport.writes.filter((bytes) => bytes > 2).length, writes);
  }
});

Deno.test("what a read has brought is written before the next read", async () => {
  const transport = observed();
  await using harness = await Harness.start({ transport });
  const [subscriber, publisher] = [await harness.connect("a"), await harness.connect("b")];
  await subscriber.subscribe("t");
  for (const packets of [1, 3]) {
    transport.calls.length = 0;
    await publisher.send(...Array.from({ length: packets }, () => "30 04 00 01 't' 00"));
    await harness.settle();
    assertEquals(transport.calls.slice(0, 2), ["write", "read"]);
  }
});

Deno.test("what several publishers send in one turn is one write", async () => {
  const transport = observed();
  await using harness = await Harness.start({ transport });
  const subscriber = await harness.connect("s");
  await subscriber.subscribe("t");
  const publishers = await Promise.all(["a", "b", "c"].map((id) => harness.connect(id)));
  await harness.settle();
  transport.writes.length = 0;
  await Promise.all(publishers.map((publisher) => publisher.send("30 04 00 01 't' 00")));
  await harness.settle();
  assertEquals(transport.writes[0], 3 * 6);
});

Deno.test("what an async hook lets pass of several publishers is one write, unless the hook takes its time", async () => {
  const transport = observed(), gates: (() => void)[] = [];
  let isSlow = false;
  const onPublish = async () => {
    if (isSlow) await new Promise<void>((open) => gates.push(open));
    else await Promise.resolve();
  };
  await using harness = await Harness.start({ transport, hooks: [allowAll(), { id: "async", onPublish }] });
  const subscriber = await harness.connect("s");
  await subscriber.subscribe("t");
  const publishers = await Promise.all(["a", "b", "c"].map((id) => harness.connect(id)));
  const sendAll = async () => {
    await harness.settle();
    transport.writes.length = 0;
    await Promise.all(publishers.map((publisher) => publisher.send("30 04 00 01 't' 00", "30 04 00 01 't' 00")));
  };
  await sendAll();
  await harness.settle();
  assertEquals(transport.writes[0], 3 * 2 * 6);
  isSlow = true;
  await sendAll();
  await publishers[0].send("C0 00"); // waits for its messages
  await subscriber.send("C0 00");
  await until(() => gates.length === 3 && transport.writes.length === 1);
  assertEquals(transport.writes, [2]); // PINGRESP
  isSlow = false;
  gates[1]();
  await until(() => transport.writes.length === 2);
  assertEquals(transport.writes, [2, 2 * 6]); // nobody waits for the others
  gates.forEach((open) => open());
});

Deno.test("closeTimeout: a client that reads nothing holds the end up no longer", async () => {
  for (const closeTimeout of [0.5, 2]) {
    const transport = observed(8);
    await using harness = await Harness.start({ transport, closeTimeout });
    const socket = await transport.connect();
    const connect = hex("10 0E 00 04 'MQTT' 05 02 00 00 00 00 01 'a'");
    for (let rest: Uint8Array = connect; rest.length > 0;) rest = rest.subarray(await socket.write(rest));
    await harness.settle();
    assertEquals(harness.broker.info.clientsConnected, 1);
    const begun = harness.clock.now();
    await harness.close();
    const taken = harness.clock.now() - begun;
    assert(taken >= closeTimeout * 500 && taken < closeTimeout * 1_000, `${taken}`);
    socket.close();
  }
});

Deno.test("a socket that takes three bytes at a time gets all of them in order", async () => {
  const transport = observed(undefined, (server, data) => server.write(data.subarray(0, 3)));
  await using harness = await Harness.start({ transport });
  const [subscriber, publisher] = [await harness.connect("a"), await harness.connect("b")];
  await subscriber.subscribe("t");
  for (let index = 0; index < 20; index++) await publisher.publish("t", `message ${index}`);
  for (let index = 0; index < 20; index++) await subscriber.expectMessage("t", `message ${index}`);
  assert(transport.writes.length > 100);
});

Deno.test("a socket that throws instead of writing costs its own client alone", async () => {
  let fails = false;
  const transport = observed(undefined, (server, data) => {
    if (fails) throw new Error("no write");
    return server.write(data);
  });
  await using harness = await Harness.start({ transport });
  const client = await harness.connect("a");
  await client.subscribe("t");
  fails = true;
  await harness.broker.publish("t", "x");
  await harness.settle();
  assertEquals(harness.broker.info.clientsConnected, 0);
  fails = false;
  const other = await harness.connect("b");
  await other.subscribe("t");
  await harness.broker.publish("t", "y");
  await other.expectMessage("t", "y");
});
