/** The benchmark measures what it says, over every transport, and notices what is lost, repeated or cut off. */

import { assert, assertEquals, assertGreater, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { readArguments } from "../bench/arguments.ts";
import { byCommand } from "../bench/brokers.ts";
import { Flow } from "../bench/load/flow.ts";
import { Histogram } from "../bench/load/histogram.ts";
import type { Link } from "../bench/load/link.ts";
import { publishTemplate, putUint32 } from "../bench/load/packets.ts";
import { Subscriber } from "../bench/load/subscriber.ts";
import { WsLink } from "../bench/load/ws_link.ts";
import { fault, rows } from "../bench/scenarios.ts";
import { median, spread } from "../bench/statistics.ts";
import { format, type Line } from "../bench/table.ts";
import { Child } from "../helpers/child.ts";

const QUICK = ["--rounds", "1", "--seconds", "0.3", "--connections", "20", "--peer", "none"];

async function bench(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  await using child = await Child.deno("tests/bench/bench.ts", [...QUICK, ...args]);
  return await child.end();
}

Deno.test("every transport, every QoS, a hook and idle connections are measured", async () => {
  const names = [
    "qos0-pairs-tls",
    "qos1-fanout-100-ws",
    "qos2-pairs-ws",
    "latency-1k-ws",
    "idle-memory-ws",
    "connects-ws",
  ];
  const over = await bench("--json", "--transport", "ws,tls", "--only", names.join());
  const usual = await bench("--json", "--only", "qos0-pairs-async-hook,qos0-pairs-v5");
  const hooked = await bench("--json", "--hook", "--only", "qos1-pairs-async-hook");
  const lines = [over, usual, hooked].flatMap(({ out }) => JSON.parse(out).lines as Line[]);
  assertEquals(lines.map(({ fault }) => fault).filter((fault) => fault !== ""), []);
  assertEquals(lines.map(({ name }) => name).sort(), [
    "connects-ws",
    "idle-memory-ws",
    "latency-1k-p50-ws",
    "latency-1k-p99-ws",
    "qos0-pairs-async-hook",
    "qos0-pairs-tls",
    "qos0-pairs-v5",
    "qos1-fanout-100-ws",
    "qos1-pairs-async-hook",
    "qos2-pairs-ws",
  ]);
  for (const { name, ours } of lines) if (!name.startsWith("idle")) assertGreater(ours, 0, name);
  assertEquals([over.code, usual.code, hooked.code], [0, 0, 0]);
});

Deno.test("the table names the machine", async () => {
  const { out, code } = await bench("--only", "connects");
  assertEquals(code, 0);
  assertMatch(out, /^\d+ cores, .+, \d+ GiB, \w+ \w+, Deno [\d.]+\n/);
  assertMatch(out, /^scenario +ours /m);
  assertMatch(out, /^connects +[\d,.]+ conn\/s +0% +- /m);
});

Deno.test("a peer that does not start costs its column, not the table", async () => {
  const peer = `${Deno.execPath()} eval "throw 'no licence' // {port}"`;
  const { out, err, code } = await bench("--only", "connects,latency-1k-p50", "--peer", peer);
  assertEquals(code, 0);
  assertMatch(out, /^connects +[\d,.]+ conn\/s +0% +- /m);
  assertMatch(out, /^latency-1k-p50 +\d+ us +0% +- /m);
  assertMatch(err, /^idle-memory is measured without the peer: .*no licence/ms);
});

/** A subscriber of two publishers that is fed by hand. */
function fedSubscriber() {
  const chunks = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 100 });
  const reader = chunks.readable.getReader(), writer = chunks.writable.getWriter();
  const link: Link = {
    gaps: 0,
    read: async (buffer) => {
      const { value } = await reader.read();
      if (value !== undefined) buffer.set(value);
      return value?.length ?? null;
    },
    write: () => Promise.resolve(),
    close: () => {},
  };
  const flow = new Flow({ fan: 1, lag: 0, acknowledged: false });
  const subscriber = new Subscriber(link, flow, { filter: "t", qos: 0, level: 4, publishers: 2 });
  const message = (publisher: number, sequence: number) => {
    const { bytes, payloadAt } = publishTemplate({ topic: "t", qos: 0, level: 4, size: 12, publisher });
    putUint32(bytes, payloadAt + 4, sequence);
    return writer.write(bytes);
  };
  return { flow, subscriber, message, writer };
}

