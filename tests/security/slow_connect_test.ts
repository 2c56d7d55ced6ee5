import { assertEquals } from "@std/assert";
import { encodePacket } from "../../src/packets/codec.ts";
import { Harness } from "../helpers/harness.ts";
import { connectPacket } from "../helpers/raw_client.ts";
import { expectServed } from "./attackers.ts";

Deno.test("a CONNECT that drips in, one byte a second, is cut off at its absolute deadline", async () => {
  await using harness = await Harness.start({ connectTimeout: 10 });
  const bytes = encodePacket(connectPacket({ clientId: "x".repeat(100) }, 5), 5, { from: "client" })!;
  const client = await harness.open();
  let sent = 0;
  for (; sent < 10; sent++) {
    await client.send(bytes.subarray(sent, sent + 1));
    await harness.clock.advance(999);
  }
  await expectServed(harness);
  await harness.clock.advance(10);
  await client.expectClosed();
  assertEquals(harness.broker.clients.size, 0);
});

Deno.test("an AUTH exchange that never ends is cut off too, by its steps", async () => {
  const properties = { authenticationMethod: "M" };
  const hook = {
    id: "endless",
    onAuthPacket: () => ({ type: 15, reasonCode: 0x18, properties }) as const,
    onConnectAuthenticate: () => true,
    onAclCheck: () => true,
  };
  await using harness = await Harness.start({ connectTimeout: 10, hooks: [hook] });
  const client = await harness.open();
  await client.sendConnect({ properties });
  for (let step = 0; step < 32; step++) {
    await client.expect({ type: 15, reasonCode: 0x18 });
    await client.send({ type: 15, reasonCode: 0x18, properties });
  }
  await client.expectRefusal(0x87);
  assertEquals(harness.broker.clients.size, 0);
});

Deno.test("a huge Keep Alive, or none, is cut down and the client is told", async () => {
  await using harness = await Harness.start({ capabilities: { maximumKeepAlive: 60 } });
  for (const keepAlive of [0, 61, 65_535]) {
    const client = await harness.connect({ keepAlive, clientId: `${keepAlive}` });
    assertEquals(client.connack!.properties!.serverKeepAlive, 60);
    await harness.clock.advance(90_000);
    await client.expectDisconnect(0x8d);
  }
});
