import { assertEquals } from "@std/assert";
import type { PublishOptions } from "../../src/broker/lifecycle/inline_client.ts";
import { Harness } from "../helpers/harness.ts";

const MESSAGES: readonly [topic: string, options: PublishOptions][] = [
  ["bad \ud800", {}],
  ["t", { properties: { contentType: "\ud800" } }],
  ["t", { properties: { contentType: "x".repeat(70_000) } }],
  ["t", { properties: { responseTopic: "a/#" } }],
  ["t", { properties: { payloadFormatIndicator: 7 } }],
  ["t", { properties: { userProperties: [["n", "\0"]] } }],
];

Deno.test("a message of the program that has no encoding reaches nobody and does no harm", async () => {
  await using harness = await Harness.start();
  const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60, receiveMaximum: 1 } };
  const client = await harness.connect({ ...stored, clientId: "a" }),
    away = await harness.connect({ ...stored, clientId: "b" });
  for (const one of [client, away]) await one.subscribe("#", { qos: 1 });
  await away.cut();
  for (const [topic, options] of MESSAGES) {
    for (const qos of [0, 1] as const) await harness.broker.publish(topic, "x", { ...options, qos }).catch(() => {});
  }
  await client.expectNothing();
  await harness.broker.publish("t", "good", { qos: 1 });
  await client.expectMessage("t", "good");
  const back = await harness.connect({ ...stored, clientId: "b" });
  await back.expectMessage("t", "good");
  assertEquals(harness.broker.info.inflight, 2);
});
