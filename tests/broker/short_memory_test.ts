/** Memory becomes short in the middle of something: what is under way is done first. */

import { assert, assertEquals } from "@std/assert";
import { Core } from "../../src/broker/core/core.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { silentLogger } from "../../src/hook/logger.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { settle } from "../helpers/fake_clock.ts";

/** Time after which it is looked at memory again. */
const LOOK = 150;
/** The beginning of a PUBLISH of 205 KB, with 70 KB of it. */
const BEGUN = new Uint8Array(70_000);
BEGUN.set([0x30, 0xe0, 0xc6, 0x0c, 0, 1, 0x78, 0]);

/** Until disposed of the process seems to have no memory. */
function withoutMemory(): Disposable {
  const use = Deno.memoryUsage;
  Deno.memoryUsage = () => ({ ...use(), heapUsed: 1e12 });
  return { [Symbol.dispose]: () => void (Deno.memoryUsage = use) };
}

for (const publisher of ["the program", "a will", "a client"]) {
  Deno.test(`a subscriber whose packet is given up gets the message of ${publisher} first`, async () => {
    await using harness = await Harness.start();
    const subscriber = await harness.connect("subscriber");
    await subscriber.subscribe("a/#", { qos: 1 });
    const client = await harness.connect({ clientId: "client", will: { topic: "a/will", qos: 1, payload: "x" } });
    await subscriber.send(BEGUN);
    await settle();
    using _short = withoutMemory();
    await harness.clock.advance(LOOK);
    if (publisher === "the program") await harness.broker.publish("a/program", "x", { qos: 1 });
    else if (publisher === "a will") await client.cut();
    else assertEquals(await client.publish("a/client", "x", { qos: 1 }), 0);
    await subscriber.expect({ type: PacketType.PUBLISH });
    await subscriber.expect({ type: PacketType.DISCONNECT, reasonCode: 0x97 });
    await subscriber.expectClosed();
    assertEquals(harness.broker.clients.get("subscriber")?.connected ?? false, false);
  });
}

Deno.test("who receives which topic is forgotten when memory becomes short", () => {
  const { memory, tree } = new Core(resolveOptions({ logger: silentLogger }));
  const nodes = () => {
    const before = tree.visited;
    tree.match("t");
    return tree.visited - before;
  };
  assert(nodes() > 0 && nodes() === 0, "it was remembered");
  using _short = withoutMemory();
  assert(memory.isShort);
  assert(nodes() > 0);
});
