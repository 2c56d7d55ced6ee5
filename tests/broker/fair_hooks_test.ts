/** Async hooks that wait for nothing answer in microtasks, while which no timer and no other socket has its turn. */
import { assert } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

const PUBLISHERS = 20, MESSAGES = 20_000;

Deno.test("long batches that an async hook looks at leave timers their turn", async () => {
  let handled = 0, before = 0, most = 0;
  const hook = { id: "async", onPublish: () => Promise.resolve(void handled++) };
  await using harness = await Harness.start({ hooks: [allowAll(), hook], realTime: true });
  const packet = encodePacket({
    ...{ type: PacketType.PUBLISH, topic: "t", payload: new Uint8Array(1), qos: 0, packetId: 0 },
    ...{ retain: false, dup: false },
  }, 5)!;
  const batch = new Uint8Array(packet.length * MESSAGES);
  for (let index = 0; index < MESSAGES; index++) batch.set(packet, index * packet.length);
  const publishers = await Promise.all(Array.from({ length: PUBLISHERS }, (_, index) => harness.connect(`p${index}`)));
  const send = () => Promise.all(publishers.map((publisher) => publisher.send(batch).then(() => publisher.barrier())));
  await send(); // from here on reads are large
  before = handled;
  const timer = setInterval(() => {
    most = Math.max(most, handled - before);
    before = handled;
  }, 1);
  await send();
  clearInterval(timer);
  assert(most > 0 && most < PUBLISHERS * MESSAGES / 16, `${most} messages between two timers`);
});
