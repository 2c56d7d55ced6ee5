/** Clients that go by the hundred at the same moment: what comes of it is done in portions, and nothing of it is left out. */
import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { Harness, type RawClient } from "../helpers/harness.ts";

const SUBSCRIBERS = 50, DYING = 200;

/** Counts what happens between two laps of the event loop. */
class Laps implements Hook {
  readonly id = "laps";
  /** The most that happened in one of them. */
  most = 0;
  /** All of it. */
  total = 0;
  #inThisLap = 0;
  onClientExpired?: () => void;
  onWillSent?: () => void;

  constructor(event: "onClientExpired" | "onWillSent") {
    this[event] = () => this.#count();
  }

  #count(): void {
    if (this.#inThisLap++ === 0) setImmediate(() => this.#inThisLap = 0);
    this.most = Math.max(this.most, this.#inThisLap);
    this.total++;
  }
}

/** Sessions that outlive their connections by a minute, or not at all. */
async function connectAll(harness: Harness, sessionExpiryInterval: number, willDelayInterval?: number) {
  const clients: RawClient[] = [];
  for (let index = 0; index < DYING; index++) {
    const will = willDelayInterval === undefined ? undefined : { topic: "will", properties: { willDelayInterval } };
    const properties = { sessionExpiryInterval };
    clients.push(await harness.connect({ clientId: `dying-${index}`, cleanStart: false, properties, will }));
  }
  return clients;
}

async function cutAll(clients: readonly RawClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.cut()));
}

for (
  const [name, expiry, delay] of [["at once", 60, 0], ["with their sessions", 0, 0], [
    "after their delay",
    60,
    5,
  ]] as const
) {
  Deno.test(`wills of clients that go together are sent in portions, each once: ${name}`, async () => {
    const laps = new Laps("onWillSent");
    await using harness = await Harness.start({ hooks: [allowAll(), laps] });
    const subscribers: RawClient[] = [];
    for (let index = 0; index < SUBSCRIBERS; index++) subscribers.push(await harness.connect(`subscriber-${index}`));
    for (const subscriber of subscribers) await subscriber.subscribe("will");
    await cutAll(await connectAll(harness, expiry, delay));
    await harness.advance(delay * 1_000);
    for (const subscriber of subscribers) {
      for (let left = DYING; left > 0; left--) await subscriber.expectMessage("will", "gone");
      await subscriber.expectNothing();
    }
    assertEquals(laps.total, DYING);
    assert(laps.most < DYING / 4, `${laps.most} wills for ${SUBSCRIBERS} subscribers in one lap`);
  });
}

Deno.test("a will that waits for its portion is sent, though its client comes back meanwhile", async () => {
  await using harness = await Harness.start();
  const watching = await harness.connect("watching");
  for (let index = 0; index < SUBSCRIBERS; index++) await (await harness.connect(`s${index}`)).subscribe("will");
  await watching.subscribe("will");
  const dying = await connectAll(harness, 60, 0), last = await harness.open();
  const cut = cutAll(dying);
  await last.connect({ clientId: `dying-${DYING - 1}`, cleanStart: false });
  await cut;
  for (let left = DYING; left > 0; left--) await watching.expectMessage("will", "gone");
  await watching.expectNothing();
});

Deno.test("sessions that expire together end in portions; who comes back before its portion goes on", async () => {
  const laps = new Laps("onClientExpired"), waiting = new Set(Array.from({ length: DYING }, (_, index) => index));
  let back: Promise<RawClient> | undefined;
  const comeBack = () => {
    const [index] = waiting;
    back = harness.connect({ clientId: `dying-${index}`, cleanStart: false });
  };
  const returning: Hook = {
    id: "returning",
    onClientExpired: ({ id }) => {
      if (waiting.size === DYING) setImmediate(comeBack);
      waiting.delete(Number(id.slice(6)));
    },
  };
  await using harness = await Harness.start({ hooks: [allowAll(), laps, returning] });
  const dying = await connectAll(harness, 10);
  for (const client of dying) await client.subscribe("kept", { qos: 1 });
  await cutAll(dying);
  await harness.advance(10_000);
  const client = await back!;
  await harness.settle(); // as long as another round takes
  assertEquals(client.connack?.sessionPresent, true);
  assertEquals(laps.total, DYING - 1);
  assert(laps.most < DYING, `${laps.most} sessions in one lap`);
  await harness.broker.publish("kept", "x", { qos: 1 });
  await client.expectMessage("kept", "x");
});
