import { assert, assertEquals } from "@std/assert";
import { Harness } from "../../helpers/harness.ts";

Deno.test("[v5 MQTT-3.1.2-22] [v5 MQTT-3.2.2-22] silence of one and a half Keep Alives ends the connection", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will");
  for (const keepAlive of [1, 2, 65_535]) {
    const client = await harness.connect({ keepAlive, will: {} });
    assertEquals(client.connack!.properties!.serverKeepAlive, undefined);
    await harness.clock.advance(keepAlive * 1500 - 1);
    assert(client.live);
    await harness.clock.advance(1);
    await client.expectDisconnect(0x8d);
    await watcher.expectMessage("will", "gone");
  }
});

Deno.test("[v5 MQTT-3.1.2-22] any packet of the client begins the time anew, packets to it do not", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ keepAlive: 2 });
  const packets = [
    "82 07 00 01 00 00 01 't' 02",
    "30 05 00 01 'q' 00 'x'",
    "32 07 00 01 'q' 00 01 00 'x'",
    "34 07 00 01 'q' 00 01 00 'x'",
    "62 02 00 01",
    "A2 06 00 01 00 00 01 'x'",
    "C0 00",
    "40 02 00 63",
    "50 03 00 63 80",
    "70 02 00 63",
  ];
  for (const bytes of packets) {
    await harness.clock.advance(2_999);
    await client.send(bytes);
    await harness.clock.advance(0);
  }
  assert(client.live);
  await harness.clock.advance(2_000);
  await harness.broker.publish("t", "x");
  await harness.clock.advance(999);
  assert(client.live);
  await harness.clock.advance(1);
  assert(!client.live);
});

Deno.test("[v5 NOTE-49] Keep Alive 0 never times out", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ keepAlive: 0 });
  await harness.clock.advance(1_000_000_000);
  await client.expectNothing();
});

Deno.test("[v5 NOTE-49] [v5 MQTT-3.1.2-22] [v5 MQTT-3.2.2-22] a Server Keep Alive is told and counts", async () => {
  await using harness = await Harness.start({ capabilities: { maximumKeepAlive: 10 } });
  for (const [keepAlive, told] of [[0, 10], [11, 10], [10, undefined], [5, undefined]] as const) {
    const client = await harness.connect({ keepAlive });
    assertEquals(client.connack!.properties!.serverKeepAlive, told);
    await harness.clock.advance((told ?? keepAlive) * 1500 - 1);
    assert(client.live);
    await harness.clock.advance(1);
    await client.expectDisconnect(0x8d);
  }
});

Deno.test("[v5 MQTT-3.1.2-22] a part of a packet is a sign of life as well", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ keepAlive: 2 });
  for (const bytes of ["30 05", "00 01", "'t'", "00", "'x'"]) {
    await harness.clock.advance(2_999);
    await client.send(bytes);
    await harness.clock.advance(0);
  }
  assert(client.live);
  await harness.clock.advance(3_000);
  await client.expectDisconnect(0x8d);
});
