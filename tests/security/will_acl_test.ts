import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { Harness } from "../helpers/harness.ts";
import { expectServed } from "./attackers.ts";

/** Rights to write that can be taken away. */
function rights(): { hook: Hook; denied: Set<string> } {
  const denied = new Set<string>();
  const onAclCheck: Hook["onAclCheck"] = (_client, topic, access) => access === "read" || !denied.has(topic);
  return { hook: { id: "rights", onConnectAuthenticate: () => true, onAclCheck }, denied };
}

Deno.test("a will on a topic that the client may not write is refused at CONNECT", async () => {
  const { hook, denied } = rights();
  denied.add("secret");
  await using harness = await Harness.start({ hooks: [hook] });
  for (
    const [topic, code] of [["secret", 0x87], ["$SYS/broker/version", 0x87], ["a/#", 0x90], ["+", 0x90], [
      "",
      0x90,
    ]] as const
  ) {
    const client = await harness.open();
    await client.sendConnect({ will: { topic } });
    const { reasonCode } = await client.next();
    assertEquals([code, 0x81, 0x82].includes(reasonCode!), true, `${topic}: ${reasonCode}`);
  }
  assertEquals(harness.broker.clients.size, 0);
});

Deno.test("a right that was taken away keeps the will back: at a cut, after its delay, at a takeover, at the end", async () => {
  const { hook, denied } = rights();
  await using harness = await Harness.start({ hooks: [hook] });
  const watching = await harness.connect("watching");
  await watching.subscribe("#");
  const properties = { sessionExpiryInterval: 100 };
  const will = (topic: string, willDelayInterval = 0) => ({ topic, properties: { willDelayInterval } });
  const cut = await harness.connect({ clientId: "cut", properties, will: will("cut") });
  const delayed = await harness.connect({ clientId: "delayed", properties, will: will("delayed", 10) });
  await harness.connect({ clientId: "taken", properties, will: will("taken") });
  const expired = await harness.connect({
    clientId: "expired",
    properties: { sessionExpiryInterval: 5 },
    will: will("expired", 10),
  });
  const fine = await harness.connect({ clientId: "fine", properties, will: will("fine", 20) });
  for (const topic of ["cut", "delayed", "taken", "expired"]) denied.add(topic);
  await cut.cut();
  await delayed.cut();
  await expired.cut();
  await fine.cut();
  await harness.connect({ clientId: "taken", properties });
  await harness.advance(15_000);
  await watching.expectNothing();
  await harness.advance(5_000);
  await watching.expectMessage("fine", "gone");
  await expectServed(harness, "watcher");
});