Deno.test("messages that come twice or late, and ends of connections, are noticed", async () => {
  const { flow, subscriber, message, writer } = fedSubscriber();
  const begun = subscriber.begin("s", 4);
  await writer.write(Uint8Array.of(0x20, 2, 0, 0, 0x90, 3, 0, 1, 0));
  await begun;
  for (const [publisher, sequence] of [[0, 0], [0, 1], [1, 0], [0, 1], [1, 2], [1, 1]]) {
    await message(publisher, sequence);
  }
  await writer.close();
  while (flow.closed === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals([flow.delivered, flow.repeated, flow.closed], [4, 2, 1]);
});

Deno.test("a client reads more at once when more comes, also where headers of frames leave gaps", async () => {
  const offered: number[] = [], pong = Uint8Array.of(0x82, 2, 0xd0, 0);
  const link: Link = {
    gaps: 0,
    read: (buffer) => {
      for (let at = 0; at < buffer.length; at += pong.length) buffer.set(pong, at);
      return Promise.resolve(offered.push(buffer.length) < 10 ? buffer.length : null);
    },
    write: () => Promise.resolve(),
    close: () => {},
  };
  const flow = new Flow({ fan: 1, lag: 0, acknowledged: false });
  const subscriber = new Subscriber(new WsLink(link), flow, { filter: "t", qos: 0, level: 4, publishers: 1 });
  await assertRejects(() => subscriber.begin("s", 4), Error, "closed a connection");
  assertEquals([offered[0], Math.max(...offered)], [1_024, 262_144]);
});

Deno.test("a line with losses is void", () => {
  const result = { closed: 0, repeated: 0, lost: 0 } as Parameters<typeof fault>[0];
  assertEquals(fault(result), "");
  assertEquals(fault({ ...result, lost: 3, repeated: 1, closed: 2 }), "lost 3, repeated 1, dropped 2 connections");
  assertMatch(format({ name: "qos0-pairs", fault: "ours lost 3" } as Line), /^qos0-pairs +VOID: ours lost 3$/);
});

Deno.test("percentiles, medians and spreads", () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 10_000; value++) histogram.add(value);
  for (const [share, value] of [[0.5, 5_000], [0.99, 9_900], [0.001, 11]]) {
    assert(Math.abs(histogram.percentile(share) / value - 1) < 1 / 32, `${share}: ${histogram.percentile(share)}`);
  }
  assertEquals([median([]), median([3, 1, 2]), median([4, 1, 2, 3]), spread([90, 100, 120])], [0, 2, 2.5, 0.15]);
});

Deno.test("the command line", () => {
  assertEquals(readArguments(["--help"]), undefined);
  const options = readArguments(["--only", "a, b", "--transport", "ws,tls", "--rounds", "5", "--seconds", "0.5"])!;
  assertEquals([options.hook, readArguments(["--hook"])!.hook], [false, true]);
  assertEquals([options.only, options.transports, options.rounds], [["a", "b"], ["ws", "tls"], 5]);
  assertEquals(options.amount.warmUp, 0.5);
  assertThrows(() => readArguments(["--rounds", "0"]), Error, `current value is "0"`);
  assertThrows(() => readArguments(["--transport", "udp"]), Error, `current value is "udp"`);
  assertThrows(() => readArguments(["--peers", "x"]));
});

Deno.test("a peer is measured over the transports that its command names", () => {
  const peer = byCommand(`broker --listen "127.0.0.1:{port}" --name 'a b'`), ports = { tcp: 1, ws: 2, tls: 3 };
  assertEquals(peer.command({ transport: "tcp" }, ports), ["broker", "--listen", "127.0.0.1:1", "--name", "a b"]);
  assertEquals(peer.command({ transport: "ws" }, ports), undefined);
  assertEquals(peer.command({ transport: "tcp", hook: "async" }, ports), undefined);
});

Deno.test("rows have names of their own", () => {
  const namesOf = (asked: Parameters<typeof rows>[0]) =>
    rows(asked).map(({ scenario: { name }, suffix }) => name + suffix);
  const names = namesOf({ transports: [], hook: false });
  assertEquals(new Set(names).size, names.length);
  assert(names.includes("qos0-pairs-ws") && names.includes("qos0-pairs-async-hook"));
  const asked = namesOf({ transports: ["ws"], hook: true });
  assertEquals(new Set(asked).size, asked.length);
  assert(asked.includes("idle-ws") && asked.includes("qos2-pairs-async-hook") && !asked.includes("qos0-pairs"));
  assert(!asked.includes("idle-async-hook")); // nobody publishes there
});

Deno.test("a row that does not exist is an error", async () => {
  const { code, err } = await bench("--only", "qos3-pairs");
  assertEquals(code, 2);
  assertMatch(err, /Cannot measure "qos3-pairs": there are qos0-pairs, /);
});
