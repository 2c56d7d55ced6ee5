/** Clients whose messages take long, all at the same time: others do not wait for all of them. */
import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

const PUBLISHERS = 20, COST = 5;

for (const qos of [0, 1] as const) {
  Deno.test(`a client that pings does not wait for all whose messages take ${COST} ms, QoS ${qos}`, () => play(qos));
}

function messageOf(qos: 0 | 1): Uint8Array {
  return encodePacket({
    ...{ type: PacketType.PUBLISH, topic: "t", payload: new Uint8Array(1), qos, packetId: qos },
    ...{ retain: false, dup: false },
  }, 5)!;
}

/** Each message takes so long. */
function slowHook(milliseconds: number, handled: () => void = () => {}): Hook {
  return {
    id: "slow",
    onPublish: () => {
      for (const until = performance.now() + milliseconds; performance.now() < until;);
      handled();
    },
  };
}

async function play(qos: 0 | 1): Promise<void> {
  let handled = 0;
  const message = messageOf(qos), slow = slowHook(COST, () => handled++);
  await using harness = await Harness.start({ hooks: [allowAll(), slow], realTime: true });
  const publishers = await Promise.all(Array.from({ length: PUBLISHERS }, (_, at) => harness.connect(`p${at}`)));
  const pinging = await harness.connect("pinging");
  const before: number[] = [];
  for (let wave = 0; wave < 4; wave++) {
    handled = 0;
    await Promise.all(publishers.map((publisher) => publisher.send(message)));
    await pinging.barrier();
    before.push(handled);
    for (const publisher of publishers) await publisher.barrier();
    assertEquals(handled, PUBLISHERS, "none is forgotten");
  }
  // at first nobody knows what they cost
  assert(before.slice(1).every((count) => count <= PUBLISHERS / 2), before.join());
}

Deno.test("what comes from a client that has just taken 6 ms waits for a round, in a turn that has only begun too", async () => {
  await using harness = await Harness.start({ hooks: [allowAll(), slowHook(0.2)], realTime: true });
  const costly = await harness.connect("costly"), pinging = await harness.connect("pinging");
  let answered = 0;
  const ask = () => costly.barrier().then(() => answered++);
  await Promise.all([ask(), pinging.barrier()]);
  assertEquals(answered, 1); // who has cost nothing is answered at once
  const work = new Uint8Array(Array.from({ length: 64 }, () => [...messageOf(0)]).flat());
  await costly.send(work);
  for (const atOnce of [1, 3]) { // the first is behind all that work; what it costs itself counts for the second
    const answer = ask();
    await pinging.barrier();
    assertEquals(answered, atOnce);
    await answer;
  }
});
