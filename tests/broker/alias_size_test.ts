/** A Topic Alias makes a packet longer: by three bytes, and by one more for each length that needs another byte. */
import { assertEquals } from "@std/assert";
import { encodePacket } from "../../src/packets/codec.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

/** Bytes that `content` and `payload` make of the lengths: just below those that need another byte. */
const CASES = [[122, 16_000], [122, 16_251], [122, 16_253], [121, 16_250], [10, 60], [10, 108]] as const;

Deno.test("[v5 MQTT-3.1.2-24] a packet with a Topic Alias is not larger than the client allows", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect("p");
  for (const [content, payload] of CASES) {
    const properties = { contentType: "c".repeat(content) };
    const packet = encodePacket({
      ...{ type: PacketType.PUBLISH, topic: "t", payload: new Uint8Array(payload), properties },
      ...{ qos: 0, packetId: 0, retain: false, dup: false },
    }, 5)!;
    for (let room = 0; room <= 6; room++) {
      const maximumPacketSize = packet.length + room;
      const subscriber = await harness.connect({
        clientId: "s",
        properties: { maximumPacketSize, topicAliasMaximum: 1 },
      });
      await subscriber.subscribe("t");
      await publisher.send(packet);
      const { bytes } = await subscriber.expect({ type: PacketType.PUBLISH, topic: "t" });
      assertEquals(bytes.length <= maximumPacketSize, true, `${content} ${payload} ${room}`);
      await subscriber.cut();
    }
  }
});
