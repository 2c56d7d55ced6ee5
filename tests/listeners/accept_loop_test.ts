import { assert, assertEquals } from "@std/assert";
import { AcceptLoop } from "../../listeners/accept_loop.ts";
import { EchoContext, settled } from "./echo_context.ts";

Deno.test("an accept loop goes on after errors, waits longer each time, and logs once a period", async () => {
  const context = new EchoContext();
  let calls = 0, handled = 0;
  const done = Promise.withResolvers<void>(), forever = Promise.withResolvers<null>();
  const times: number[] = [];
  const loop = new AcceptLoop({
    name: "test",
    context,
    accept: () => {
      times.push(performance.now());
      if (++calls <= 4) return Promise.reject(new Error("Too many open files"));
      return calls === 5 ? Promise.resolve({ close() {} }) : forever.promise;
    },
    handle: () => {
      handled++;
      done.resolve();
    },
  });
  await done.promise;
  assertEquals(handled, 1);
  assert(times[4] - times[0] >= 5 + 10 + 20 + 40 - 5, `${times[4] - times[0]} ms`);
  assertEquals(context.lines.length, 1);
  assertEquals(context.lines[0].fields, { listener: "test", error: "Error: Too many open files" });
  loop.stop();
  forever.resolve(null);
  await loop.finished;
});

Deno.test("an accept loop that is stopped while it waits ends at once, and closes what comes too late", async () => {
  const context = new EchoContext();
  const failing = new AcceptLoop({
    name: "test",
    context,
    accept: () => Promise.reject<null>(new Error("no")),
    handle: () => {},
  });
  for (const begin = performance.now(); performance.now() - begin < 80;) {
    await new Promise((done) => setTimeout(done, 5));
  }
  failing.stop(); // it waits 80 ms or more now
  assert(await settled(failing.finished));

  const late = Promise.withResolvers<{ close(): void }>();
  let closed = 0, handled = 0;
  const loop = new AcceptLoop({ name: "test", context, accept: () => late.promise, handle: () => handled++ });
  loop.stop();
  late.resolve({ close: () => closed++ });
  await loop.finished;
  assertEquals([closed, handled], [1, 0]);
});

Deno.test("an accept loop survives a handler that throws", async () => {
  const context = new EchoContext();
  const connections = [{ close() {} }, { close() {} }];
  let handled = 0;
  const loop = new AcceptLoop({
    name: "test",
    context,
    accept: () => Promise.resolve(connections.pop() ?? null),
    handle: () => {
      if (++handled === 1) throw new Error("broken");
    },
  });
  await loop.finished;
  assertEquals([handled, context.lines.length], [2, 1]);
});

for (const name of ["NotConnected", "ConnectionReset", "ConnectionAborted"] as const) {
  Deno.test(`an accept loop does not wait after a connection that its peer has ended: ${name}`, async () => {
    const context = new EchoContext(), last = Promise.withResolvers<void>();
    let resets = 0;
    const start = performance.now();
    const loop = new AcceptLoop({
      name: "test",
      context,
      accept: () => {
        if (performance.now() - start > 1_000) return Promise.resolve(null); // it does wait
        if (++resets <= 1_000) return Promise.reject(new Deno.errors[name]("gone"));
        return Promise.resolve(resets === 1_001 ? { close() {} } : null);
      },
      handle: () => last.resolve(),
    });
    await Promise.race([last.promise, loop.finished]);
    assert(performance.now() - start < 1_000, `${performance.now() - start} ms`);
    await loop.finished;
    assertEquals(context.lines, []);
  });
}

const ENDLESS: [what: string, next: () => Promise<{ close(): void }>][] = [
  ["come", () => Promise.resolve({ close() {} })],
  ["fail", () => Promise.reject(new Deno.errors.NotConnected("gone"))],
];

for (const [what, next] of ENDLESS) {
  Deno.test(`an accept loop lets others have their turn while connections ${what} without end`, async () => {
    const context = new EchoContext();
    let asked = 0;
    const accept = () => ++asked < 100_000 ? next() : Promise.resolve(null);
    const loop = new AcceptLoop({ name: "test", context, accept, handle: () => {} });
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert(asked < 100_000);
    loop.stop();
    await loop.finished;
  });
}
