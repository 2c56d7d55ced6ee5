import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { hasProgram, type Program, testWith, type TestWithOptions } from "../helpers/programs.ts";

/** What `testWith` would register. */
function registered(installed: Program[], options: TestWithOptions = {}): Deno.TestDefinition {
  const definitions: Deno.TestDefinition[] = [];
  testWith(["mosquitto_pub", "paho"], "clients meet", () => {}, {
    register: (definition) => definitions.push(definition),
    has: (program) => installed.includes(program),
    required: false,
    ...options,
  });
  assertEquals(definitions.length, 1);
  return definitions[0];
}

Deno.test("with its programs a test runs", () => {
  const { name, ignore } = registered(["mosquitto_pub", "paho"]);
  assertEquals([name, ignore], ["clients meet", undefined]);
});

Deno.test("without a program a test is skipped, and says why", () => {
  const { name, ignore } = registered(["mosquitto_pub"]);
  assertEquals([name, ignore], ["clients meet (paho not installed)", true]);
  assertEquals(registered([]).name, "clients meet (mosquitto_pub and paho not installed)");
});

Deno.test("without a program a test fails where programs are required", async () => {
  const { name, ignore, fn } = registered(["paho"], { required: true });
  assertEquals([name, ignore], ["clients meet", undefined]);
  await assertRejects(async () => await fn({} as Deno.TestContext), Error, "mosquitto_pub not installed");
});

Deno.test("without permission to look for a program nobody guesses", () => {
  assertThrows(() => hasProgram("mosquitto_pub"), Error, "--allow-run=mosquitto_pub");
});
