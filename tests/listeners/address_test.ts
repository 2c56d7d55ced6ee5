import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { formatAddress, formatPeer, parseAddress } from "../../listeners/address.ts";
import { addressOf, bind, listenError } from "../../listeners/bind.ts";

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
  assertThrows(() => parseAddress("1883"), Error, 'a port alone is written ":1883"');
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

/** An `open` that writes down what is tried, fails where it is told to, and gives the port 7 for 0. */
function opener(fails: Record<string, Error> = {}) {
  const tried: string[] = [], closed: string[] = [];
  const open = ({ hostname, port }: { hostname: string; port: number }) => {
    const address = `${hostname} ${port}`;
    tried.push(address);
    if (fails[hostname] !== undefined) throw fails[hostname];
    const addr = { transport: "tcp", hostname, port: port || 7 } as const;
    return { addr, close: () => void closed.push(address) };
  };
  return { open, tried, closed };
}

const inUse = new Deno.errors.AddrInUse("in use"), missing = new Deno.errors.AddrNotAvailable("no");

function hostsOf(opened: { addr: Deno.NetAddr }[]): string[] {
  return opened.map(({ addr }) => addr.hostname);
}

Deno.test("all interfaces means IPv6 and IPv4, and IPv4 where there is no IPv6", () => {
  if (Deno.build.os !== "windows") assertEquals(hostsOf(bind(":1", opener().open)), ["::"]);
  assertEquals(hostsOf(bind(":1", opener({ "::": missing }).open)), ["0.0.0.0"]);
  const { open, tried } = opener({ "::": inUse, "0.0.0.0": inUse });
  assertThrows(() => bind(":1", open), Error, "Cannot listen on :1: address already in use");
  assertEquals(tried.length, 1);
  assertEquals(hostsOf(bind("[::1]:1", opener().open)), ["::1"]);
});

Deno.test("localhost means both loopback addresses, and one where the machine has one", () => {
  const table: [fails: Record<string, Error>, opened: string[]][] = [
    [{}, ["127.0.0.1", "::1"]],
    [{ "::1": missing }, ["127.0.0.1"]],
    [{ "::1": new Error("Address family not supported by protocol") }, ["127.0.0.1"]],
    [{ "127.0.0.1": missing }, ["::1"]],
    [{ "::1": new Deno.errors.NotCapable("no") }, ["127.0.0.1"]],
    [{ "127.0.0.1": new Deno.errors.NotCapable("no"), "::1": new Deno.errors.NotCapable("no") }, ["localhost"]],
  ];
  for (const [fails, opened] of table) assertEquals(hostsOf(bind("localhost:1", opener(fails).open)), opened);
  const none = { "127.0.0.1": missing, "::1": missing, localhost: missing };
  assertThrows(
    () => bind("localhost:1", opener(none).open),
    Error,
    "Cannot listen on localhost:1: this machine does not",
  );
});

Deno.test("localhost is one port on both addresses, and nothing stays open when one of them fails", () => {
  const { open, tried } = opener();
  const opened = bind("LocalHost:0", open);
  assertEquals(tried, ["127.0.0.1 0", "::1 7"]);
  assertEquals(addressOf("LocalHost:0", opened), "LocalHost:7");
  const taken = opener({ "::1": inUse });
  assertThrows(() => bind("localhost:1", taken.open), Error, "Cannot listen on localhost:1: address already in use");
  assertEquals([taken.tried, taken.closed], [["127.0.0.1 1", "::1 1"], ["127.0.0.1 1"]]);
  const always = opener({ "::1": inUse });
  assertThrows(() => bind("localhost:0", always.open), Error, "already in use");
  assertEquals([always.tried.length, always.closed.length], [42, 21]);
  const fails: Record<string, Error> = { "::1": inUse }, again = opener(fails);
  const late = bind("localhost:0", (address) => {
    if (again.tried.length === 2) delete fails["::1"];
    return again.open(address);
  });
  assertEquals([hostsOf(late), again.closed.length], [["127.0.0.1", "::1"], 1]);
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
