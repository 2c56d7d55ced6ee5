import { Harness } from "../../helpers/harness.ts";

Deno.test("[v5 MQTT-3.12.4-1] every PINGREQ is answered", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("C0 00");
  await client.expect("D0 00");
  await client.send("C0 00 C0 00 C0 00");
  for (let time = 0; time < 3; time++) await client.expect("D0 00");
  await client.expectNothing();
});
