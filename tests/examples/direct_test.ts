/** Examples of a broker that takes part itself: inline client, hooks, debug. */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { JsClient } from "../helpers/mqtt_js.ts";
import { ANY_PORT, runExample } from "./example.ts";

Deno.test("direct: the broker publishes, subscribes and answers", async () => {
  const printed = await runExample("direct.ts", [ANY_PORT], async (address) => {
    await using client = await JsClient.connect(`mqtt://${address}`, { clientId: "peach" });
    await client.mqtt.subscribeAsync("clock/started");
    const { retain, payload } = await client.next();
    assert(retain && !Number.isNaN(Date.parse(payload)));
    await client.mqtt.subscribeAsync(["echo", "clock/now"]);
    await client.mqtt.publishAsync("shout", "hello");
    const topics = new Set<string>();
    while (topics.size < 2) {
      const { topic, payload } = await client.next();
      topics.add(topic);
      if (topic === "echo") assertEquals(payload, "HELLO");
    }
  });
  assertStringIncludes(printed, "somebody shouts hello");
});

Deno.test("hooks: events are transformed, refused and observed", async () => {
  const printed = await runExample("hooks/events.ts", [ANY_PORT], async (address) => {
    await using client = await JsClient.connect(`mqtt://${address}`, { clientId: "peach" });
    const granted = await client.mqtt.subscribeAsync(["sensors/#", "wills/#", "private/peach", "private/melon"])
      .catch((error) => error.packet ?? error);
    assert(granted !== undefined);
    await client.mqtt.publishAsync("sensors/1", "20", { qos: 1 });
    assertEquals((await client.next()).topic, "sensors/1/celsius");
    const error = await assertRejects(() => client.mqtt.publishAsync("sensors/1", "warm", { qos: 1 }));
    assertEquals((error as { code?: number }).code, 0x99);
    await using leaver = await JsClient.connect(`mqtt://${address}`, {
      clientId: "melon",
      will: { topic: "anything", payload: new TextEncoder().encode("gone") as never, qos: 0, retain: false },
    });
    await leaver.cut();
    assertEquals((await client.next()).topic, "wills/melon");
  });
  for (const line of ["the hook has started", "peach is here, over tcp", "melon has gone, reason 128"]) {
    assertStringIncludes(printed, line);
  }
  assertMatch(printed, /the hook has stopped\n$/);
});

Deno.test("hooks: clients are sent to another server", async () => {
  await runExample("hooks/another_server.ts", [ANY_PORT], async (address, example) => {
    const error = await assertRejects(() => JsClient.connect(`mqtt://${address}`, { clientId: "eu-1" }));
    assertEquals((error as { code?: number }).code, 0x9c);
    await using client = await JsClient.connect(`mqtt://${address}`, { clientId: "us-1" });
    const told = new Promise<{ reasonCode?: number; properties?: { serverReference?: string } }>((resolve) =>
      client.mqtt.once("disconnect", resolve)
    );
    example.signal("SIGHUP");
    const { reasonCode, properties } = await told;
    assertEquals([reasonCode, properties?.serverReference], [0x9d, "us2.mqtt.example:1883"]);
  });
});

Deno.test("debug: what happens is told", async () => {
  const printed = await runExample("debug.ts", [ANY_PORT], async (address) => {
    await using client = await JsClient.connect(`mqtt://${address}`, { clientId: "peach" });
    await client.mqtt.subscribeAsync("a");
    await client.mqtt.publishAsync("a", "hello");
    await client.next();
  });
  for (const words of ["connecting", "sent CONNACK", "subscribed", "read PUBLISH", "hello"]) {
    assertStringIncludes(printed, words);
  }
});
