/**
 * Records where a running broker spends its time, and draws a flame graph.
 *
 *     deno run -A examples/benchmark/profile.ts [--inspect 127.0.0.1:9229] [--seconds 10] [--out flame]
 *
 * The broker has to run with `--inspect`. Writes flame.html, which any browser shows, and flame.cpuprofile for the
 * developer tools of Chrome and of editors; prints the functions that took most of the time.
 */

import { parseArgs } from "node:util";
import { callTree, type CpuProfile, topFunctions } from "./cpu_profile.ts";
import { flameGraph } from "./flame_graph.ts";
import { Inspector } from "./inspector.ts";

/** Microseconds between two looks at what runs. */
const INTERVAL = 250;

/** Records for some seconds. */
async function record(address: string, seconds: number): Promise<CpuProfile> {
  using inspector = await Inspector.connect(address);
  await inspector.call("Profiler.enable");
  await inspector.call("Profiler.setSamplingInterval", { interval: INTERVAL });
  await inspector.call("Profiler.start");
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const { profile } = await inspector.call("Profiler.stop") as { profile: CpuProfile };
  await inspector.call("Profiler.disable");
  return profile;
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    inspect: { type: "string", default: "127.0.0.1:9229" },
    seconds: { type: "string", default: "10" },
    out: { type: "string", default: "flame" },
  },
});

console.log(`recording ${values.inspect} for ${values.seconds} s`);
const profile = await record(values.inspect, Number(values.seconds));
const tree = callTree(profile), length = (profile.endTime - profile.startTime) / 1e6;
await Deno.writeTextFile(`${values.out}.cpuprofile`, JSON.stringify(profile));
await Deno.writeTextFile(`${values.out}.html`, flameGraph(tree, `Broker, ${length.toFixed(1)} s`));

console.log(`busy for ${(tree.total / 1e6).toFixed(2)} of ${length.toFixed(2)} s; in the function itself:`);
for (const { name, where, share } of topFunctions(tree, 15)) {
  console.log(`${(share * 100).toFixed(1).padStart(6)} %  ${name}  ${where}`);
}
console.log(`wrote ${values.out}.html and ${values.out}.cpuprofile`);
