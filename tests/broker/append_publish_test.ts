/** What was sent from where it was read stays what it was, whoever gets the message later. */
import { assertEquals } from "@std/assert";
import { appendPublish, type Recipient } from "../../src/broker/outbound/append_publish.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { readPublish } from "../../src/packets/publish.ts";
import { SlabPool } from "../../src/packets/slab.ts";
import { PacketType } from "../../src/packets/types.ts";
import { Writer } from "../../src/packets/writer.ts";
import { Message } from "../../src/session/message.ts";

/** A message at QoS 2, as it was read. */
function received(): Message {
  const packet = encodePacket({
    ...{ type: PacketType.PUBLISH, topic: "t", payload: new Uint8Array(10), qos: 2, packetId: 300 },
    ...{ retain: false, dup: false },
  }, 5)!;
  const slab = new SlabPool().take(packet.length), message = new Message();
  slab.bytes.set(packet);
  readPublish(message, packet[0], slab.bytes, 2, packet.length, 5, { from: "client" });
  return Object.assign(message, { slab, frameStart: 0, version5: true });
}

Deno.test("a packet is written over for the first client only, also when its delivery has ended with bytes on their way", () => {
  const waiting: Uint8Array[] = [], writer = new Writer(), message = received();
  const out = {
    appendFrame: (buffer: Uint8Array, start: number, end: number) => waiting.push(buffer.subarray(start, end)),
    appended: () => {},
    writer,
  };
  const to = { out, version5: true, maximumPacketSize: 1_000, recentTime: 0 } as unknown as Recipient;
  const send = (qos: 1 | 2, packetId: number) => {
    message.beginDelivery();
    appendPublish(to, message, { qos, packetId, retain: false, identifiers: undefined }, false);
    message.endDelivery();
  };
  message.slab!.hold(); // the queue holds it while bytes wait
  send(1, 0x0101);
  send(2, 0x0202);
  const head = (packet: Uint8Array) => [packet[0], packet[5], packet[6]];
  assertEquals([waiting.length, head(waiting[0]), head(writer.buffer)], [1, [0x32, 1, 1], [0x34, 2, 2]]);
});
