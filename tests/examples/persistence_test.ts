/** examples/persistence: what is acknowledged is there after the roughest end. */
import { assertEquals } from "@std/assert";
import { Child } from "../helpers/child.ts";
import { testWith } from "../helpers/programs.ts";
import { CrashClient, textOf } from "../storage/crash_client.ts";
import { RedisServer } from "../storage/redis_server.ts";
import { ANY_PORT } from "./example.ts";

/** Orders something while the kitchen is away, kills the broker, and lets the kitchen see. */
async function orderTwice(script: string, store: string): Promise<void> {
  const got: string[] = [], kitchen = new CrashClient("kitchen", { onMessage: (message) => got.push(textOf(message)) });
  const guest = new CrashClient("guest");
  {
    await using first = await Child.deno(`examples/${script}`, [ANY_PORT, store]);
    const [, address] = await first.line(/ at (\S+),/);
    await kitchen.connect(address);
    await kitchen.subscribe("orders/#", 1);
    await kitchen.cut();
    await guest.connect(address);
    await guest.publish("orders/7", "two coffees", { qos: 1 });
    first.signal("SIGKILL");
    await first.end();
    await guest.cut();
  }
  await using second = await Child.deno(`examples/${script}`, [ANY_PORT, store]);
  const [, address] = await second.line(/ at (\S+),/);
  await kitchen.connect(address);
  await kitchen.ping();
  await kitchen.cut();
  await second.stop();
  assertEquals(got, ["two coffees"]);
}

Deno.test("persistence/kv.ts", async () => {
  const folder = await Deno.makeTempDir();
  await orderTwice("persistence/kv.ts", `${folder}/data/broker.kv`);
  await Deno.remove(folder, { recursive: true });
});

testWith(["redis-server"], "persistence/redis.ts", async () => {
  await using server = await RedisServer.start();
  await orderTwice("persistence/redis.ts", `${server.url}?lease=200`);
});
