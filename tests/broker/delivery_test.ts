import { assert, assertEquals } from "@std/assert";
import type { QoS } from "../../src/packets/types.ts";
import { Harness } from "../helpers/harness.ts";
import { Publisher, randomOf, Subscriber } from "./delivery_model.ts";

const TOPICS = ["t/1", "t/2", "t/3"];

/** What makes it harder. */
interface Difficulty {
  readonly name: string;
  readonly slowHook?: boolean;
  readonly narrow?: boolean;
}

/** Lets clients do what comes to their minds, then finishes everything. */
async function play(
  seed: number,
  { slowHook, narrow }: Difficulty,
): Promise<{ publishers: Publisher[]; subscribers: Subscriber[] }> {
  const random = randomOf(seed), below = (limit: number) => Math.floor(random() * limit);
  const slow = {
    id: "slow",
    onConnectAuthenticate: () => true,
    onAclCheck: () => below(3) > 0 ? true : Promise.resolve(true),
  } as never;
  await using harness = await Harness.start({
    hooks: slowHook ? [slow] : undefined,
    capabilities: { receiveMaximum: 5, maximumClientWritesPending: narrow ? 2 : undefined },
  });
  const publishers = ["p1", "p2"].map((id) => new Publisher(harness, id, random));
  const subscribers = ([["s0", 0], ["s1", 1], ["s2", 2], ["s3", 2]] as const).map(([id, qos]) =>
    new Subscriber(harness, id, random, qos)
  );
  for (const client of [...publishers, ...subscribers]) await client.connect();
  for (const [index, subscriber] of subscribers.entries()) {
    if (index < 3) await subscriber.subscribe("t/#");
    else for (const topic of TOPICS) await subscriber.subscribe(topic);
  }
  for (let step = 0; step < 400; step++) {
    const publisher = publishers[below(2)], subscriber = subscribers[below(4)];
    switch (below(8)) {
      case 0:
        if (random() < 0.3) await publisher.cut();
        else if (!publisher.connected || random() < 0.1) await publisher.connect();
        break;
      case 1:
        if (subscriber.qos === 0) break;
        if (random() < 0.5) await subscriber.cut();
        else if (!subscriber.connected || random() < 0.2) await subscriber.connect(1 + below(8));
        break;
      case 2:
      case 3:
        await subscriber.work(below(10));
        break;
      case 4:
        await publisher.work();
        break;
      default:
        await publisher.publish(TOPICS[below(3)], below(3) as QoS);
    }
    if (below(10) === 0) await harness.settle();
  }
  for (const client of [...publishers, ...subscribers]) if (!client.connected) await client.connect();
  for (let turn = 0; turn < 200; turn++) {
    for (const publisher of publishers) await publisher.work();
    for (const subscriber of subscribers) await subscriber.work(1_000);
    await harness.settle();
  }
  assert(publishers.every(({ done }) => done));
  assertEquals(harness.broker.info.inflight, 0);
  if (!narrow) assertEquals(harness.broker.info.messagesDropped, 0);
  return { publishers, subscribers };
}

/** The payloads of one publisher, each where it came first. */
function firsts(payloads: readonly string[] | undefined, publisher: string): string[] {
  return [...new Set((payloads ?? []).filter((payload) => payload.startsWith(`${publisher} `)))];
}

/** What is dropped at QoS 0 may come later after all, when its publisher sends it again over another connection. */
function mayOvertake(qos: number, delivered: number, { narrow }: Difficulty): boolean {
  return delivered === 0 && qos > 0 && narrow === true;
}

function check(publishers: Publisher[], subscribers: Subscriber[], difficulty: Difficulty): void {
  for (const { published, id } of publishers) {
    for (const [key, payloads] of published) {
      const [topic, qos] = key.split(" ");
      for (const subscriber of subscribers) {
        const delivered = Math.min(Number(qos), subscriber.qos), got = subscriber.got.get(`${topic} ${delivered}`);
        const wanted = firsts(got, id).filter((payload) => payloads.includes(payload));
        if (delivered > 0) assertEquals(wanted, payloads, `${subscriber.id} ${key}: all of them, in order`);
        else if (!mayOvertake(Number(qos), delivered, difficulty)) {
          assertEquals(
            wanted,
            payloads.filter((payload) => wanted.includes(payload)),
            `${subscriber.id} ${key}: in order`,
          );
        }
        if (delivered < 2) continue;
        assertEquals(
          got!.filter((payload) => payloads.includes(payload)).length,
          payloads.length,
          `${subscriber.id} ${key}: once`,
        );
      }
    }
  }
}

const difficulties: Difficulty[] = [
  { name: "" },
  { name: ", behind an async hook", slowHook: true },
  { name: ", through narrow buffers", narrow: true },
  { name: ", behind an async hook and through narrow buffers", slowHook: true, narrow: true },
];

for (const difficulty of difficulties) {
  Deno.test(`everything arrives as its QoS promises, whatever connections are lost${difficulty.name}`, async () => {
    for (let seed = 1; seed <= 8; seed++) {
      try {
        const { publishers, subscribers } = await play(seed, difficulty);
        check(publishers, subscribers, difficulty);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  });
}
