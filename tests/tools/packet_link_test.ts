/** The client of the tests notices what no broker may do. */
import { assertEquals, assertRejects } from "@std/assert";
import type { ByteStream } from "../helpers/byte_link.ts";
import { PacketLink } from "../helpers/packet_link.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { hex, toHex } from "../packets/bytes.ts";

const CONNACK = "20 03 00 00 00";

/** A stream that says what it is told, so many bytes a read and a write, and keeps what is written. */
function scripted(text: string, { bytes = Infinity } = {}): ByteStream & { writes: string[]; closed: number } {
  let rest: Uint8Array = hex(text);
  return {
    writes: [],
    closed: 0,
    read(buffer) {
      const length = Math.min(bytes, buffer.length, rest.length);
      buffer.set(rest.subarray(0, length));
      rest = rest.subarray(length);
      return Promise.resolve(length === 0 ? null : length);
    },
    write(data) {
      const length = Math.min(bytes, data.length);
      this.writes.push(toHex(data.subarray(0, length)));
      return Promise.resolve(length);
    },
    close() {
      this.closed++;
    },
  };
}

Deno.test("packets are taken however they are cut, until the stream ends", async () => {
  for (const bytes of [1, 2, 3, 7, Infinity]) {
    const taken: string[] = [], stream = scripted(`${CONNACK} D0 00 30 05 00 01 't' 00 'x'`, { bytes });
    const link = new PacketLink(stream, { version: 5, take: (packet) => taken.push(toHex(packet.bytes)) });
    assertEquals([await link.ended, link.open, stream.closed], [undefined, false, 1]);
    assertEquals(taken, [CONNACK, "D0 00", "30 05 00 01 74 00 78"]);
  }
});

Deno.test("what a broker may not do ends the connection and is told", async () => {
  const wrong = {
    "D0 00": "CONNACK is the first packet",
    [`${CONNACK} ${CONNACK}`]: "there is one CONNACK",
    [`${CONNACK} 40 03 00 01 55`]: "no reason code 0x55",
    [`${CONNACK} 30 80 80 80 80 01`]: "at most four bytes",
    [`${CONNACK} 30 05 00 01 't' 00`]: "the stream ends within a packet",
    [`${CONNACK} C0 00`]: "no packet type 12",
  };
  for (const [text, told] of Object.entries(wrong)) {
    const client = new RawClient(scripted(text), { version: 5 });
    await assertRejects(
      async () => {
        for (;;) await client.next();
      },
      Error,
      told,
    );
  }
});

Deno.test("a broker that may be killed may end within a packet", async () => {
  const link = new PacketLink(scripted("20 03 00"), { version: 5, take: () => {}, mayBeCut: true });
  assertEquals(await link.ended, undefined);
});

Deno.test("all is written, piece by piece, what has waited for a write together", async () => {
  const stream = scripted("", { bytes: 3 });
  stream.read = () => new Promise(() => {});
  const link = new PacketLink(stream, { version: 5, take: () => {} });
  await Promise.all([link.send("C0 00"), link.send("C0 00", "E0 00")]);
  assertEquals(stream.writes, ["C0 00", "C0 00 E0", "00"]);
  link.close();
  await link.send("C0 00");
  assertEquals([stream.writes.length, stream.closed], [3, 1], "nothing leaves behind the end");
});
