import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { hex } from "../packets/bytes.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { expectServed, rawSocket, writeAll } from "./attackers.ts";

/** One packet of each type, 0 to 15, with the shortest body that is well-formed in MQTT 5. */
const PACKETS: readonly [name: string, bytes: string][] = [
  ["reserved 0", "00 00"],
  ["CONNECT", "10 0E 00 04 'MQTT' 05 02 00 00 00 00 01 'z'"],
  ["CONNACK", "20 03 00 00 00"],
  ["PUBLISH", "30 04 00 01 't' 00"],
  ["PUBACK", "40 02 00 01"],
  ["PUBREC", "50 02 00 01"],
  ["PUBREL", "62 02 00 01"],
  ["PUBCOMP", "70 02 00 01"],
  ["SUBSCRIBE", "82 07 00 01 00 00 01 't' 00"],
  ["SUBACK", "90 04 00 01 00 00"],
  ["UNSUBSCRIBE", "A2 06 00 01 00 00 01 't'"],
  ["UNSUBACK", "B0 04 00 01 00 00"],
  ["PINGREQ", "C0 00"],
  ["PINGRESP", "D0 00"],
  ["DISCONNECT", "E0 00"],
  ["AUTH", "F0 00"],
];

/** Those that are fine once a client is connected. */
const CONNECTED = new Set(["PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "UNSUBSCRIBE", "PINGREQ"]);

Deno.test("before CONNECT nothing counts but CONNECT", async () => {
  await using harness = await Harness.start();
  for (const [name, packet] of PACKETS) {
    const socket = rawSocket(harness), answer = new Uint8Array(200);
    await writeAll(socket, hex(packet));
    const length = await socket.read(answer);
    assertEquals(name === "CONNECT" ? answer[0] : length, name === "CONNECT" ? 0x20 : null, name);
    socket.close();
  }
  await harness.settle();
  assertEquals([harness.broker.clients.size, [...harness.broker.topics.subscriptions()].length], [0, 0]);
  await expectServed(harness);
});

Deno.test("while authentication goes on AUTH and DISCONNECT count", async () => {
  const properties = { authenticationMethod: "M" };
  const hook: Hook = {
    id: "endless",
    onAuthPacket: () => ({ type: PacketType.AUTH, reasonCode: 0x18, properties }),
    onConnectAuthenticate: () => true,
    onAclCheck: () => true,
  };
  await using harness = await Harness.start({ hooks: [hook] });
  for (const [name, packet] of PACKETS) {
    const client = await harness.open();
    await client.sendConnect({ properties });
    await client.expect({ type: PacketType.AUTH, reasonCode: 0x18 });
    await client.send(name === "AUTH" ? { type: PacketType.AUTH, reasonCode: 0x18, properties } : packet);
    if (name === "AUTH") await client.expect({ type: PacketType.AUTH });
    else if (name === "DISCONNECT") await client.expectClosed();
    else {
      const { type, reasonCode } = await client.next();
      assertEquals([type, [0x81, 0x82].includes(reasonCode!)], [PacketType.CONNACK, true], name);
      await client.expectClosed();
    }
    await client.cut();
  }
  assertEquals([harness.broker.clients.size, [...harness.broker.topics.subscriptions()].length], [0, 0]);
});

Deno.test("behind CONNACK no second CONNECT, nothing of a server, and no AUTH without a method", async () => {
  await using harness = await Harness.start();
  for (const [name, packet] of PACKETS) {
    const client = await harness.connect("a");
    await client.send(packet);
    if (name === "DISCONNECT") await client.expectClosed();
    else if (CONNECTED.has(name)) {
      await client.barrier();
      assertEquals(client.live, true, name);
    } else {
      const { reasonCode } = await client.expect({ type: PacketType.DISCONNECT });
      assertEquals([0x81, 0x82].includes(reasonCode!), true, name);
      await client.expectClosed();
    }
    await client.cut();
  }
  await expectServed(harness);
});

Deno.test("nothing that follows the end is handled", async () => {
  await using harness = await Harness.start();
  let heard = 0;
  harness.broker.subscribe("t", () => void heard++);
  for (const end of ["E0 00", "00 00", "D0 00", "10 00"]) {
    const client = await harness.connect("a");
    await client.send(end, "30 04 00 01 't' 00", "30 04 00 01 't' 00");
    await client.cut();
  }
  assertEquals(heard, 0);
});
