import { assert, assertEquals } from "@std/assert";
import { type ConnectOptions, Harness, PacketType } from "../../helpers/harness.ts";
import { login } from "./hooks.ts";
import { connectBytes, expectDisconnects, packet } from "./reactions.ts";

const MORTAL: ConnectOptions = { will: {} };

Deno.test("[v5 MQTT-3.14.0-1] there is no DISCONNECT before CONNACK", async () => {
  await using harness = await Harness.start({ hooks: [login()], connectTimeout: 5 });
  const openings = [
    "C1 00",
    "10 00",
    "10 FF FF FF 7F",
    connectBytes({ flags: "03" }),
    connectBytes({ flags: "82", payload: "00 01 'a' 00 00" }),
  ];
  for (const bytes of openings) {
    const client = await harness.open();
    await client.send(bytes);
    await harness.clock.advance(5_000);
    for (const { type, reasonCode } of client.received) assert(type === PacketType.CONNACK && reasonCode! >= 0x80);
    if (client.received.length > 0) await client.next();
    await client.expectClosed();
  }
});

Deno.test("[v5 MQTT-3.14.1-1] DISCONNECT has no flags, and one that has is none", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will");
  for (const bytes of ["E1 00", "E2 01 00", "E8 00"]) {
    await expectDisconnects(harness, 0x81, [bytes], MORTAL);
    await watcher.expectMessage("will", "gone");
  }
});

Deno.test("[v5 MQTT-3.14.2-1] [v5 NOTE-22] [v5 NOTE-23] DISCONNECT has a code that a client may send", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will");
  for (
    const code of ["03", "01", "10", "84", "87", "89", "8B", "8D", "8E", "8F", "92", "9A", "9C", "9E", "A0", "A2", "FF"]
  ) {
    await expectDisconnects(harness, 0x82, [`E0 01 ${code}`], MORTAL);
    await watcher.expectMessage("will", "gone");
  }
  for (const code of ["80", "81", "82", "83", "90", "93", "94", "95", "96", "97", "98", "99", "9B"]) {
    const client = await harness.connect(MORTAL);
    await client.send(`E0 01 ${code}`);
    await client.expectClosed();
    await watcher.expectMessage("will", "gone");
  }
});

Deno.test("[v5 MQTT-3.14.2-1] a code that DISCONNECT does not know is told as another one", async () => {
  await using harness = await Harness.start();
  for (
    const [asked, told] of [[0x98, 0x98], [0x9c, 0x9c], [0xa0, 0xa0], [0x84, 0x80], [0x86, 0x80], [0x91, 0x80], [
      0xff,
      0x80,
    ]]
  ) {
    const client = await harness.connect();
    harness.broker.clients.disconnect("a", { reasonCode: asked });
    await client.expectDisconnect(told);
  }
});

Deno.test("[v5 MQTT-3.14.2-2] [v5 NOTE-20] which properties DISCONNECT has", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    packet(0xe0, "00 03 23 00 01"),
    packet(0xe0, "00 05 02 00 00 00 01"),
    packet(0xe0, "00 04 15 00 01 'm'"),
    packet(0xe0, "00 02 01"),
  ]);
  await expectDisconnects(harness, 0x82, [
    packet(0xe0, "00 04 1C 00 01 's'"),
    packet(0xe0, "00 08 1F 00 01 'r' 1F 00 01 'r'"),
  ]);
  const client = await harness.connect();
  harness.broker.clients.disconnect("a", { reasonCode: 0x9d, reasonString: "moved", serverReference: "other" });
  const { properties } = await client.expectDisconnect(0x9d); // the inbox complains of a Session Expiry Interval
  assertEquals(properties, { reasonString: "moved", serverReference: "other" });
  const polite = await harness.connect({ properties: { sessionExpiryInterval: 1 } });
  await polite.send(packet(0xe0, "00 10 11 00 00 00 05 1F 00 01 'r' 26 00 01 'n' 00 01 'v'"));
  await polite.expectClosed();
});

Deno.test("[v5 MQTT-3.14.4-1] nothing follows DISCONNECT, from either side", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher"), client = await harness.connect();
  await watcher.subscribe("#");
  await client.send("E0 00", "C0 00", "30 05 00 01 't' 00 'x'");
  await client.expectClosed();
  await watcher.expectNothing();
  const other = await harness.connect();
  await other.subscribe("#", { qos: 1 });
  for (let count = 0; count < 10; count++) harness.broker.publish("t", "x", { qos: 1 });
  harness.broker.clients.disconnect("a");
  for (let count = 0; count < 10; count++) harness.broker.publish("t", "x", { qos: 1 });
  await harness.settle();
  assertEquals(other.received.at(-1)!.type, PacketType.DISCONNECT);
});

Deno.test("[v5 MQTT-3.14.4-2] [v5 MQTT-4.13.2-1] who sends DISCONNECT closes, and the other side too", async () => {
  await using harness = await Harness.start({ realTime: true });
  const begun = performance.now();
  for (const bytes of ["C1 00", "30 04 00 00 00 'x'", "E0 01 03"]) {
    const client = await harness.connect();
    await client.send(bytes);
    const { reasonCode } = await client.expect({ type: PacketType.DISCONNECT });
    assert(reasonCode! >= 0x80);
    await client.expectClosed();
  }
  await (await harness.connect()).disconnect();
  assert(performance.now() - begun < 1_000);
});

Deno.test("[v5 MQTT-3.14.4-2] the broker may leave it to the client to close, but not for ever", async () => {
  await using harness = await Harness.start({ compatibilities: { passiveClientDisconnect: true } });
  const client = await harness.connect();
  harness.broker.clients.disconnect("a");
  await client.expect({ type: PacketType.DISCONNECT, reasonCode: 0x98 });
  await harness.clock.advance(4_999);
  await client.send("C0 00");
  await harness.clock.advance(1);
  await client.expectClosed();
});

Deno.test("[v5 MQTT-4.13.1-1] an error of the protocol is told and ends the connection", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["C1 00", "00 00", "30 01 00"]);
  await expectDisconnects(harness, 0x82, [connectBytes(), "D0 00", "82 03 00 01 00"]);
  await expectDisconnects(harness, 0x90, [packet(0x30, "00 01 '#' 00")]);
  await expectDisconnects(harness, 0x94, [packet(0x30, "00 01 't' 03 23 00 00")]);
});

Deno.test("[v5 NOTE-2] every error behind CONNACK is told, and ends with the end of the stream", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["FF 00", "00 00", "3F 00"]);
  assertEquals(harness.broker.info.clientsConnected, 0);
});

Deno.test("[v5 NOTE-55] of several errors one is told", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("80 03 00 00 00"); // flags, identifier, and no filter
  const { reasonCode } = await client.expect({ type: PacketType.DISCONNECT });
  assert([0x81, 0x82].includes(reasonCode!));
  await client.expectClosed();
});
