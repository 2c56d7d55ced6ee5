import { assertEquals } from "@std/assert";
import { Harness } from "../helpers/harness.ts";

const YEAR = 365 * 86_400_000;
const LONG = [0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 2_147_483, 2_147_484, 4_294_967];

for (const seconds of LONG) {
  Deno.test(`${seconds} seconds are neither at once nor negative`, async () => {
    await using harness = await Harness.start();
    const { broker } = harness;
    const properties = { sessionExpiryInterval: seconds };
    const client = await harness.connect({
      clientId: "a",
      properties,
      will: { topic: "will", properties: { willDelayInterval: seconds } },
    });
    await client.subscribe("t", { qos: 1 });
    await client.cut();
    await broker.publish("t", "x", { qos: 1, retain: true, properties: { messageExpiryInterval: seconds } });
    await harness.clock.advance(seconds * 1_000 - 1);
    assertEquals([broker.clients.size, broker.info.retained], [1, 1]);
    await harness.clock.advance(1);
    const never = seconds === 0xffff_ffff;
    assertEquals(broker.clients.size, never ? 1 : 0);
    await harness.clock.advance(200 * YEAR);
    assertEquals([broker.clients.size, broker.info.retained], [never ? 1 : 0, 0]);
  });
}

Deno.test("the longest Keep Alive", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ keepAlive: 65_535 });
  await harness.clock.advance(65_535 * 1_500 - 1);
  await client.expectNothing();
  await harness.clock.advance(65_535 * 1_500);
  await client.expectDisconnect(0x8d);
});
