import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UnixListener } from "../../listeners/unix.ts";
import { EchoContext, pattern, roundTrip } from "./echo_context.ts";

// the suite may use these names only
const folder = Deno.env.get("TMPDIR") ?? "/tmp";
const path = `${folder}/broker.sock`;
const ignore = Deno.build.os === "windows";

function connect(): Promise<Deno.UnixConn> {
  return Deno.connect({ transport: "unix", path });
}

function exists(): boolean {
  try {
    return Deno.lstatSync(path) !== undefined;
  } catch {
    return false;
  }
}

Deno.test({ name: "unix echoes, sets the mode, removes the file", ignore }, async () => {
  const context = new EchoContext();
  const listener = new UnixListener({ id: "u", path, mode: 0o640 });
  await listener.listen(context);
  assertEquals([listener.id, listener.protocol, listener.address], ["u", "unix", path]);
  assertEquals(Deno.lstatSync(path).mode! & 0o777, 0o640);
  const client = await connect();
  assertEquals(await roundTrip(client, pattern(200_000)), pattern(200_000));
  assertEquals(context.sockets[0].remoteAddress, path);
  await listener.close();
  await listener.close();
  assertEquals(exists(), false);
  assertEquals(await roundTrip(client, pattern(10)), pattern(10));
  client.close();
  await context.end();
});

Deno.test({ name: "unix replaces the socket of a process that was killed", ignore }, async () => {
  const stale = Deno.listen({ transport: "unix", path });
  Deno.renameSync(path, `${folder}/other.sock`); // the runtime removes the file at its old place only
  stale.close();
  Deno.renameSync(`${folder}/other.sock`, path);
  const context = new EchoContext();
  const listener = new UnixListener({ id: "u", path });
  await listener.listen(context);
  const client = await connect();
  assertEquals(await roundTrip(client, pattern(10)), pattern(10));
  client.close();
  await listener.close();
  await context.end();
});

Deno.test({ name: "unix does not take the socket of a process that lives", ignore }, async () => {
  const first = new UnixListener({ id: "first", path }), second = new UnixListener({ id: "second", path });
  const context = new EchoContext();
  await first.listen(context);
  await assertRejects(() => first.listen(context), Error, "Cannot listen twice");
  const message = `Cannot listen on ${path}: another process listens there; stop it or choose another path`;
  await assertRejects(() => second.listen(context), Error, message);
  await second.close();
  const client = await connect(); // the first one is still there
  assertEquals(await roundTrip(client, pattern(10)), pattern(10));
  client.close();
  await first.close();
  await context.end();
});

Deno.test({ name: "unix does not remove a file that is no socket", ignore }, async () => {
  Deno.writeTextFileSync(path, "precious");
  const listener = new UnixListener({ id: "u", path });
  await assertRejects(() => listener.listen(new EchoContext()), Error, "the file exists and is not a socket");
  assertEquals(Deno.readTextFileSync(path), "precious");
  Deno.removeSync(path);
});

Deno.test({ name: "unix names the path that it cannot use", ignore }, async () => {
  const missing = `${folder}/other.sock`;
  const denied = new UnixListener({ id: "u", path: `${folder}/not/there.sock` });
  await assertRejects(() => denied.listen(new EchoContext()), Error, `Cannot listen on ${folder}/not/there.sock: `);
  assertThrows(() => Deno.lstatSync(missing), Deno.errors.NotFound);
});
