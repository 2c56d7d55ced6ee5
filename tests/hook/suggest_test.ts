import { assertEquals } from "@std/assert";
import { didYouMean, nearest } from "../../src/hook/suggest.ts";

const KNOWN = ["listeners", "hooks", "options", "logging", "maximum_qos", "maximum_inflight"];

const NEAREST: [name: string, likely: string | undefined][] = [
  ["listener", "listeners"],
  ["lisetners", "listeners"],
  ["hook", "hooks"],
  ["maximum_qso", "maximum_qos"],
  ["max_inflight", "maximum_inflight"],
  ["MAXIMUM_QOS", "maximum_qos"],
  ["maximumQos", "maximum_qos"],
  ["hk", undefined],
  ["zebra", undefined],
  ["", undefined],
];

for (const [name, likely] of NEAREST) {
  Deno.test(`"${name}" is near ${likely ?? "nothing"}`, () => assertEquals(nearest(name, KNOWN), likely));
}

Deno.test("without a likely name all known ones are told", () => {
  assertEquals(didYouMean("zebra", ["a", "b"]), "known are a, b");
  assertEquals(didYouMean("hoks", KNOWN), "did you mean hooks?");
});
