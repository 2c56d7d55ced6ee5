/** Packets that begin after CONNECT and do not end. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const SECOND = 1_000;

function publishOf(length: number): Uint8Array {
  const publish = {
    type: PacketType.PUBLISH,
    topic: "a",
    payload: new Uint8Array(length),
    qos: 1,
    packetId: 1,
  } as const;
  return encodePacket({ ...publish, dup: false, retain: false }, 5, { from: "client" })!;
}

/** Sends some bytes after each pause, as long as there are any and the client is connected. @returns seconds until then */
async function drip(harness: Harness, client: RawClient, how: { bytes: Uint8Array; each: number; pause: number }) {
  const { bytes, each, pause } = how;
  let seconds = 0;
  for (let sent = 0; sent < bytes.length && client.live; sent += each, seconds += pause) {
    await client.send(bytes.subarray(sent, sent + each));
    await harness.clock.advance(pause * SECOND);
  }
  return seconds;
}

for (const [what, drops] of [["nothing more comes", 0], ["one byte a second comes", 59]] as const) {
  Deno.test(`a packet is begun and ${what}: its connection ends after 60 to 75 s, others stay`, async () => {
    await using harness = await Harness.start();
    const other = await harness.connect("other"), client = await harness.connect("client");
    const bytes = publishOf(100_000);
    await client.send(bytes.subarray(0, 500));
    await drip(harness, client, { bytes: bytes.subarray(500, 500 + drops), each: 1, pause: 1 });
    await harness.clock.advance((59 - drops) * SECOND);
    assertEquals(client.live, true);
    await harness.clock.advance(17 * SECOND);
    await client.expectDisconnect(0x83);
    await other.barrier();
  });
}

Deno.test("a packet may take as long as it likes, at 1,024 bytes in less than a minute", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("client");
  const seconds = await drip(harness, client, { bytes: publishOf(20_000), each: 1_024, pause: 44 });
  assertEquals(seconds, 20 * 44);
  await client.expect({ type: PacketType.PUBACK, packetId: 1 });
});

Deno.test("packets that follow each other are none that does not go on, however they are cut", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("client");
  const ping = Uint8Array.of(0xc0, 0, 0xc0);
  await client.send(ping);
  for (let count = 0; count < 20; count++) {
    await harness.clock.advance(30 * SECOND);
    await client.send(Uint8Array.of(0, 0xc0)); // the end of one, the beginning of the next
  }
  assertEquals(client.live, true);
});

Deno.test("time in which the broker does not read is not the client's", async () => {
  const slow = Promise.withResolvers<void>();
  const hook = { id: "slow", onPublish: () => slow.promise };
  await using harness = await Harness.start({ hooks: [allowAll(), hook], hookTimeout: 3_600_000 });
  const client = await harness.connect("client"), bytes = publishOf(10);
  await client.send(bytes.subarray(0, 5));
  await harness.clock.advance(SECOND);
  await client.send(bytes.subarray(5), bytes.subarray(0, 5));
  await harness.clock.advance(600 * SECOND);
  slow.resolve();
  await client.expect({ type: PacketType.PUBACK, packetId: 1 });
  await client.send(bytes.subarray(5));
  await client.expect({ type: PacketType.PUBACK, packetId: 1 });
});
