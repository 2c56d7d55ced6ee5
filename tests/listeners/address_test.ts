import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { formatAddress, formatPeer, parseAddress } from "../../listeners/address.ts";
import { bind, listenError } from "../../listeners/bind.ts";

const GOOD: [text: string, hostname: string, port: number][] = [
  ["127.0.0.1:1883", "127.0.0.1", 1883],
  ["localhost:0", "localhost", 0],
  ["a-b.example_1.com:65535", "a-b.example_1.com", 65_535],
  [":1883", "", 1883],
  ["[::1]:1883", "::1", 1883],
  ["[::]:1", "::", 1],
  ["[fe80::1%eth0]:1883", "fe80::1%eth0", 1883],
  ["[::ffff:192.0.2.1]:1883", "::ffff:192.0.2.1", 1883],
];

Deno.test("parseAddress reads what formatAddress writes", () => {
  for (const [text, hostname, port] of GOOD) {
    assertEquals(parseAddress(text), { hostname, port });
    assertEquals(formatAddress({ hostname, port }), text);
  }
});

Deno.test("parseAddress says what it expected and what it got", () => {
  const bad = [
    "188",
    "",
    ":",
    "localhost",
    "localhost:",
    "a:b",
    "a:-1",
    "a:1.5",
    "a: 1",
    "a b:1",
    "a/b:1",
    "[1]:1",
    "[::1]",
    "::1",
  ];
  for (const text of bad) {
    const error = assertThrows(() => parseAddress(text), Error);
    assertStringIncludes(error.message, `expected host:port, got ${JSON.stringify(text)}`);
  }
  assertThrows(() => parseAddress("a:65536"), Error, 'expected a port from 0 to 65535, got "a:65536"');
  assertThrows(() => parseAddress("a:999999"), Error, "expected host:port");
  assertThrows(() => parseAddress("::1:1883"), Error, "an IPv6 address stands in brackets");
  assertEquals(assertThrows(() => parseAddress("x".repeat(1e6)), Error).message.length < 200, true);
});

Deno.test("formatPeer writes IPv4 as IPv4, IPv6 in brackets, a path as it is", () => {
  const tcp = (hostname: string) => formatPeer({ transport: "tcp", hostname, port: 5 });
  assertEquals(tcp("192.0.2.1"), "192.0.2.1:5");
  assertEquals(tcp("::ffff:192.0.2.1"), "192.0.2.1:5");
  assertEquals(tcp("2001:db8::1"), "[2001:db8::1]:5");
  assertEquals(tcp("::ffff:c000:201"), "[::ffff:c000:201]:5");
  assertEquals(formatPeer({ transport: "unix", path: "/run/a.sock" }), "/run/a.sock");
  assertEquals(formatPeer({ transport: "unix", path: "" }, "/run/b.sock"), "/run/b.sock");
});

Deno.test("all interfaces means IPv6 and IPv4, and IPv4 where there is no IPv6", () => {
  const tried: string[] = [];
  const open = (fails: string[], error: Error) => ({ hostname }: { hostname: string }) => {
    tried.push(hostname);
    if (fails.includes(hostname)) throw error;
    return hostname;
  };
  if (Deno.build.os !== "windows") assertEquals(bind(":1", open([], new Error())), "::");
  assertEquals(bind(":1", open(["::"], new Deno.errors.AddrNotAvailable("no"))), "0.0.0.0");
  tried.length = 0;
  const inUse = open(["::", "0.0.0.0"], new Deno.errors.AddrInUse("in use"));
  assertThrows(() => bind(":1", inUse), Error, "Cannot listen on :1: address already in use");
  assertEquals(tried.length, 1);
  assertEquals(bind("[::1]:1", open([], new Error())), "::1");
});

Deno.test("listenError says what to do", () => {
  const table: [Error, string][] = [
    [new Deno.errors.AddrInUse("x"), "address already in use; stop the program"],
    [new Deno.errors.AddrNotAvailable("x"), "does not have that address; use"],
    [new Deno.errors.PermissionDenied("x"), "does not permit it; use a port above 1023"],
    [new Deno.errors.NotCapable("Requires net access"), "Deno does not permit it; Requires net access"],
    [new Error("who knows"), "who knows"],
  ];
  for (const [cause, text] of table) {
    const error = listenError("h:1", cause);
    assertStringIncludes(error.message, `Cannot listen on h:1: `);
    assertStringIncludes(error.message, text);
    assertEquals(error.cause, cause);
  }
});
