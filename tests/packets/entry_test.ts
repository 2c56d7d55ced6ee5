/** What `@mochi/broker` and `@mochi/broker/packets` export. */
import { assertEquals } from "@std/assert";
import * as broker from "@mochi/broker";
import * as packets from "@mochi/broker/packets";

Deno.test("the codec has an entry of its own, and the broker's has none of it", () => {
  const codec = ["Framer", "Slab", "SlabPool", "decodePacket", "encodePacket", "packetSize"];
  const codes = ["connackReasonCode", "connackReturnCode", "isFailure", "isReasonCodeAllowed", "usableReasonCode"];
  const only = [...codec, ...codes, "PROTOCOL_MAXIMUM_PACKET_SIZE"];
  const both = ["ConnectError", "MqttError", "PacketType", "ReasonCode", "reasonCodeName"];
  assertEquals(Object.keys(packets).sort(), [...only, ...both].sort());
  assertEquals(only.filter((name) => name in broker), []);
  const [first, second] = [packets as Record<string, unknown>, broker as Record<string, unknown>];
  for (const name of both) assertEquals(first[name] === second[name], true, name);
});

Deno.test("packets pass through the entry as its documentation says", () => {
  const { decodePacket, encodePacket, Framer, PacketType, packetSize } = packets;
  const subscriptions = [{
    topicFilter: "a/+",
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  }] as const;
  const subscribe = {
    type: PacketType.SUBSCRIBE,
    packetId: 7,
    properties: undefined,
    subscriptions: [...subscriptions],
  };
  const bytes = encodePacket(subscribe, 5)!, framer = new Framer();
  assertEquals(packetSize(subscribe, 5), bytes.length);
  for (const byte of bytes) framer.push(Uint8Array.of(byte));
  assertEquals(framer.next(), true);
  const { header, buffer, start, end } = framer;
  assertEquals(decodePacket(header, buffer, start, end, 5), subscribe);
  assertEquals(framer.next(), false);
});
