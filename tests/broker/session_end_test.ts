/** Sessions that end while there is more to do than a round has time for. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

/** So many subscriptions are more than one round removes. */
const MANY = 1_000;

/** As long as this is in use no further round begins. */
function holdRounds(): Disposable {
  const real = globalThis.setImmediate, held: (() => void)[] = [];
  Object.assign(globalThis, { setImmediate: (round: () => void) => void held.push(round) });
  return {
    [Symbol.dispose]() {
      globalThis.setImmediate = real;
      for (const round of held) real(round);
    },
  };
}

/** A client that subscribes to a lot, and whose session ends. */
async function leaveWith(client: RawClient, lastFilter: string): Promise<Disposable> {
  const filters = [...Array.from({ length: MANY - 1 }, (_, index) => `filter/${index}`), lastFilter];
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 2 } as const;
  const subscriptions = filters.map((topicFilter) => ({ topicFilter, ...options }));
  await client.send({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions });
  await client.expect({ type: PacketType.SUBACK, packetId: 1 });
  const held = holdRounds();
  await client.cut();
  return held;
}

Deno.test("share groups lose a session that ends at once, whatever else it has subscribed to", async () => {
  await using harness = await Harness.start();
  const properties = { sessionExpiryInterval: 60 };
  const stays = await harness.connect({ clientId: "stays", properties }), leaves = await harness.connect("leaves");
  await stays.subscribe("$share/g/jobs", { qos: 1 });
  await stays.cut(); // members that are connected come first, whoever else is in the group
  using _held = await leaveWith(leaves, "$share/g/jobs");
  for (const job of ["1", "2", "3", "4"]) await harness.broker.publish("jobs", job, { qos: 1 });
  assertEquals(harness.broker.clients.get("stays")!.session!.queuedMessages, 4);
});

Deno.test("hooks are told of all sessions that have ended before the broker stops", async () => {
  const expired: string[] = [],
    hook = { id: "seen", onClientExpired: ({ id }: { id: string }) => void expired.push(id) };
  await using harness = await Harness.start({ hooks: [allowAll(), hook] });
  using _held = await leaveWith(await harness.connect("leaves"), "last");
  assertEquals(expired, []);
  await harness.broker.close();
  assertEquals(expired, ["leaves"]);
});
