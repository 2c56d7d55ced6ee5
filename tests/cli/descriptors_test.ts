import { assertEquals } from "@std/assert";
import { descriptorsOfProcess, socketsFor } from "../../src/cli/descriptors.ts";
import { ANY_PORT, BrokerProcess } from "./broker_process.ts";

const limits = (descriptors: string) =>
  `Limit                     Soft Limit           Hard Limit           Units
Max processes             96235                96235                processes
Max open files            ${descriptors}                 524288               files
Max locked memory         65536                65536                bytes
`;

const SOCKETS: [what: string, read: () => string, sockets: number][] = [
  ["256 descriptors", () => limits("256"), 192],
  ["1,024 descriptors", () => limits("1024"), 960],
  ["2,048 descriptors", () => limits("2048"), 1_920],
  ["1,048,576 descriptors", () => limits("1048576"), 1_048_320],
  ["fewer than are kept", () => limits("50"), 25],
  ["no limit", () => limits("unlimited"), 4_000],
  ["another form", () => "", 4_000],
  ["no such file, or no permission", () => {
    throw new Deno.errors.NotCapable("no");
  }, 4_000],
];

for (const [what, read, sockets] of SOCKETS) {
  Deno.test(`sockets of the program: ${what}`, () => assertEquals(socketsFor(descriptorsOfProcess(read)), sockets));
}

Deno.test({ name: "more sockets than descriptors: a warning", ignore: Deno.build.os !== "linux" }, async () => {
  const options = { capabilities: { maximum_sockets: 1_000_000_000 } };
  const listeners = [{ type: "tcp", address: ANY_PORT }], hooks = { auth: { allow_all: true } };
  const configuration = JSON.stringify({ listeners, hooks, options });
  await using process = await BrokerProcess.start(["--config", "-"], configuration);
  await process.line(/WARN {2}maximum_sockets is 1000000000, but this process has \d+ file descriptors; raise them/);
});
