import { assert, assertGreater, assertLess } from "@std/assert";
import { connectBytes, start, subscriber } from "./harness.ts";

Deno.test("[v311 MQTT-3.1.2-24] silence of one and a half Keep Alives ends the connection as if it were lost", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "will" });
  const client = await harness.connect({ clientId: "silent", keepAlive: 2, will: {} });
  await harness.clock.advance(2_999);
  assert(client.live); // asking it for a PINGRESP would begin the time anew
  await harness.clock.advance(1);
  await client.expectClosed();
  await witness.expectMessage("will", "gone");
});

Deno.test("[v311 MQTT-3.1.2-24] any packet of the client begins the time anew, packets to it do not", async () => {
  await using harness = await start();
  const client = await harness.connect({ keepAlive: 10 });
  const packets = ["C0 00", "30 04 00 01 't' 'x'", "82 06 00 01 00 01 't' 00", "40 02 00 01", "62 02 00 01", "C0"];
  for (const sent of packets) {
    await harness.clock.advance(14_999);
    await client.send(sent);
    await harness.clock.advance(0);
  }
  await harness.clock.advance(14_000);
  for (let time = 0; time < 3; time++) await harness.broker.publish("t", "x");
  await harness.clock.advance(999);
  assert(client.live);
  await harness.clock.advance(1);
  assert(!client.live);
});

Deno.test("[v311 MQTT-3.1.2-24] Keep Alive 0 never times out, and 3.1.1 has no Server Keep Alive", async () => {
  await using harness = await start({ capabilities: { maximumKeepAlive: 5 } });
  const never = await harness.connect({ clientId: "never", keepAlive: 0 });
  const long = await harness.connect({ clientId: "long", keepAlive: 65_535 });
  await harness.clock.advance(65_535 * 1_500 - 1);
  assert(never.live && long.live);
  await harness.clock.advance(1);
  await long.expectClosed();
  await never.expectNothing();
});

Deno.test("[v311 MQTT-3.1.2-24] in real time", async () => {
  await using harness = await start({ realTime: true });
  const client = await harness.open();
  const before = performance.now();
  await client.send(connectBytes("02").map((byte, at) => at === 11 ? 1 : byte)); // Keep Alive 1
  await client.expect("20 02 00 00");
  await client.expectClosed();
  assertGreater(performance.now() - before, 1_490);
  assertLess(performance.now() - before, 2_500);
});

Deno.test("[v311 NOTE-3] a connection without CONNECT is closed after the time that it has", async () => {
  await using harness = await start();
  const silent = await harness.open(), slow = await harness.open();
  await slow.send("10 0D 00 04 'MQTT' 04 02");
  await harness.clock.advance(9_999);
  await slow.send("00 3C 00 01");
  const late = await harness.open();
  await harness.clock.advance(1);
  await silent.expectClosed();
  await slow.expectClosed();
  await late.connect();
  await harness.clock.advance(10_000);
  await late.expectNothing();
});
