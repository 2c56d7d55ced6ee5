import { assertEquals } from "@std/assert";
import { denying, login } from "../v5/hooks.ts";
import { C4, connectBytes, expectAnswers, LATER, start, stored, subscriber } from "./harness.ts";

const will = { clientId: "mortal", will: {} };

Deno.test("[v311 MQTT-3.1.2-8] the will is published when the connection ends without DISCONNECT", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "will" });
  const endings: Record<string, (client: Awaited<ReturnType<typeof harness.connect>>) => unknown> = {
    "the network is cut": (client) => client.cut(),
    "a keep alive timeout": () => harness.advance(15_000),
    "a protocol error": (client) => client.send("C1 00"),
    "a takeover": () => harness.connect({ clientId: "mortal" }),
    "an administrator": () => harness.broker.clients.disconnect("mortal"),
  };
  for (const [name, end] of Object.entries(endings)) {
    for (const cleanStart of [true, false]) {
      await harness.connect({ ...will, keepAlive: 10, cleanStart }).then(async (client) => {
        await witness.expectNothing();
        await end(client);
      });
      await witness.expectMessage("will", "gone").catch((error) => {
        throw new Error(`${name}: ${error}`);
      });
      await witness.expectNothing();
    }
  }
});

Deno.test("[v311 MQTT-3.1.2-8] the end of the broker publishes wills", async () => {
  const sent: string[] = [];
  const hook = { ...denying(), onWillSent: (_client: unknown, { topic }: { topic: string }) => void sent.push(topic) };
  await using harness = await start({ hooks: [hook] });
  await harness.connect(will);
  await harness.close();
  assertEquals(sent, ["will"]);
});

Deno.test("[v311 MQTT-3.1.2-8] the will of a refused CONNECT is never published", async () => {
  await using harness = await start({ hooks: [login()] });
  const witness = await subscriber(harness, 0, { filter: "w" });
  const fields = "00 01 'a' 00 01 'w' 00 01 'x'";
  await expectAnswers(harness, [connectBytes("C6", `${fields} 00 01 'u' 00 05 'wrong'`)], "20 02 00 04");
  await expectAnswers(harness, [connectBytes("04", "00 00 00 01 'w' 00 01 'x'")], "20 02 00 02");
  await expectAnswers(harness, [connectBytes("06", `${fields} 00`), connectBytes("07", fields)], undefined);
  await expectAnswers(harness, [connectBytes("06", fields, "00 04 'MQTT' 06")], LATER);
  await witness.expectNothing();
});

Deno.test("[v311 MQTT-3.1.2-8] a will that the client may not publish is refused at CONNECT", async () => {
  await using harness = await start({ hooks: [denying("write")] });
  await expectAnswers(harness, [connectBytes("06", "00 01 'a' 00 06 'denied' 00 01 'x'")], "20 02 00 05");
});

Deno.test("[v311 MQTT-3.1.2-8] the will has its own QoS", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 2, { filter: "will" });
  for (const qos of [0, 1, 2] as const) {
    await (await harness.connect({ clientId: "mortal", will: { qos } })).cut();
    await witness.expectMessage("will", "gone", { qos, dup: false });
  }
});

Deno.test("[v311 MQTT-3.1.2-8] a new connection does not keep the will back: there is no delay", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "will" });
  await (await harness.connect({ ...stored, will: {} })).cut();
  await witness.expectMessage("will", "gone");
  await harness.connect(stored);
  await witness.expectNothing();
});

Deno.test("[v311 MQTT-3.1.2-10] [v311 MQTT-3.14.4-3] DISCONNECT removes the will, and it is published once at most", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "will" });
  for (const cleanStart of [true, false]) {
    const client = await harness.connect({ ...will, cleanStart });
    await client.send("E0 00");
    await client.expectClosed();
    await client.cut();
    await harness.advance(1_000_000);
    await witness.expectNothing();
    const lost = await harness.connect({ ...will, cleanStart });
    await lost.cut();
    await witness.expectMessage("will", "gone");
    await harness.advance(1_000_000);
    await (await harness.connect({ clientId: "mortal", cleanStart })).cut();
    await witness.expectNothing();
  }
});

Deno.test("[v311 MQTT-3.1.2-12] a connection without a will has none, also after one that had", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "#" });
  for (const cleanStart of [true, false]) {
    await (await harness.connect({ ...will, cleanStart })).disconnect();
    await (await harness.connect({ clientId: "mortal", cleanStart })).cut();
    await witness.expectNothing();
  }
  const client = await harness.open();
  await client.send(C4);
  await client.expect("20 02 00 00");
  await client.cut();
  await witness.expectNothing();
});

Deno.test("[v311 MQTT-3.1.2-16] without Will Retain the will is not retained", async () => {
  await using harness = await start();
  const live = await subscriber(harness, 0, { filter: "will" });
  await (await harness.connect(will)).cut();
  await live.expectMessage("will", "gone", { retain: false });
  const later = await subscriber(harness, 0, { clientId: "later", filter: "will" });
  await later.expectNothing();
});

Deno.test("[v311 MQTT-3.1.2-17] with Will Retain the will is retained", async () => {
  await using harness = await start();
  const live = await subscriber(harness, 1, { filter: "will" });
  await (await harness.connect({ clientId: "mortal", will: { retain: true, qos: 1 } })).cut();
  await live.expectMessage("will", "gone", { retain: false });
  const later = await subscriber(harness, 1, { clientId: "later", filter: "will" });
  await later.expectMessage("will", "gone", { retain: true, qos: 1 });
});
