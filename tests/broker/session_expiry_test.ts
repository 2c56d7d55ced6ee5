import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import type { StoredClient } from "../../src/hook/records.ts";
import { Harness } from "../helpers/harness.ts";

/** Everybody may do everything; CONNECT is changed. */
function changing(onConnect?: Hook["onConnect"]): Hook {
  return { id: "open", onConnectAuthenticate: () => true, onAclCheck: () => true, onConnect };
}

/** Connects with a Session Expiry Interval and leaves with another one. */
async function leave(harness: Harness, [asked, last]: [asked: number | undefined, last: number]): Promise<string> {
  const client = await harness.connect({ properties: { sessionExpiryInterval: asked } });
  await client.send({ type: 14, reasonCode: 0, properties: { sessionExpiryInterval: last } });
  try {
    await client.expectClosed();
    return "closed";
  } catch {
    return client.received.at(-1)!.reasonCode!.toString(16);
  }
}

Deno.test("what CONNECT asked for decides whether DISCONNECT may have a Session Expiry Interval", async () => {
  for (const maximumSessionExpiryInterval of [0, 5, 0xffff_ffff]) {
    await using harness = await Harness.start({ capabilities: { maximumSessionExpiryInterval } });
    for (const asked of [1, 10, 0xffff_ffff]) {
      for (const last of [0, 1, 0xffff_ffff]) assertEquals(await leave(harness, [asked, last]), "closed");
    }
    for (const asked of [undefined, 0]) {
      assertEquals(await leave(harness, [asked, 0]), "closed");
      assertEquals(await leave(harness, [asked, 1]), "82");
    }
  }
});

Deno.test("a hook that gives CONNECT another interval changes nothing about that, and the client is told", async () => {
  const hooks: Record<string, (interval: number) => Hook> = {
    "in place": (interval) =>
      changing((_client, packet) => {
        packet.properties = { ...packet.properties, sessionExpiryInterval: interval };
      }),
    "a packet of its own": (interval) =>
      changing((_client, packet) => ({
        ...packet,
        properties: { ...packet.properties, sessionExpiryInterval: interval },
      })),
  };
  for (const hook of Object.values(hooks)) {
    await using lower = await Harness.start({ hooks: [hook(0)] });
    assertEquals(await leave(lower, [10, 5]), "closed");
    const told = await lower.connect({ properties: { sessionExpiryInterval: 10 } });
    assertEquals(told.connack!.properties!.sessionExpiryInterval, 0);
    await using higher = await Harness.start({ hooks: [hook(10)] });
    assertEquals(await leave(higher, [0, 5]), "82");
  }
});

Deno.test("a stored session with the highest interval never ends, however long ago its client has left", async () => {
  const stored = (clientId: string, sessionExpiryInterval: number): StoredClient => ({
    ...{ clientId, sessionExpiryInterval, disconnectedAt: -1_000 * 0xffff_ffff },
    ...{ username: undefined, protocolVersion: 5, properties: undefined, will: undefined },
  });
  const store = { id: "store", storedClients: () => [stored("ends", 0xffff_fffe), stored("never ends", 0xffff_ffff)] };
  await using harness = await Harness.start({ hooks: [store] });
  await harness.advance(1);
  assertEquals(["ends", "never ends"].map((id) => harness.broker.clients.get(id) !== undefined), [false, true]);
});

Deno.test("a message of a share group that expires with the session of its member goes to nobody else", async () => {
  await using harness = await Harness.start();
  const leaves = await harness.connect({ clientId: "leaves", properties: { sessionExpiryInterval: 10 } });
  await leaves.subscribe("$share/g/t", { qos: 1 });
  await leaves.cut();
  for (const messageExpiryInterval of [10, 11]) {
    await harness.broker.publish("t", `${messageExpiryInterval}`, { qos: 1, properties: { messageExpiryInterval } });
  }
  const stays = await harness.connect("stays");
  await stays.subscribe("$share/g/t", { qos: 1 });
  await harness.advance(10_000);
  await stays.expectMessage("t", "11");
  await stays.expectNothing();
});
