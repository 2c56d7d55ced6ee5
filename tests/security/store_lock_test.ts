/** Lock file of a store linked, moved or deleted; folder of the store deleted. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { excessRights } from "../../hooks/storage/file_rights.ts";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { connectTo } from "../helpers/byte_link.ts";
import { RawClient } from "../helpers/raw_client.ts";

const STORED = { clientId: "stored", cleanStart: false, properties: { sessionExpiryInterval: 100 } };

function startOn(path: string): Promise<BrokerProgram> {
  const listeners = ["tcp", "healthcheck"].map((type) => ({ type, id: type, address: "127.0.0.1:0" }));
  return startProgram({ config: { listeners, hooks: { auth: { allow_all: true }, storage: { kv: { path } } } } });
}

async function connect(broker: BrokerProgram): Promise<RawClient> {
  const stream = await connectTo(`127.0.0.1:${broker.port("tcp")}`);
  return await new RawClient(stream, { version: 5 }).connect(STORED);
}

/** Makes a link; Deno itself asks for the right to write everywhere. */
async function link(command: string, from: string, to: string): Promise<void> {
  assert((await new Deno.Command("sh", { args: ["-c", `${command} "$0" "$1"`, from, to] }).output()).success);
}

/** Ways to the same store, or around its lock, and the path that a second broker is given. */
const WAYS: Record<string, (folder: string) => Promise<string>> = {
  "the same name": (folder) => Promise.resolve(`${folder}/data/broker.kv`),
  "a symbolic link": async (folder) => {
    await link("ln -s", `${folder}/data/broker.kv`, `${folder}/link.kv`);
    return `${folder}/link.kv`;
  },
  "a link to its folder": async (folder) => {
    await link("ln -s", `${folder}/data`, `${folder}/linked`);
    return `${folder}/linked/broker.kv`;
  },
  "a hard link": async (folder) => {
    await link("ln", `${folder}/data/broker.kv`, `${folder}/hard.kv`);
    return `${folder}/hard.kv`;
  },
  "a lock file that was deleted": async (folder) => {
    await Deno.remove(`${folder}/data/broker.kv.lock`);
    return `${folder}/data/broker.kv`;
  },
  "a folder that was moved": async (folder) => {
    await Deno.rename(`${folder}/data`, `${folder}/moved`);
    return `${folder}/moved/broker.kv`;
  },
};

Deno.test("a second broker does not get the store, by whatever way", async () => {
  const folder = await Deno.makeTempDir();
  await using broker = await startOn(`${folder}/data/broker.kv`);
  await connect(broker);
  for (const [name, way] of Object.entries(WAYS)) {
    const path = await way(folder);
    const error = await assertRejects(() => startOn(path), Error, "Cannot open store", name);
    assert(error.message.includes("another broker") && error.message.includes("uses it"), error.message);
  }
  await broker.terminate();
  await using next = await startOn(`${folder}/moved/broker.kv`);
  assert((await connect(next)).connack!.sessionPresent);
});

for (const gone of ["data", "data/broker.kv", "data/broker.kv-wal"]) {
  Deno.test(`a store is not acknowledged to once it has gone: ${gone} is deleted`, async () => {
    const folder = await Deno.makeTempDir();
    await using broker = await startOn(`${folder}/data/broker.kv`);
    const client = await connect(broker), health = `http://127.0.0.1:${broker.port("healthcheck")}/healthcheck`;
    await client.subscribe("t", { qos: 1 });
    assertEquals(await client.publish("kept", "x", { qos: 1, retain: true }), 0x10);
    await Deno.remove(`${folder}/${gone}`, { recursive: true });
    assertEquals(await client.publish("lost", "x", { qos: 1, retain: true }), 0x83);
    await broker.line(/ERROR the store does not take changes.*was deleted or replaced/);
    const { status, body } = await fetch(health);
    await body?.cancel();
    assertEquals(status, 503);
    assertEquals((await broker.terminate()).code, 0);
  });
}

Deno.test("what a store makes is for its own user, and what it finds open to others is told", async () => {
  const folder = await Deno.makeTempDir(), path = `${folder}/data/broker.kv`;
  const mode = async (path: string) => ((await Deno.stat(path)).mode! & 0o777).toString(8);
  {
    await using broker = await startOn(path);
    await connect(broker);
    const names = ["", ".lock", "-wal", "-shm"].map((end) => path + end);
    assertEquals(await Promise.all(names.map(mode)), ["600", "600", "600", "600"]);
    assertEquals(await mode(`${folder}/data`), "700");
    assert(!broker.output().includes("other users"));
    await broker.terminate();
  }
  await Deno.chmod(path, 0o644);
  await Deno.chmod(`${folder}/data`, 0o777);
  await using broker = await startOn(path);
  await broker.line(/WARN {2}other users may use the store file \S+broker\.kv \(0644\); chmod 600/);
  await broker.line(/WARN {2}other users may delete and replace files in the store folder \S+ \(0777\); chmod 700/);
});

Deno.test("a folder in which nobody deletes the files of others, as /tmp, is no cause to warn", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o1777);
  assertEquals(await excessRights([], folder), []);
  await Deno.chmod(folder, 0o777);
  assertEquals((await excessRights([], folder)).length, 1);
});
