import { assertEquals } from "@std/assert";
import { framed, hex } from "../packets/bytes.ts";
import { Harness } from "../helpers/harness.ts";
import { expectServed, rawSocket, writeAll } from "./attackers.ts";

/** Bytes that are no text. */
const BAD: Record<string, string> = {
  "U+0000": "61 00 62",
  "a lone continuation": "80",
  "a cut sequence": "C3",
  "an overlong slash": "C0 AF",
  "an overlong NUL": "C0 80",
  "a high surrogate": "ED A0 80",
  "a low surrogate": "ED BF BF",
  "beyond U+10FFFF": "F4 90 80 80",
  "an old five-byte form": "F8 88 80 80 80",
  "0xFF": "FF",
};

/** Every text field of a client's packets, with the bytes of a text in the place of `@`. */
const CONNECT_FIELDS: Record<string, string> = {
  "Client Identifier": "00 04 'MQTT' 05 02 00 00 00 @",
  "User Name": "00 04 'MQTT' 05 82 00 00 00 00 01 'a' @",
  "Will Topic": "00 04 'MQTT' 05 06 00 00 00 00 01 'a' 00 @ 00 00",
  "protocol name": "@ 05 02 00 00 00 00 01 'a'",
};
const FIELDS: Record<string, [header: number, body: string]> = {
  "Topic Name": [0x30, "@ 00"],
  "Topic Filter": [0x82, "00 01 00 @ 00"],
  "shared Topic Filter": [0xa2, "00 01 00 @"],
};

function textOf(bad: string): string {
  const { length } = hex(bad);
  return `${(length >> 8).toString(16).padStart(2, "0")} ${(length & 255).toString(16).padStart(2, "0")} ${bad}`;
}

for (const [name, bad] of Object.entries(BAD)) {
  Deno.test(`${name} ends the connection in every text field`, async () => {
    await using harness = await Harness.start();
    for (const [field, body] of Object.entries(CONNECT_FIELDS)) {
      const socket = rawSocket(harness), answer = new Uint8Array(200);
      await writeAll(socket, framed(0x10, hex(body.replace("@", textOf(bad)))));
      const length = await socket.read(answer);
      assertEquals(length === null || answer[0] === 0x20 && answer[3] >= 0x80, true, field);
      socket.close();
    }
    for (const [field, [header, body]] of Object.entries(FIELDS)) {
      const client = await harness.connect("a");
      await client.send(framed(header, hex(body.replace("@", textOf(bad)))));
      const { reasonCode } = await client.next();
      assertEquals([0x81, 0x82, 0x90].includes(reasonCode!), true, field);
      await client.expectClosed();
    }
    await expectServed(harness);
  });
}

Deno.test("a byte-order mark is a character like any other, and stays", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("\ufeffa");
  await client.subscribe("\ufefft");
  await client.sendPublish("t", "not this one");
  await client.sendPublish("\ufefft", "x");
  await client.expectMessage("\ufefft", "x");
  assertEquals([harness.broker.clients.get("a"), harness.broker.clients.get("\ufeffa")?.id], [undefined, "\ufeffa"]);
});
