/** The example that shows where a running broker spends its time. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { callTree, type CpuProfile, topFunctions } from "../../examples/benchmark/cpu_profile.ts";
import { flameGraph } from "../../examples/benchmark/flame_graph.ts";
import { registryFlags } from "../../tools/registry.ts";
import { Child } from "../helpers/child.ts";

/** A profile by hand: main calls work twice from one place, and once from another. */
const profile: CpuProfile = {
  nodes: [
    node(1, "(root)", [2, 3, 6]),
    node(2, "(idle)"),
    node(3, "main", [4, 5]),
    node(4, "work"),
    node(5, "a<b", [7]),
    node(6, "main", [8]),
    node(7, "work"),
    node(8, "work"),
  ],
  startTime: 0,
  endTime: 1_000,
  samples: [2, 3, 4, 8, 7, 5, 2],
  timeDeltas: [0, 400, 100, 200, 100, 150, 50],
};

function node(id: number, functionName: string, children: number[] = []) {
  return { id, callFrame: { functionName, url: "file:///x/src/broker/pump.ts", lineNumber: 9 }, children };
}

Deno.test("a call tree adds up what the samples say, without idle time", () => {
  const [main, ...others] = callTree(profile).children;
  assertEquals(others, []);
  assertEquals([main.name, main.where, main.self, main.total], ["main", "broker/pump.ts:10", 100, 600]);
  assertEquals(main.children.map(({ name, self, total }) => [name, self, total]), [["work", 300, 300], [
    "a<b",
    50,
    200,
  ]]);
  const top = topFunctions(callTree(profile), 2);
  assertEquals(top.map(({ name, share }) => [name, share]), [["work", 450 / 600], ["main", 100 / 600]]);
});

Deno.test("a flame graph is one page, whatever functions are called", () => {
  const page = flameGraph(callTree(profile), "x < y");
  assertStringIncludes(page, "<title>x &#60; y</title>");
  assertStringIncludes(page, 'data-name="a&#60;b"');
  assertStringIncludes(page, "50.000% in all");
  assert(!/ (src|href)=/.test(page), "it needs other files");
});

Deno.test("a profile of nothing is drawn, too", () => {
  const empty = { ...profile, samples: [], timeDeltas: [] };
  assertEquals(topFunctions(callTree(empty), 1)[0].share, 0);
  assertStringIncludes(flameGraph(callTree(empty), "nothing"), "<svg");
});

/** The program with its inspector open. */
async function startBroker(): Promise<{ broker: Child; inspector: string; address: string }> {
  const flags = ["-A", "--no-check", "--inspect=127.0.0.1:0", ...await registryFlags()];
  const broker = new Child(Deno.execPath(), ["run", ...flags, "mod.ts", "--tcp", "127.0.0.1:0"]);
  const [, inspector] = await broker.line(/ws:\/\/(127\.0\.0\.1:\d+)\//);
  const [, address] = await broker.line(/protocol=tcp address=(\S+)/);
  return { broker, inspector, address };
}

Deno.test("a broker under load is profiled while it runs", async () => {
  const { broker, inspector, address } = await startBroker();
  await using _ = broker;
  const out = `${Deno.env.get("TMPDIR") ?? "/tmp"}/flame`;
  await using load = await Child.deno("examples/benchmark/load.ts", ["--address", address, "--seconds", "4"]);
  const options = ["--inspect", inspector, "--seconds", "1.5", "--out", out];
  await using profiler = await Child.deno("examples/benchmark/profile.ts", options);
  assertEquals((await profiler.end()).code, 0);
  assertMatch(profiler.text.out, /busy for \d+\.\d\d of \d+\.\d\d s/);
  assertStringIncludes(await Deno.readTextFile(`${out}.html`), "packet_reader.ts");
  assert(JSON.parse(await Deno.readTextFile(`${out}.cpuprofile`)).samples.length > 100);
  const [, rate] = await load.line(/^(\d+) messages a second$/m);
  assert(Number(rate) > 1_000, `only ${rate} messages a second`);
  assertEquals((await load.end()).code, 0);
  await broker.stop();
});
