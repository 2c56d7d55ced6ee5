/** Acknowledgements in their shortest form, right and wrong ones, one behind the other in one write. */
import { assertEquals } from "@std/assert";
import type { QoS } from "../../src/packets/types.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const { PUBLISH, PUBREL, PUBCOMP } = PacketType;

/** A subscriber with one unacknowledged message of each QoS, Packet Identifiers 1 and 2. */
async function subscriberOf(harness: Harness, version: 4 | 5): Promise<RawClient> {
  const subscriber = await harness.connect({ clientId: "s", protocolVersion: version });
  await subscriber.subscribe("t", { qos: 2 });
  const publisher = await harness.connect("p");
  for (const qos of [1, 2] as QoS[]) {
    await publisher.publish("t", `at ${qos}`, { qos });
    await subscriber.expect({ type: PUBLISH, qos, packetId: qos });
  }
  return subscriber;
}

for (const version of [4, 5] as const) {
  Deno.test(`an acknowledgement that is no packet ends the connection, in version ${version}`, async () => {
    const wrong: [string, string][] = [
      ...["41", "42", "44", "48"].map((header): [string, string] => [`${header} 02 00 01`, "PUBACK with flags"]),
      ...["51", "52"].map((header): [string, string] => [`${header} 02 00 02`, "PUBREC with flags"]),
      ...["60", "63", "6A"].map((header): [string, string] => [`${header} 02 00 02`, "PUBREL with wrong flags"]),
      ...["71", "72"].map((header): [string, string] => [`${header} 02 00 02`, "PUBCOMP with flags"]),
      ...["40", "50", "62", "70"].map((header): [string, string] => [`${header} 02 00 00`, "Packet Identifier 0"]),
      ...["40", "50", "62", "70"].map((header): [string, string] => [`${header} 01 00`, "half a Packet Identifier"]),
    ];
    for (const [bytes, what] of wrong) {
      await using harness = await Harness.start();
      const subscriber = await subscriberOf(harness, version);
      await subscriber.send("C0 00", bytes, "C0 00"); // nothing behind it is answered
      await subscriber.expect({ type: PacketType.PINGRESP });
      if (version === 5) {
        const { reasonCode } = await subscriber.expect({ type: PacketType.DISCONNECT });
        assertEquals(reasonCode, what === "Packet Identifier 0" ? 0x82 : 0x81, what);
      }
      await subscriber.expectClosed();
    }
  });

  Deno.test(`an acknowledgement of the wrong kind finishes nothing, in version ${version}`, async () => {
    await using harness = await Harness.start();
    const subscriber = await subscriberOf(harness, version);
    assertEquals(harness.broker.info.inflight, 2);
    await subscriber.send("40 02 00 02", "70 02 00 01", "70 02 00 02", "40 02 00 09", "70 02 00 09");
    await subscriber.expectNothing();
    assertEquals(harness.broker.info.inflight, 2);
    await subscriber.send("50 02 00 01"); // PUBREC for a message at QoS 1
    await subscriber.expect(version === 5 ? "62 03 00 01 92" : "62 02 00 01");
    assertEquals(harness.broker.info.inflight, 2);
    await subscriber.send("40 02 00 01", "50 02 00 02", "40 02 00 02", "50 02 00 02", "70 02 00 02", "70 02 00 02");
    for (let time = 0; time < 2; time++) await subscriber.expect({ type: PUBREL, packetId: 2, reasonCode: 0 });
    await subscriber.expectNothing();
    assertEquals(harness.broker.info.inflight, 0);
    await subscriber.send("62 02 00 07"); // a release of what was never published
    await subscriber.expect({ type: PUBCOMP, packetId: 7, reasonCode: version === 5 ? 0x92 : 0 });
  });
}
