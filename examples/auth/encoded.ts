/**
 * Rules in a file, passwords hashed. The file is read again when the process gets SIGHUP.
 *
 *     deno run --allow-net --allow-read examples/auth/encoded.ts [127.0.0.1:1883] [rules.json]
 *
 * The passwords of peach and melon in the file are password1 and password2. For others:
 *
 *     deno run examples/auth/hash_password.ts
 */
import { Broker, ledger, parseLedger, TcpListener } from "@mochi/broker";
import { stopped } from "../stopped.ts";

const [address = "127.0.0.1:1883", file = new URL("ledger.json", import.meta.url)] = Deno.args;

// for YAML: parseLedger(text, parse), with `parse` of @std/yaml
const read = async () => parseLedger(await Deno.readTextFile(file));

await using broker = new Broker();
const rules = ledger(await read());
await broker.addHook(rules);
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve();

if (Deno.build.os !== "windows") {
  Deno.addSignalListener("SIGHUP", async () => {
    try {
      rules.update(await read()); // clients that are connected stay
      console.log("rules read again");
    } catch (error) {
      console.error(`the old rules stay: ${(error as Error).message}`);
    }
  });
}

console.log(`MQTT over TCP at ${listener.address}`);
await stopped();
