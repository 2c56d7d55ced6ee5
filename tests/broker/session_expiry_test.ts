import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
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
