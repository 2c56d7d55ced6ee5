/** Clients whose filters cost much. */

import { PacketType } from "../../../src/packets/types.ts";
import { type Attacker, publishTo, subscribeTo } from "../../helpers/attacker.ts";
import { type Attack, bytesOf, connectMany, connectNew, flood, type Ports, rest, unsubscribeFrom } from "./attack.ts";

const RETAINED = 2_000, STAY = 1_000;

async function retain(ports: Ports): Promise<void> {
  using attacker = await connectNew(ports, "retainer");
  await attacker.send(
    bytesOf(RETAINED, (at) => publishTo(`r/x/n${at}`, { retain: true, qos: 1, packetId: 1 + at % 1_000 })),
  );
  await attacker.receive(4 * RETAINED); // at least
}

/** The same SUBSCRIBE again and again, with replays of retained messages. */
export const sameFilters: Attack = async function* (ports) {
  await retain(ports);
  using attacker = await connectNew(ports, "same");
  yield* flood(attacker, bytesOf(500, () => subscribeTo(["r/#", "+/+/n1", "+/x/#"], 1)));
};

/** Filters by the thousand that come and go. */
export const changingFilters: Attack = async function* (ports) {
  using attacker = await connectNew(ports, "changing", { properties: { receiveMaximum: 1 } });
  for (let round = 0;; round = (round + 1) % 100) {
    const filters = Array.from({ length: 1_000 }, (_, at) => `+/+/n${round}-${at}`);
    const bytes = bytesOf(2, (at) => at === 0 ? subscribeTo(filters, 1) : unsubscribeFrom(filters));
    if (!await attacker.send(bytes)) return;
    yield bytes.length;
  }
};

/** A packet of 125,000 filters, and one of a thousand that are wrong. */
export const wrongFilters: Attack = async function* (ports) {
  const wrong = bytesOf(1, () => subscribeTo(Array(1_000).fill("/".repeat(40))));
  const many = bytesOf(1, () => subscribeTo(Array.from({ length: 125_000 }, (_, at) => `${at}`)));
  for (;;) {
    using attacker = await connectNew(ports, "wrong");
    await attacker.send(wrong, many);
    yield wrong.length + many.length;
    await rest(10);
  }
};

/** A hundred filters over all retained topics. */
export const retainedWalks: Attack = async function* (ports) {
  await retain(ports);
  for (;;) {
    using attacker = await connectNew(ports, "walks");
    const bytes = bytesOf(1, () => subscribeTo(Array.from({ length: 100 }, (_, at) => `+/+/n${at}`)));
    await attacker.send(bytes);
    yield bytes.length;
    await rest(STAY);
  }
};

/** A thousand filters that match topics of 30 times `a`. */
function deepFilter(number: number): string {
  const levels = Array(30).fill("a");
  for (let plus = 0, seed = number * 7_919 + 1; plus < 8; plus++, seed = seed * 48_271 % 2_147_483_647) {
    levels[seed % 30] = "+";
  }
  return `${levels.join("/")}/#`;
}

/** Filters that all match, and who publishes to them. */
export const matchingFilters: Attack = async function* (ports) {
  using subscriber = await connectNew(ports, "matching");
  using publisher = await connectNew(ports, "matched");
  await subscriber.send(bytesOf(1, () => subscribeTo(Array.from({ length: 1_000 }, (_, at) => deepFilter(at)))));
  const topic = Array(30).fill("a").join("/");
  yield* flood(publisher, bytesOf(200, (at) => publishTo(`${topic}/${at}`)));
};

/** A crowd that joins and leaves ninety share groups, all at once. */
export const groupCrowd: Attack = async function* (ports) {
  const crowd = await connectMany(ports, "joiner", 100);
  const filters = Array.from({ length: 90 }, (_, group) => `$share/g${group}/sc/#`);
  const bytes = bytesOf(2, (at) => at === 0 ? subscribeTo(filters, 1) : unsubscribeFrom(filters));
  for (;;) {
    await Promise.all(crowd.map((attacker) => attacker.send(bytes)));
    yield crowd.length * bytes.length;
  }
};

/** A crowd that wants to have all statistics again and again. */
export const statisticsCrowd: Attack = async function* (ports) {
  const crowd = await connectMany(ports, "curious", 100);
  const bytes = bytesOf(1, () => subscribeTo(["$SYS/#"], 1));
  for (;;) {
    await Promise.all(crowd.map((attacker) => attacker.send(bytes)));
    yield crowd.length * bytes.length;
  }
};

/** What a good client publishes goes to one who has thousands of messages waiting and takes five a second: it seems to catch up. */
export const slowSubscriber: Attack = async function* (ports) {
  using subscriber = await connectNew(ports, "slow", { properties: { receiveMaximum: 1 } });
  await subscriber.send(subscribeTo(["good/#", "slow"], 1));
  await subscriber.receive(7);
  using filler = await connectNew(ports, "filler", { protocolVersion: 4 });
  const bytes = bytesOf(6_000, (at) => publishTo("slow", { qos: 1, packetId: 1 + at }));
  await filler.send(bytes);
  await filler.receive(4 * 4_900); // more of them wait
  for (let packetId = 1;; packetId = packetId % 65_535 + 1) {
    if (!await subscriber.send({ type: PacketType.PUBACK, packetId, reasonCode: 0 })) return;
    yield 4;
    await rest(200);
  }
};

/** The same, with a queue that is always full: it takes 600 a second, and ten publishers send all that is let in. */
export const fullSubscriber: Attack = async function* (ports) {
  using subscriber = await connectNew(ports, "full", { properties: { receiveMaximum: 16 } });
  await subscriber.send(subscribeTo(["good/#", "full"], 1));
  await subscriber.receive(7);
  const bytes = bytesOf(6_000, (at) => publishTo("full", { qos: 1, packetId: 1 + at }));
  for (let filler = 0; filler < 10; filler++) {
    fill(await connectNew(ports, "filler-of-full", { protocolVersion: 4 }), bytes);
  }
  for (let packetId = 1;; packetId = packetId % 65_528 + 8) {
    if (
      !await subscriber.send(bytesOf(8, (at) => ({ type: PacketType.PUBACK, packetId: packetId + at, reasonCode: 0 })))
    ) {
      return;
    }
    yield 32;
    await rest(10);
  }
};

/** Sends the same again and again, as fast as it is read. */
async function fill(filler: Attacker, bytes: Uint8Array): Promise<void> {
  while (await filler.send(bytes));
}
