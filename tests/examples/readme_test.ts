/** The first program that the README shows is a broker that goes on until it is told to stop. */
import { assert, assertEquals } from "@std/assert";
import { Child } from "../helpers/child.ts";
import { JsClient } from "../helpers/mqtt_js.ts";

Deno.test("readme: the first program serves until Ctrl+C", async () => {
  const [, program] = /```ts\n([^]*?)```/.exec(await Deno.readTextFile("README.md"))!;
  const address = "127.0.0.1:1883";
  assert(program.includes(address));
  // the port of the system, told by the program; imports as the package itself has them
  const script = program.replace(address, "127.0.0.1:0")
    .replace(`"@mochi/broker"`, JSON.stringify(new URL("../../mod.ts", import.meta.url).href)) +
    `console.log("address", [...broker.listeners.values()][0].address);\n`;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(path, script);
  await using child = await Child.deno(path);
  await child.line(/^\$inline says hello$/m);
  const [, real] = await child.line(/^address (\S+)$/m);
  await using client = await JsClient.connect(`mqtt://${real}`, { clientId: "me" });
  await client.mqtt.publishAsync("greetings/you", "hi", { qos: 1 });
  await child.line(/^me says hi$/m);
  child.signal("SIGINT");
  const { code, err } = await child.end();
  assertEquals([code, err], [0, ""]);
  await Deno.remove(path);
});
