import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { expectServed } from "./attackers.ts";

const DEEP = "/".repeat(65_534); // 65,535 levels
const DEEPEST_ALLOWED = "/".repeat(31);

Deno.test("65,535 levels in PUBLISH, SUBSCRIBE, UNSUBSCRIBE, a will and $share", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect("publisher");
  await publisher.sendPublish(DEEP, "");
  await publisher.expectDisconnect(0x90);
  const subscriber = await harness.connect("subscriber");
  const share = `$share/g/${"/".repeat(65_000)}`;
  for (const filter of [DEEP, `${DEEP.slice(1)}#`, share]) assertEquals(await subscriber.subscribe(filter), 0x8f);
  await subscriber.send({ type: PacketType.UNSUBSCRIBE, packetId: 9, topicFilters: [DEEP] });
  await subscriber.expect({ type: PacketType.UNSUBACK, packetId: 9 });
  const dying = await harness.open();
  await dying.sendConnect({ clientId: "dying", will: { topic: DEEP.slice(0, 60_000) } });
  await dying.expectRefusal(0x90);
  await assertRejects(() => harness.broker.publish(DEEP, ""), MqttError);
  assertThrows(() => harness.broker.subscribe(DEEP, () => {}), MqttError);
  await expectServed(harness);
});

Deno.test("65,535 levels where they are allowed end no process", async () => {
  await using harness = await Harness.start({ capabilities: { maximumTopicLevels: 65_535 } });
  const client = await harness.connect("a");
  assertEquals(await client.subscribe(DEEP), 0);
  assertEquals(await client.subscribe(`${DEEP.slice(1)}#`), 0);
  await client.publish(DEEP, "x", { retain: true });
  await client.expect({ type: PacketType.PUBLISH, topic: DEEP });
  await client.disconnect();
  await harness.broker.publish(DEEP, "", { retain: true });
  await expectServed(harness);
});

Deno.test("as many levels as the limit says are fine", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("a");
  assertEquals([await client.subscribe(DEEPEST_ALLOWED), await client.subscribe(`${DEEPEST_ALLOWED}/`)], [0, 0x8f]);
  await client.sendPublish(DEEPEST_ALLOWED, "x");
  await client.expectMessage(DEEPEST_ALLOWED, "x");
});
