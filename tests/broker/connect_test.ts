import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import type { Client } from "../../src/session/client.ts";
import { MemoryListener } from "../../listeners/memory.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";
import { joined } from "../packets/bytes.ts";

const CONNECT = { type: PacketType.CONNECT, protocolVersion: 5, cleanStart: true, keepAlive: 0 } as const;

/** An authenticator that answers when the test says so. */
function patient() {
  const waiting: PromiseWithResolvers<boolean>[] = [];
  const ask = () => {
    const answer = Promise.withResolvers<boolean>();
    waiting.push(answer);
    return answer.promise;
  };
  return { waiting, hook: { id: "patient", onConnectAuthenticate: ask, onAclCheck: () => true } };
}

Deno.test("an answer that comes when the connection has ended already makes no session", async () => {
  const { waiting, hook } = patient();
  let asking: Client | undefined;
  const onConnect: Hook["onConnect"] = (client) => void (asking = client);
  await using harness = await Harness.start({ hooks: [{ ...hook, onConnect }] });
  const client = await harness.open();
  await client.sendConnect({ will: {}, properties: { sessionExpiryInterval: 100 } });
  await harness.settle();
  asking!.disconnect();
  await client.expectClosed();
  waiting[0].resolve(true);
  await harness.settle();
  assertEquals([harness.broker.clients.size, harness.broker.info.clientsConnected], [0, 0]);
});

Deno.test("a client that has gone before the answer is not let in, and a hook can see that it has gone", async () => {
  const { waiting, hook } = patient(), ended: unknown[] = [];
  let asking: Client | undefined;
  const observer: Hook = {
    id: "observer",
    onConnect: (client) => void (asking = client),
    onDisconnect: ({ id }, { error }) => void ended.push([id, error?.message]),
  };
  await using harness = await Harness.start({ hooks: [hook, observer] });
  const live = harness.connect("same");
  await harness.settle();
  waiting[0].resolve(true);
  await live;
  const client = await harness.open();
  await client.sendConnect({ clientId: "same", will: {} });
  await harness.advance(20);
  assertEquals(asking!.connected, true);
  await client.cut();
  await harness.settle();
  assertEquals([asking!.connected, ended], [false, [["same", "the connection was lost"]]]);
  waiting[1].resolve(true);
  await harness.settle();
  assertEquals([harness.broker.clients.size, harness.broker.info.clientsConnected], [1, 1]);
  await (await live).expectNothing();
});

for (const bytes of [1, 255, 256, 257, 5_000]) {
  Deno.test(`what a client sends behind CONNECT waits for the answer, and so does its end: ${bytes} bytes`, async () => {
    const { waiting, hook } = patient(), listener = new MemoryListener({ id: "memory" });
    const transport = { listener, connect: () => listener.connect() };
    await using harness = await Harness.start({ hooks: [hook], transport: transport });
    const opening = harness.connect("watcher");
    await harness.settle();
    waiting[0].resolve(true);
    const watcher = await opening;
    await watcher.subscribe("t");
    const socket = listener.connect(), payload = "x".repeat(bytes);
    await socket.write(encodePacket({ ...CONNECT, clientId: "hasty" }, 5)!);
    await harness.advance(20);
    const message = { topic: "t", payload: new TextEncoder().encode(payload), qos: 0, packetId: 0 } as const;
    await socket.write(encodePacket({ type: PacketType.PUBLISH, retain: false, dup: false, ...message }, 5)!);
    await socket.closeWrite!();
    await harness.settle();
    waiting[1].resolve(true);
    await watcher.expectMessage("t", payload);
  });
}

Deno.test("what has come together with CONNECT is heard when its client has gone before the answer", async () => {
  const { waiting, hook } = patient(), listener = new MemoryListener({ id: "memory" });
  const transport = { listener, connect: () => listener.connect() };
  await using harness = await Harness.start({ hooks: [hook], transport });
  const opening = harness.connect("watcher");
  await harness.settle();
  waiting[0].resolve(true);
  const watcher = await opening;
  await watcher.subscribe("t");
  const socket = listener.connect();
  const message = { topic: "t", payload: new TextEncoder().encode("x"), qos: 0, packetId: 0 } as const;
  const publish = encodePacket({ type: PacketType.PUBLISH, retain: false, dup: false, ...message }, 5)!;
  await socket.write(joined(encodePacket({ ...CONNECT, clientId: "hasty" }, 5)!, publish));
  await socket.closeWrite!();
  await harness.advance(20);
  waiting[1].resolve(true);
  await watcher.expectMessage("t", "x");
});

Deno.test("of connections that come at once with one ClientID the last one that is let in stays", async () => {
  const { waiting, hook } = patient();
  await using harness = await Harness.start({ hooks: [hook] });
  const clients: RawClient[] = [];
  for (let count = 0; count < 3; count++) {
    const client = await harness.open();
    await client.sendConnect({ clientId: "same" });
    await harness.settle();
    clients.push(client);
  }
  for (const index of [1, 2, 0]) {
    waiting[index].resolve(true);
    await clients[index].expect({ type: PacketType.CONNACK, reasonCode: 0 });
  }
  await clients[1].expectDisconnect(0x8e);
  await clients[2].expectDisconnect(0x8e);
  await clients[0].expectNothing();
  assertEquals([harness.broker.clients.size, harness.broker.info.clientsConnected], [1, 1]);
});

Deno.test("an authenticator that never answers is told as a server that is not available", async () => {
  const { hook } = patient();
  await using harness = await Harness.start({ hooks: [hook], hookTimeout: 1_000, errorsExpected: true });
  const client = await harness.open();
  await client.sendConnect();
  await harness.clock.advance(1_125);
  await client.expectRefusal(0x88);
});

Deno.test("onPacketRead sees CONNECT, and what it makes of it counts", async () => {
  const seen: number[] = [];
  const hook: Hook = {
    id: "reader",
    onPacketRead(_client, packet) {
      seen.push(packet.type);
      return packet.type === PacketType.CONNECT ? { ...packet, clientId: "renamed" } : undefined;
    },
  };
  await using harness = await Harness.start({ hooks: [allowAll(), hook] });
  await harness.connect("a");
  assertEquals([...harness.broker.clients.list()].map(({ id }) => id), ["renamed"]);
  assertEquals(seen, [PacketType.CONNECT]);
});
