/** One read with many packets does not keep everybody else waiting. */
import { assert } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

const COUNT = 512;

/** Takes a while without letting anybody else run. */
function work(milliseconds = 0.1): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Hooks that look at each message, and answer without waiting for anything. */
const looks: Record<string, (look: () => void) => Partial<Hook>> = {
  "sync onPublish": (look) => ({ onPublish: look }),
  "async onPublish": (look) => ({ onPublish: () => Promise.resolve(look()) }),
  "async onAclCheck": (look) => ({ onAclCheck: () => Promise.resolve(look()).then(() => true) }),
  "async onSelectSubscribers": (look) => ({ onSelectSubscribers: () => Promise.resolve(look()) }),
  "async onPacketRead": (look) => ({ onPacketRead: () => Promise.resolve(look()) }),
};

for (const [name, hookOf] of Object.entries(looks)) {
  Deno.test(`timers have their turn while one read of ${COUNT} packets is handled: ${name}`, async () => {
    let looked = 0, atTimer = 0, isCounting = false;
    const hook = hookOf(() => {
      if (!isCounting) return;
      if (++looked === 1) setTimeout(() => atTimer = looked);
      work();
    });
    await using harness = await Harness.start({ hooks: [{ id: "look", ...hook }, allowAll()], realTime: true });
    const publisher = await harness.connect("p");
    for (let time = 0; time < 4; time++) await publisher.publish("t", new Uint8Array(100_000)); // reads become large
    isCounting = true;
    await publisher.send(...new Array(COUNT).fill("30 04 00 01 't' 00"));
    await publisher.barrier();
    assert(looked >= COUNT && atTimer > 0 && atTimer < COUNT, `the timer fired after ${atTimer} of ${looked} packets`);
  });
}

/** Packets with many filters, of which a few take as long as hundreds of others. */
const FILTERS = Array.from({ length: 200 }, () => "t"), FEW = 20;
const { SUBSCRIBE, UNSUBSCRIBE } = PacketType;
const heavy: Record<"onSubscribe" | "onUnsubscribe", (packetId: number) => Uint8Array> = {
  onSubscribe: (packetId) => {
    const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 2 } as const;
    const subscriptions = FILTERS.map((topicFilter) => ({ topicFilter, ...options }));
    return encodePacket({ type: SUBSCRIBE, packetId, subscriptions }, 5)!;
  },
  onUnsubscribe: (packetId) => encodePacket({ type: UNSUBSCRIBE, packetId, topicFilters: FILTERS }, 5)!,
};

for (const [event, packet] of Object.entries(heavy)) {
  Deno.test(`timers have their turn while one read of ${FEW} packets with many filters is handled: ${event}`, async () => {
    let looked = 0, atTimer = 0;
    const look = () => {
      if (++looked === 1) setTimeout(() => atTimer = looked);
      work(1);
    };
    await using harness = await Harness.start({ hooks: [{ id: "look", [event]: look }, allowAll()], realTime: true });
    const client = await harness.connect("c");
    for (let time = 0; time < 4; time++) await client.publish("t", new Uint8Array(100_000)); // reads become large
    await client.send(...Array.from({ length: FEW }, (_, index) => packet(index + 1)));
    await client.barrier();
    assert(looked === FEW && atTimer > 0 && atTimer < FEW, `the timer fired after ${atTimer} of ${looked} packets`);
  });
}
