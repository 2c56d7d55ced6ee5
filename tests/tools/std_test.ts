import { assertEquals } from "@std/assert";

Deno.test("placeholder", () => assertEquals(new Uint8Array([1]), new Uint8Array([1])));
