import { assert, assertEquals } from "@std/assert";
import { parseArguments } from "../../../src/cli/args.ts";
import { loadSettings } from "../../../src/cli/load_settings.ts";
import { hex } from "../../packets/bytes.ts";
import { Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { RawWebSocket } from "../../helpers/raw_websocket.ts";
import { overMemory, overTcp, overWebSocket, type Transport } from "../../helpers/transports.ts";
import { connectBytes, packet } from "./reactions.ts";

const transports: Record<string, () => Transport> = {
  "memory": overMemory,
  "TCP": overTcp,
  "WebSocket": overWebSocket,
  "WebSocket, one byte a frame": () => overWebSocket(1),
};

/** What one client does, from CONNECT to DISCONNECT, at all QoS. */
const STORY = [
  connectBytes({ flags: "06", payload: "00 01 'a' 00 00 04 'will' 00 04 'gone'" }),
  packet(0x82, "00 01 00 00 02 't/' 02"),
  packet(0x30, "00 02 't/' 00 'zero'"),
  packet(0x32, "00 02 't/' 00 02 00 'one'"),
  packet(0x34, `00 02 't/' 00 03 00 '${"long".repeat(100)}'`),
  hex("62 02 00 03"),
  packet(0xa2, "00 04 00 00 02 't/'"),
  hex("C0 00"),
  hex("E0 00"),
];

async function expectStory(client: RawClient): Promise<void> {
  await client.expect("20 .. 00 00 *");
  await client.expect("90 04 00 01 00 02");
  await client.expectMessage("t/", "zero", { qos: 0 });
  await client.expectMessage("t/", "one", { qos: 1 });
  await client.expect("40 02 00 02");
  await client.expectMessage("t/", "long".repeat(100), { qos: 2 });
  await client.expect("50 02 00 03");
  await client.expect("70 02 00 03");
  await client.expect("B0 04 00 04 00 00");
  await client.expect("D0 00");
  await client.expectClosed();
}

for (const [name, transport] of Object.entries(transports)) {
  Deno.test(`[v5 MQTT-4.2.0-1] ${name} carries the bytes in their order, split and joined anywhere`, async () => {
    await using harness = await Harness.start({ transport: transport() });
    const joined = await harness.open();
    await joined.send(...STORY);
    await expectStory(joined);
    for (const size of [1, 2, 3, 7, 100]) {
      const client = await harness.open();
      const whole = new Uint8Array(STORY.flatMap((bytes) => [...bytes]));
      for (let at = 0; at < whole.length; at += size) await client.send(whole.subarray(at, at + size));
      await expectStory(client);
    }
  });

  Deno.test(`[v5 MQTT-4.2.0-1] ${name} tells of errors, takeover and loss as any other transport`, async () => {
    await using harness = await Harness.start({ transport: transport() });
    const watcher = await harness.connect("watcher");
    await watcher.subscribe("will");
    const malformed = await harness.connect({ will: {} });
    await malformed.send("C1 00");
    await malformed.expectDisconnect(0x81);
    await watcher.expectMessage("will", "gone");
    const old = await harness.connect({ will: {} });
    const client = await harness.connect({ will: {} });
    await old.expectDisconnect(0x8e);
    await watcher.expectMessage("will", "gone");
    await client.cut();
    await watcher.expectMessage("will", "gone");
    const refused = await harness.open();
    await refused.send(connectBytes({ flags: "03" }));
    await refused.expectRefusal(0x81);
    const silent = await harness.open();
    await silent.send("C0 00");
    await silent.expectClosed();
  });

  Deno.test(`[v5 MQTT-4.2.0-1] ${name} carries large messages both ways`, async () => {
    await using harness = await Harness.start({ transport: transport() });
    const client = await harness.connect();
    await client.subscribe("t", { qos: 1 });
    const payload = "0123456789abcdef".repeat(name.includes("byte") ? 500 : 50_000);
    await client.sendPublish("t", payload, { qos: 1, packetId: 1 });
    await client.expectMessage("t", payload);
    await client.expect({ type: PacketType.PUBACK, packetId: 1 });
  });
}

/** A broker with a WebSocket, and the address of that. */
async function webSocket(): Promise<{ harness: Harness; address: string } & AsyncDisposable> {
  const transport = overWebSocket();
  const harness = await Harness.start({ transport });
  return { harness, address: transport.listener.address, [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose]() };
}

Deno.test("[v5 MQTT-6.0.0-1] a text frame ends the connection, and the broker sends binary frames", async () => {
  await using scene = await webSocket();
  const watcher = await scene.harness.connect("watcher");
  await watcher.subscribe("will");
  using early = await RawWebSocket.open(scene.address);
  await early.send(connectBytes(), { opcode: 1 });
  assertEquals(await early.closeCode(), 1003);
  using late = await RawWebSocket.open(scene.address);
  await late.send(connectBytes({ flags: "06", payload: "00 01 'a' 00 00 04 'will' 00 04 'gone'" }));
  const connack = await late.receive();
  assertEquals([connack!.opcode, connack!.payload[0]], [2, 0x20]);
  await late.send(hex("C0 00"));
  const pong = await late.receive();
  assertEquals([pong!.opcode, pong!.payload.toHex()], [2, "d000"]);
  await late.send(hex("30 03 00 01 't'"), { opcode: 1 }); // the runtime ends text that is no UTF-8 without a status
  assertEquals(await late.closeCode(), 1003);
  await watcher.expectMessage("will", "gone");
});

Deno.test("[v5 MQTT-6.0.0-2] packets and frames have nothing to do with each other", async () => {
  await using scene = await webSocket();
  using client = await RawWebSocket.open(scene.address);
  const connect = connectBytes();
  await client.send(connect.subarray(0, 1));
  await client.send(connect.subarray(1, 9));
  await client.send(new Uint8Array(0));
  await client.send(connect.subarray(9));
  const both = new Uint8Array([...packet(0x82, "00 01 00 00 01 't' 00"), ...hex("C0 00 C0")]);
  await client.send(both);
  await client.send(hex("00"), { final: false });
  await client.send(hex("C0 00"), { opcode: 0 }); // one message of two fragments
  const bytes: number[] = [];
  const wanted = "90040001000" + "0" + "d000".repeat(3);
  while (!new Uint8Array(bytes).toHex().endsWith(wanted)) {
    const frame = await client.receive();
    assert(frame !== null && frame.opcode === 2);
    bytes.push(...frame.payload);
  }
  assertEquals(bytes[0], 0x20);
});

Deno.test("[v5 MQTT-6.0.0-3] a client that does not offer the subprotocol is refused", async () => {
  await using scene = await webSocket();
  for (const protocols of [[], ["amqp"], ["MQTT"], ["mqtt5"]]) {
    assertEquals((await RawWebSocket.request(scene.address, { protocols })).status, 400);
  }
});

Deno.test("[v5 MQTT-6.0.0-4] the broker chooses the subprotocol mqtt", async () => {
  await using scene = await webSocket();
  for (const protocols of [["mqtt"], ["amqp", "mqtt"], ["mqttv3.1", "mqtt"], ["mqtt", "wamp"]]) {
    using client = await RawWebSocket.open(scene.address, { protocols });
    assertEquals([client.response.status, client.protocol], [101, "mqtt"]);
  }
});

Deno.test("[v5 NOTE-62] the port is a matter of configuration; without any it is the registered one", async () => {
  const addresses = async (...args: string[]) =>
    (await loadSettings(parseArguments(args))).listeners.map(({ type, address }) => `${type} ${address}`);
  assertEquals((await addresses())[0], "tcp 127.0.0.1:1883");
  assertEquals(await addresses("--tcp", "127.0.0.1:2883"), ["tcp 127.0.0.1:2883"]);
});
