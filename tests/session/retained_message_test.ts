import { assert, assertEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import type { Properties } from "../../src/packets/types.ts";
import { Message, type MessageInit } from "../../src/session/message.ts";
import { costOfRetained, RetainedMessage } from "../../src/session/retained_message.ts";

function messageOf(payload: string | Uint8Array, more: Partial<MessageInit> = {}): Message {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return new Message({ topic: "t", payload: bytes, retain: true, receivedAt: 1, ...more });
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
  const kept = new RetainedMessage("t");
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
    const kept = new RetainedMessage("t"), opened: Message[] = [];
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

Deno.test("a value that changes all the time takes no new memory", () => {
  const kept = new RetainedMessage("t"),
    place = () => {
      const { buffer, payloadStart } = kept.open();
      return [buffer.buffer, buffer.byteOffset + payloadStart] as const;
    };
  kept.replace(messageOf("12345"));
  const [before] = place();
  kept.replace(messageOf("12345")); // the one before was looked at
  for (let value = 10_000; value < 10_100; value++) kept.replace(messageOf(`${value}`));
  const { buffer } = kept.open();
  assertEquals(
    buffer.buffer === before,
    true,
    "the chunk is not full: one place was taken for the first look, no more",
  );
});

Deno.test("the memory of a retained message is its own, and counted", () => {
  const kept = new RetainedMessage("t"), large = new Uint8Array(65_536);
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

function messageOfFrame(payload: string): Message {
  const message = messageOf(payload);
  message.encode();
  return message;
}

Deno.test("parts that cannot be sent are not retained", () => {
  const kept = new RetainedMessage("t");
  kept.replace(messageOf("before"));
  const error = assertThrows(() => kept.replace(messageOf("x", { properties: { contentType: "\0" } })), MqttError);
  assertEquals([error.reasonCode, textOf(kept.open())], [0x81, "before"]);
});
