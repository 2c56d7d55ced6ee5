import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseArguments, valueOf } from "../../src/cli/args.ts";
import { helpText } from "../../src/cli/help.ts";
import { COMMAND_OPTIONS } from "../../src/cli/options.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

const RIGHT: [args: string[], expected: Record<string, string[]>][] = [
  [[], {}],
  [["--config", "a.yaml"], { "--config": ["a.yaml"] }],
  [["--config=a.yaml"], { "--config": ["a.yaml"] }],
  [["--config", "-"], { "--config": ["-"] }],
  [["--config=a=b.yaml"], { "--config": ["a=b.yaml"] }],
  [["--tcp", ":1883", "--tcp=[::1]:1884"], { "--tcp": [":1883", "[::1]:1884"] }],
  [["--check", "--help", "--version"], { "--check": [""], "--help": [""], "--version": [""] }],
  [["-h"], { "--help": [""] }],
  [["-V"], { "--version": [""] }],
  [["--ws", ":1", "--wss", ":2", "--tls", ":3", "--unix", "/s", "--info", ":4"], {
    "--ws": [":1"],
    "--wss": [":2"],
    "--tls": [":3"],
    "--unix": ["/s"],
    "--info": [":4"],
  }],
  [["--log-level=debug", "--log-format", "json"], { "--log-level": ["debug"], "--log-format": ["json"] }],
  [["--tls-cert-file", "c", "--tls-key-file", "k", "--client-ca-file", "a", "--store", "kv:x"], {
    "--tls-cert-file": ["c"],
    "--tls-key-file": ["k"],
    "--client-ca-file": ["a"],
    "--store": ["kv:x"],
  }],
];

for (const [args, expected] of RIGHT) {
  Deno.test(`right: ${args.join(" ") || "nothing"}`, () => {
    assertEquals(Object.fromEntries(parseArguments(args)), expected);
  });
}

const WRONG: [args: string[], message: string][] = [
  [["start"], "start: expected an option, see --help"],
  [["-x"], "-x: unknown option, see --help"],
  [["-h", "--help"], "--help: expected once, got it twice"],
  [["-h=1"], "-h=1: unknown option, see --help"],
  [["--confg", "x"], "--confg: unknown option, did you mean --config?"],
  [["--log-levle=info"], "--log-levle: unknown option, did you mean --log-level?"],
  [["--something-else"], "--something-else: unknown option, see --help"],
  [["--"], "--: unknown option, see --help"],
  [["--config"], "--config: expected FILE, got nothing"],
  [["--config="], "--config: expected FILE, got nothing"],
  [["--config", "--check"], "--config: expected FILE, got nothing"],
  [["--tpc", ":1883"], "--tpc: unknown option, did you mean --tcp?"],
  [["--config", "a", "--config", "b"], "--config: expected once, got it twice"],
  [["--check", "--check"], "--check: expected once, got it twice"],
  [["--check=yes"], "--check: takes no value"],
  [["--log-level", "loud"], `--log-level: expected debug, info, warn, error, got "loud"`],
  [["--log-format", "xml"], `--log-format: expected text, json, got "xml"`],
];

for (const [args, message] of WRONG) {
  Deno.test(`wrong: ${args.join(" ")}`, () => {
    assertEquals((assertThrows(() => parseArguments(args), UsageError) as Error).message, message);
  });
}

Deno.test("everything that is wrong is told at once, a line for each", () => {
  const args = ["start", "--unknown", "5", "--config", "--tcp", ":1", "--check=yes", "--log-level", "loud", "--data"];
  assertEquals((assertThrows(() => parseArguments(args), UsageError) as Error).message.split("\n"), [
    "start: expected an option, see --help",
    "--unknown: unknown option, see --help",
    "--config: expected FILE, got nothing",
    "--check: takes no value",
    `--log-level: expected debug, info, warn, error, got "loud"`,
    "--data: expected FOLDER, got nothing",
  ]);
});

Deno.test("the value of an option is its first one", () => {
  const args = parseArguments(["--tcp", ":1", "--tcp", ":2"]);
  assertEquals(valueOf(args, "--tcp"), ":1");
  assertEquals(valueOf(args, "--config"), undefined);
});

Deno.test("options that repeat are said to, and take one value each time", () => {
  const repeating = COMMAND_OPTIONS.filter(({ repeats }) => repeats).map(({ name }) => name);
  const said = helpText().replaceAll("\n", " ");
  assertStringIncludes(said, `Each of ${repeating.join(", ").replace(/, (?=--info$)/, " and ")} makes one listener`);
  assertEquals(said.includes("..."), false);
  for (const name of repeating) {
    assertEquals(parseArguments([name, "a", name, "b"]).get(name), ["a", "b"]);
    assertThrows(() => parseArguments([name, "a", "b"]), UsageError, "b: expected an option");
  }
});

Deno.test("the help text names every option with its value", () => {
  const text = helpText();
  for (const { name, short, value, help } of COMMAND_OPTIONS) {
    assertStringIncludes(text, `  ${name}${value === undefined ? "" : ` ${value}`}`);
    if (short !== undefined) assertStringIncludes(text, `${name}, ${short} `);
    assertStringIncludes(text, help);
  }
  assertEquals(text.split("\n").filter((line) => line.length > 120), []);
});
