/** How many Topic Filters one packet may have. */
import { assertEquals, assertThrows } from "@std/assert";
import { decodePacket } from "../../src/packets/codec.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { hex } from "./bytes.ts";

/** Bodies with three filters, by the first byte of the packet. */
const BODIES: Readonly<Record<string, [header: number, body: string]>> = {
  SUBSCRIBE: [0x82, "00 01 00 00 01 'a' 00 00 01 'b' 00 00 01 'c' 00"],
  UNSUBSCRIBE: [0xa2, "00 01 00 00 01 'a' 00 01 'b' 00 01 'c'"],
};

for (const [name, [header, body]] of Object.entries(BODIES)) {
  Deno.test(`${name} may have as many filters as the limit, and with one more it is refused with 0x97`, () => {
    const bytes = hex(body);
    const decode = (maximumFilters?: number) => decodePacket(header, bytes, 0, bytes.length, 5, { maximumFilters });
    assertEquals(decode(3), decode());
    assertEquals(assertThrows(() => decode(2), MqttError).reasonCode, 0x97);
  });
}
