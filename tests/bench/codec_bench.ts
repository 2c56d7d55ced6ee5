/** Speed of the codec's hot paths; each run handles 64 packets, so multiply iter/s by 64. */

import { decodePacket, encodeInto } from "../../src/packets/codec.ts";
import { Framer } from "../../src/packets/framer.ts";
import { decodePublish, encodeAck, encodePublish, type PublishFields } from "../../src/packets/publish.ts";
import { StringCache } from "../../src/packets/string_cache.ts";
import { decodeUtf8 } from "../../src/packets/utf8.ts";
import { Writer } from "../../src/packets/writer.ts";

const BATCH = 64;

/** A message whose PUBLISH has 64 bytes in MQTT 3.1.1. */
function message(fields: Partial<PublishFields> = {}): PublishFields {
  const topic = fields.topic ?? "sensors/room-17/temp";
  const payload = new Uint8Array(64 - 4 - topic.length).fill(0x78);
  return { topic, payload, qos: 0, retain: false, dup: false, packetId: 0, ...fields };
}

function stream(count: number, version: 4 | 5, fields: Partial<PublishFields> = {}): Uint8Array {
  const writer = new Writer();
  for (let i = 0; i < count; i++) encodePublish(writer, message(fields), version);
  return writer.buffer.slice(0, writer.length);
}

const packet4 = stream(1, 4);
const packet5 = stream(1, 5);
const packetQos1 = stream(1, 5, { qos: 1, packetId: 7 });
const withProperties = stream(1, 5, { properties: { messageExpiryInterval: 60, userProperties: [["a", "b"]] } });

for (const [name, bytes, version] of [["v4", packet4, 4], ["v5", packet5, 5]] as const) {
  Deno.bench(`decode PUBLISH QoS 0 ${name} x64`, { group: "decode" }, () => {
    for (let i = 0; i < BATCH; i++) decodePublish(0x30, bytes, 2, bytes.length, version);
  });
}
Deno.bench("decode PUBLISH QoS 0 v5 by decodePacket x64", { group: "decode" }, () => {
  for (let i = 0; i < BATCH; i++) decodePacket(0x30, packet5, 2, packet5.length, 5);
});
Deno.bench("decode PUBLISH QoS 1 v5 x64", { group: "decode" }, () => {
  for (let i = 0; i < BATCH; i++) decodePublish(0x32, packetQos1, 2, packetQos1.length, 5);
});
Deno.bench("decode PUBLISH v5 with two properties x64", { group: "decode" }, () => {
  for (let i = 0; i < BATCH; i++) decodePublish(0x30, withProperties, 2, withProperties.length, 5);
});
Deno.bench("decode PUBACK x64", { group: "decode" }, () => {
  const bytes = Uint8Array.of(0x40, 2, 0, 1);
  for (let i = 0; i < BATCH; i++) decodePacket(0x40, bytes, 2, 4, 5);
});

const writer = new Writer(65_536);
const plain = message();
const qos1 = message({ qos: 1, packetId: 7 });
const rich = message({ properties: { messageExpiryInterval: 60, userProperties: [["a", "b"]] } });
const foreign = message({ topic: "größe/raum-17/wärme" });

for (const [name, fields] of Object.entries({ plain, qos1, rich, foreign })) {
  Deno.bench(`encode PUBLISH v5 ${name} x64`, { group: "encode" }, () => {
    writer.reset();
    for (let i = 0; i < BATCH; i++) encodePublish(writer, fields, 5);
  });
}
Deno.bench("encode PUBACK by encodeAck x64", { group: "encode" }, () => {
  writer.reset();
  for (let i = 0; i < BATCH; i++) encodeAck(writer, 4, 7);
});
Deno.bench("encode PUBACK by encodeInto x64", { group: "encode" }, () => {
  writer.reset();
  for (let i = 0; i < BATCH; i++) encodeInto(writer, { type: 4, packetId: 7, reasonCode: 0 }, 5);
});

const chunk = stream(BATCH, 5);
Deno.bench("frame 64 packets from one read", { group: "frame" }, () => {
  framer.space().set(chunk);
  framer.commit(chunk.length);
  while (framer.next());
});
Deno.bench("frame and decode 64 packets from one read", { group: "frame" }, () => {
  framer.space().set(chunk);
  framer.commit(chunk.length);
  while (framer.next()) decodePacket(framer.header, framer.buffer, framer.start, framer.end, 5);
});
const framer = new Framer({ initialSize: 65_536 });

const encoder = new TextEncoder();
const cache = new StringCache((text) => text);
for (const text of ["a/b", "sensors/room-17/temp", "größe/raum-17/wärme", "x".repeat(100)]) {
  const bytes = encoder.encode(text);
  const group = `string of ${bytes.length} bytes`;
  Deno.bench(`${group}: cache hit x64`, { group }, () => {
    for (let i = 0; i < BATCH; i++) cache.decode(bytes, 0, bytes.length);
  });
  Deno.bench(`${group}: decode x64`, { group, baseline: true }, () => {
    for (let i = 0; i < BATCH; i++) decodeUtf8(bytes, 0, bytes.length);
  });
}
const names = Array.from({ length: 100_000 }, (_, i) => encoder.encode(`sensors/room-${100_000 + i}/temp`));
let turn = 0;
for (const [order, step] of [["in the same order again", 1], ["in another order each time", 7_919]] as const) {
  const known = names.slice(0, 10_000), group = "10,000 topics";
  Deno.bench(`${group}, ${order}: cache x64`, { group }, () => {
    for (let i = 0; i < BATCH; i++) {
      const bytes = known[(turn += step) % known.length];
      cache.decode(bytes, 0, bytes.length);
    }
  });
}
Deno.bench("100,000 topics: cache x64", { group: "misses" }, () => {
  for (let i = 0; i < BATCH; i++) {
    const bytes = names[turn++ % names.length];
    cache.decode(bytes, 0, bytes.length);
  }
});
Deno.bench("100,000 topics: decode x64", { group: "misses", baseline: true }, () => {
  for (let i = 0; i < BATCH; i++) {
    const bytes = names[turn++ % names.length];
    decodeUtf8(bytes, 0, bytes.length);
  }
});
