import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { readConfiguration, ROOT } from "../../tools/package.ts";

const NPM_FLAGS = "--import-map=tools/npm_import_map.json --no-lock\n";

/** What the tool prints where the registry is at the address; both caches are empty unless told otherwise. */
async function runTool(registry: string, environment: Record<string, string> = {}) {
  const started = performance.now();
  const env = {
    JSR_URL: registry,
    DENO_DIR: await Deno.makeTempDir(),
    TMPDIR: await Deno.makeTempDir(),
    ...environment,
  };
  const inherited = Deno.env.toObject();
  delete inherited.MOCHI_REGISTRY_FLAGS;
  const args = ["run", "--quiet", "-A", "tools/registry.ts"];
  const options = { args, cwd: ROOT, env: { ...inherited, ...env }, clearEnv: true };
  const { code, stdout } = await new Deno.Command(Deno.execPath(), options).output();
  assertEquals(code, 0);
  return { printed: new TextDecoder().decode(stdout), seconds: (performance.now() - started) / 1000 };
}

/** A registry in which every package holds one empty module. */
async function answerAsRegistry(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const source = new TextEncoder().encode("export {};\n");
  if (path.endsWith("/mod.ts")) return new Response(source);
  if (path.endsWith("_meta.json")) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", source)).toHex();
    const manifest = { "/mod.ts": { size: source.length, checksum: `sha256-${digest}` } };
    return Response.json({ manifest, exports: { ".": "./mod.ts" } });
  }
  const [, scope, name] = path.split("/");
  const { imports } = await readConfiguration();
  const version = /\d.*$/.exec(imports[`${scope}/${name}`])![0];
  return Response.json({ scope: scope.slice(1), name, versions: { [version]: {} } });
}

function serve(handler: (request: Request) => Response | Promise<Response>): { url: string } & AsyncDisposable {
  const abort = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, signal: abort.signal, onListen: () => {} };
  const server = Deno.serve(options, handler);
  const dispose = async () => {
    abort.abort();
    await server.finished;
  };
  return { url: `http://127.0.0.1:${server.addr.port}/`, [Symbol.asyncDispose]: dispose };
}

Deno.test("where the registry answers, nothing is printed", async () => {
  await using registry = serve(answerAsRegistry);
  assertEquals((await runTool(registry.url)).printed, "");
});

Deno.test("where the packages are cached, nothing is printed and nobody is asked", async () => {
  const environment = { DENO_DIR: await Deno.makeTempDir() };
  let url;
  {
    await using registry = serve(answerAsRegistry);
    url = registry.url;
    await runTool(url, environment);
  }
  assertEquals((await runTool(url, environment)).printed, "");
});

Deno.test("where one package is missing, the import map is named", async () => {
  await using registry = serve((request) =>
    request.url.includes("@std/yaml") ? new Response(null, { status: 404 }) : answerAsRegistry(request)
  );
  assertEquals((await runTool(registry.url)).printed, NPM_FLAGS);
});

Deno.test("where nobody answers, the import map is named, and remembered for the next time", async () => {
  const environment = { TMPDIR: await Deno.makeTempDir() };
  assertEquals((await runTool("http://127.0.0.1:1/", environment)).printed, NPM_FLAGS);
  let asked = 0;
  await using registry = serve((request) => {
    asked++;
    return answerAsRegistry(request);
  });
  assertEquals((await runTool(registry.url, environment)).printed, NPM_FLAGS);
  assertEquals(asked, 0);
});

Deno.test("what is remembered is forgotten after ten minutes", async () => {
  const environment = { TMPDIR: await Deno.makeTempDir() };
  await runTool("http://127.0.0.1:1/", environment);
  const before = Date.now() / 1000 - 11 * 60;
  for (const { name } of Deno.readDirSync(environment.TMPDIR)) {
    Deno.utimeSync(`${environment.TMPDIR}/${name}`, before, before);
  }
  await using registry = serve(answerAsRegistry);
  assertEquals((await runTool(registry.url, environment)).printed, "");
});

Deno.test("a registry that hangs is given up after a few seconds", async () => {
  const hanging = Promise.withResolvers<Response>();
  await using registry = serve(() => hanging.promise);
  const { printed, seconds } = await runTool(registry.url);
  hanging.resolve(new Response());
  assertEquals(printed, NPM_FLAGS);
  assertLess(seconds, 8);
});

Deno.test("the environment settles the question", async () => {
  assertEquals((await runTool("http://127.0.0.1:1/", { MOCHI_REGISTRY_FLAGS: "" })).printed, "");
  await using registry = serve(answerAsRegistry);
  assertEquals((await runTool(registry.url, { MOCHI_REGISTRY_FLAGS: "--no-lock" })).printed, "--no-lock\n");
});

Deno.test("tasks that need packages ask the tool", async () => {
  const { tasks } = await readConfiguration();
  for (const name of ["start", "check", "bench"]) {
    const task = tasks[name];
    assertMatch(typeof task === "string" ? task : task.command, /\$\(deno run -qA tools\/registry\.ts\)/, name);
  }
  assert(Object.keys(tasks).length > 10);
});
