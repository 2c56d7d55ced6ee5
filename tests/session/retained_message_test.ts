import { assert, assertEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import type { Properties } from "../../src/packets/types.ts";
import { BUFFER } from "../../src/session/cost.ts";
import { Message, type MessageInit } from "../../src/session/message.ts";
import { costOfRetained, RetainedMessage } from "../../src/session/retained_message.ts";
import { RetainedRooms, Shelf } from "../../src/session/retained_rooms.ts";

function messageOf(payload: string | Uint8Array, more: Partial<MessageInit> = {}): Message {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return new Message({ topic: "t", payload: bytes, retain: true, receivedAt: 1, ...more });
}

function keptMessage(): RetainedMessage {
  return new RetainedMessage("t", new RetainedRooms());
}

function textOf({ payload }: Message): string {
  return new TextDecoder().decode(payload);
}

Deno.test("a retained message gives back all of the message", () => {
  const properties: Properties = {
    messageExpiryInterval: 7,
    contentType: "text/plain",
    correlationData: Uint8Array.of(1, 2),
    userProperties: [["name", "value"]],
  };
  const kept = keptMessage();
  for (const more of [{}, { qos: 2, publisherId: "p", receivedAt: 5, properties }, { qos: 1 }] as const) {
    kept.replace(messageOf("payload", more));
    const message = kept.open(), { qos = 0, publisherId = "", receivedAt = 1 } = more as Partial<MessageInit>;
    assertEquals([message.topic, textOf(message), message.retain], ["t", "payload", true]);
    assertEquals([message.qos, message.publisherId, message.receivedAt], [qos, publisherId, receivedAt]);
    assertEquals(message.properties, "properties" in more ? properties : undefined);
    assertEquals(message.expiresAt, "properties" in more ? 7_005 : Infinity);
  }
});

Deno.test("what was looked at stays what it is, whatever is retained afterwards", () => {
  for (const sizes of [[5, 5, 5], [5, 50, 500, 5_000, 5], [5_000, 3_000, 5_000], [600, 600, 100]]) {
    const kept = keptMessage(), opened: Message[] = [];
    sizes.forEach((size, index) => {
      kept.replace(messageOf(`${index}`.repeat(size)));
      kept.replace(messageOf(`${index}`.repeat(size)));
      opened.push(kept.open());
    });
    kept.replace(messageOf("last"));
    assertEquals(opened.map(textOf), sizes.map((size, index) => `${index}`.repeat(size)));
    assertEquals(textOf(kept.open()), "last");
  }
});

// a packet of this topic has six or seven bytes more than its payload: one that fills a step of memory, the largest that has a room,
// and one that has memory of its own, which shows in what it costs
for (const sizes of [[5], [58], [505, 5], [900, 600]]) {
  Deno.test(`a value that changes all the time takes no new memory: payloads of ${sizes} bytes`, () => {
    const kept = keptMessage(), payloads = sizes.map((size) => new Uint8Array(size));
    kept.replace(messageOf(payloads[0]));
    const { room, cost } = kept;
    const taken = takenDuring(() => {
      for (let time = 0; time < 100; time++) kept.replace(messageOf(payloads[time % payloads.length]));
    });
    assertEquals([taken, kept.room, kept.cost], [0, room, cost]);
  });
}

/** How many rooms are taken meanwhile. */
function takenDuring(run: () => void): number {
  const { take } = Shelf.prototype;
  let taken = 0;
  Shelf.prototype.take = function (tenant) {
    taken++;
    return take.call(this, tenant);
  };
  try {
    run();
  } finally {
    Shelf.prototype.take = take;
  }
  return taken;
}

Deno.test("a message of every length is read again, where its length takes one byte or more", () => {
  const kept = keptMessage();
  for (const size of [...Array.from({ length: 400 }, (_, index) => index + 1), 16_378, 16_379, 16_380, 16_381]) {
    kept.replace(messageOf(new Uint8Array(size).fill(size)));
    const { payload } = kept.open();
    assert(payload.length === size && payload.every((byte) => byte === size % 256), `${size} bytes`);
  }
});

Deno.test("memory of its own costs more than a part of what others share", () => {
  const costs = [511, 512, 513].map((size) => messageOf(new Uint8Array(size)).size);
  assertEquals(costs.map((cost) => cost - costs[0]), [0, 1, 2 + BUFFER]);
  const kept = [505, 506].map((size) => costOfRetained(messageOfFrame(new Uint8Array(size))));
  assertEquals(kept[1] - kept[0], 1 + BUFFER);
});

Deno.test("the memory of a retained message is its own, and counted", () => {
  const kept = keptMessage(), large = new Uint8Array(65_536);
  kept.replace(messageOf(large.subarray(0, 5)));
  assert(kept.open().buffer.buffer.byteLength <= 2_048);
  const small = kept.cost;
  assert(small >= costOfRetained(messageOfFrame("12345")) && small < 1_000);
  kept.replace(messageOf(large));
  assert(kept.cost >= 65_536 && kept.cost < 70_000);
  kept.replace(messageOf("12345"));
  assertEquals(kept.cost, small, "large memory is not kept for a small message");
  assert(kept.open().buffer.buffer.byteLength <= 2_048);
  kept.replace(messageOf("12345", { properties: { messageExpiryInterval: 1 } }));
  assert(kept.cost > small, "a deadline costs something");
});

function messageOfFrame(payload: string | Uint8Array): Message {
  const message = messageOf(payload);
  message.encode();
  return message;
}

Deno.test("a message that is kept no more gives its room to another one", () => {
  const rooms = new RetainedRooms(), texts = Array.from({ length: 300 }, (_, index) => `message ${index}`);
  const kept = texts.map((text) => {
    const message = new RetainedMessage("t", rooms);
    message.replace(messageOf(text));
    return message;
  });
  const shelf = rooms.shelfFor(64), { bytes } = shelf;
  for (const index of [299, 0, 7, 298]) kept[index].release();
  kept[1].replace(messageOf("x".repeat(100)));
  kept[2].replace(messageOf("y".repeat(1_000)));
  assertEquals(textOf(kept[1].open()), "x".repeat(100));
  assertEquals(textOf(kept[2].open()), "y".repeat(1_000));
  kept.forEach((message, index) => {
    if (index > 2 && ![7, 298, 299].includes(index)) assertEquals(textOf(message.open()), texts[index]);
  });
  for (const message of kept) message.release();
  assert(shelf.bytes <= bytes / 3, `${shelf.bytes} bytes are left`);
});

Deno.test("parts that cannot be sent are not retained", () => {
  const kept = keptMessage();
  kept.replace(messageOf("before"));
  const error = assertThrows(() => kept.replace(messageOf("x", { properties: { contentType: "\0" } })), MqttError);
  assertEquals([error.reasonCode, textOf(kept.open())], [0x81, "before"]);
});
