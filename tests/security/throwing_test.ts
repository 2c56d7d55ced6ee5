import { assert, assertEquals } from "@std/assert";
import type { Listener, ListenerContext, Socket } from "../../src/broker/core/listener.ts";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { hex } from "../packets/bytes.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { expectServed, pause } from "./attackers.ts";

function fail(): never {
  throw new Error("broken");
}

function reject(): Promise<never> {
  return Promise.reject(new Error("broken"));
}

/** A listener whose sockets are made by hand. */
function handmade(): { listener: Listener; accept(socket: Socket): Promise<void> } {
  let context: ListenerContext | undefined;
  const listener: Listener = {
    ...{ id: "handmade", protocol: "test", address: "nowhere" },
    listen: (given) => void (context = given),
    close: () => {},
  };
  return { listener, accept: (socket) => context!.accept(socket) };
}

/** A socket that brings these bytes and then its end. */
function socketOf(bytes: Uint8Array, more: Partial<Socket> = {}): Socket {
  let rest = bytes;
  return {
    remoteAddress: "test",
    read(buffer) {
      const part = rest.subarray(0, buffer.length);
      rest = rest.subarray(part.length);
      buffer.set(part);
      return Promise.resolve(part.length === 0 ? null : part.length);
    },
    write: (data) => Promise.resolve(data.length),
    close: () => {},
    ...more,
  };
}

const SESSION = hex("10 0D 00 04 'MQTT' 04 02 00 00 00 01 's' 82 06 00 01 00 01 't' 00 30 04 00 01 't' 'x' C0 00");

Deno.test("a socket that throws or rejects wherever it can ends alone", async () => {
  await using harness = await Harness.start({ errorsExpected: true });
  const { listener, accept } = handmade();
  await harness.broker.addListener(listener);
  const sockets: Partial<Socket>[] = [
    { read: fail },
    { read: reject },
    { write: fail },
    { write: reject },
    { closeWrite: fail },
    { closeWrite: reject },
    { write: () => Promise.resolve(1) },
    { read: () => Promise.resolve(null) },
  ];
  for (const more of sockets) {
    const ended = accept(socketOf(SESSION, more));
    for (let turn = 0; turn < 20; turn++) await harness.clock.advance(1_000);
    await ended;
  }
  assertEquals(harness.broker.info.clientsConnected, 0);
  await expectServed(harness);
});

Deno.test("a topic as long as a topic can be ends no process when it is told why", async () => {
  const longest = "t".repeat(65_535);
  const denying = { id: "denying", onConnectAuthenticate: () => true, onAclCheck: () => false };
  for (const hooks of [[allowAll()], [denying]]) {
    await using harness = await Harness.start({ hooks });
    const client = await harness.connect("a");
    if (hooks[0] === denying) assertEquals(await client.publish(longest, "x", { qos: 1 }), 0x87);
    await client.sendPublish(longest, new Uint8Array([0xff]), { properties: { payloadFormatIndicator: 1 } });
    const { reasonCode, properties } = await client.expect({ type: PacketType.DISCONNECT });
    assertEquals(reasonCode, 0x99);
    assert(properties!.reasonString!.length <= 1_024);
    const will = { topic: longest.slice(0, 65_000) };
    const dying = await harness.open();
    await dying.sendConnect({ clientId: "dying", will });
    await dying.next();
  }
});

Deno.test("clients are not told what is broken within", async () => {
  const hook = { id: "very-secret-hook", onPublish: () => fail() };
  await using harness = await Harness.start({ hooks: [hook, allowAll()], errorsExpected: true });
  const client = await harness.connect("a");
  await client.sendPublish("t", "x", { qos: 1 });
  const { properties } = await client.expect({ type: PacketType.PUBACK, reasonCode: 0x83 });
  assert(!properties!.reasonString!.includes("secret") && !properties!.reasonString!.includes("broken"));
});

Deno.test("a dispatch of shared subscriptions that fails, or chooses a stranger, ends nothing", async () => {
  for (const dispatch of [fail, () => ({ subscriber: {} }) as never]) {
    await using harness = await Harness.start({ capabilities: { shareDispatch: dispatch }, errorsExpected: true });
    const member = await harness.connect("member"), publisher = await harness.connect("publisher");
    await member.subscribe("$share/g/t");
    assertEquals(await publisher.publish("t", "x", { qos: 1 }), 0);
    await member.expectMessage("t", "x");
    assert(harness.errors.length > 0);
    await expectServed(harness);
  }
});

Deno.test("a logger that throws is the last one to know", async () => {
  const logger = { debug: fail, info: fail, warn: fail, error: fail };
  const broken = { id: "broken", onPublished: fail };
  await using harness = await Harness.start({ logger, hooks: [broken, allowAll()] });
  const client = await harness.connect("a");
  await client.publish("t", "x");
  await client.send("00 00");
  await client.cut();
  await pause(5);
  await expectServed(harness);
});
