import { assertEquals } from "@std/assert";
import { Framer } from "../../src/packets/framer.ts";
import { SlabPool } from "../../src/packets/slab.ts";
import { Message } from "../../src/session/message.ts";
import { RetainedMessage } from "../../src/session/retained_message.ts";
import { RetainedRooms } from "../../src/session/retained_rooms.ts";

const PACKET = Uint8Array.of(0x31, 4, 0, 1, 0x74, 0x78);

/** A message that was read from what a framer has found. */
function messageOf({ header, buffer, frameStart, start, end, slab }: Framer): Message {
  const message = new Message();
  message.frameStart = frameStart;
  message.payloadStart = start + 3;
  message.frameEnd = end;
  message.buffer = buffer;
  message.slab = slab;
  message.retain = (header & 1) !== 0;
  return message;
}

Deno.test("a retained packet in a read buffer is made one to forward, and stays a retained message", () => {
  const framer = new Framer({ pool: new SlabPool() });
  framer.space().set(PACKET);
  framer.commit(PACKET.length);
  framer.next();
  const message = messageOf(framer);
  message.clearRetainInPacket();
  assertEquals([message.buffer[message.frameStart], message.retain], [0x30, true]);
  const kept = new RetainedMessage("t", new RetainedRooms());
  kept.replace(message);
  assertEquals(kept.open().retain, true);
});

Deno.test("memory that others have brought, and that of the message itself, is not written", () => {
  const framer = new Framer({ pool: new SlabPool() }), chunk = PACKET.slice();
  framer.push(chunk);
  framer.next();
  messageOf(framer).clearRetainInPacket();
  assertEquals(chunk, PACKET);
  const payload = chunk.slice(), made = new Message({ topic: "t", payload, retain: true, receivedAt: 0 });
  made.clearRetainInPacket();
  assertEquals(payload, PACKET);
});
