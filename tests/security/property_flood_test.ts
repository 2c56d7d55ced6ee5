import { assertEquals } from "@std/assert";
import type { Will } from "../../src/packets/types.ts";
import { framed, hex } from "../packets/bytes.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { expectMemory, expectServed, rawSocket, repeated, writeAll } from "./attackers.ts";

/** A Property Length and that many user properties with empty names and values. */
function userProperties(count: number): Uint8Array {
  const content = repeated(hex("26 00 00 00 00"), count * 5);
  return framed(0, content).subarray(1); // the length is written as a Remaining Length is
}

function joined(...parts: (string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...typeof part === "string" ? hex(part) : part]));
}

Deno.test("60,000 user properties in any packet end one connection and cost nothing", async () => {
  await using harness = await Harness.start();
  const flood = userProperties(60_000);
  const packets: Record<string, Uint8Array> = {
    PUBLISH: framed(0x30, joined("00 01 't'", flood)),
    PUBACK: framed(0x40, joined("00 01 00", flood)),
    SUBSCRIBE: framed(0x82, joined("00 01", flood, "00 01 't' 00")),
    UNSUBSCRIBE: framed(0xa2, joined("00 01", flood, "00 01 't'")),
    DISCONNECT: framed(0xe0, joined("00", flood)),
  };
  await expectMemory(60_000_000, async () => {
    for (const [name, packet] of Object.entries(packets)) {
      const client = await harness.connect(name);
      await client.send(packet);
      await client.expectDisconnect(0x97);
    }
  });
  await expectServed(harness);
});

Deno.test("user properties of CONNECT and of its will are limited", async () => {
  await using harness = await Harness.start();
  const many = Array.from({ length: 257 }, () => ["", ""] as const);
  for (const where of ["connect", "will"]) {
    const client = await harness.open();
    const will: Partial<Will> = { topic: "w", properties: { userProperties: many } };
    await client.sendConnect(where === "will" ? { will } : { properties: { userProperties: many } });
    await client.expectRefusal(0x97);
  }
  const socket = rawSocket(harness);
  await writeAll(socket, framed(0x10, joined("00 04 'MQTT' 05 02 00 00", userProperties(60_000), "00 01 'a'")));
  assertEquals(await socket.read(new Uint8Array(1)), null, "larger than a CONNECT may be");
  socket.close();
  await expectServed(harness);
});

Deno.test("what a queue holds is counted with its properties", async () => {
  await using harness = await Harness.start({
    capabilities: { maximumQueuedBytes: 1_000_000, maximumPacketSize: 200_000 },
  });
  const away = await harness.connect({ clientId: "away", properties: { sessionExpiryInterval: 100 } });
  await away.subscribe("t", { qos: 1 });
  await away.disconnect();
  const attacker = await harness.connect("attacker");
  const properties = { userProperties: [["x".repeat(60_000), "y".repeat(60_000)]] as [string, string][] };
  for (let index = 0; index < 50; index++) await attacker.publish("t", "", { qos: 1, properties });
  assertEquals(harness.broker.info.inflight, 8);
  assertEquals(harness.broker.info.messagesDropped, 42);
});

Deno.test("a property that may stand once, or not there, is an error", async () => {
  await using harness = await Harness.start();
  for (
    const properties of [
      "02 00 00 00 01 02 00 00 00 01",
      "01 00 01 00",
      "11 00 00 00 01",
      "21 00 05",
      "7F",
      "23 00 01 23 00 01",
    ]
  ) {
    const client = await harness.connect("a"), bytes = hex(properties);
    await client.send(framed(0x30, joined("00 01 't'", Uint8Array.of(bytes.length), bytes)));
    const { reasonCode } = await client.expect({ type: PacketType.DISCONNECT });
    assertEquals([0x81, 0x82].includes(reasonCode!), true);
  }
});
