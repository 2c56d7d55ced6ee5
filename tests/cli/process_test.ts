/** The program as a process: exit codes, signals, addresses. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import configuration from "../../deno.json" with { type: "json" };
import { connect as tlsConnect } from "node:tls";
import { helpText } from "../../src/cli/help.ts";
import { ANY_PORT, BrokerProcess } from "./broker_process.ts";

const MAP = new URL("../../tools/npm_import_map.json", import.meta.url);

/** CONNECT of an MQTT 5 client "c". */
const CONNECT_5 = Uint8Array.of(0x10, 14, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 60, 0, 0, 1, 0x63);

async function connect(address: string): Promise<Deno.TcpConn> {
  const [hostname, port] = address.split(":");
  const connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(CONNECT_5);
  return connection;
}

async function read(connection: Deno.Conn): Promise<number[]> {
  const buffer = new Uint8Array(256);
  const count = await connection.read(buffer);
  return [...buffer.subarray(0, count ?? 0)];
}

async function withFile<T>(name: string, text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    return await use(`${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("--help and --version print and end", async () => {
  for (const name of ["--help", "-h"]) {
    assertEquals(await BrokerProcess.run([name]), { code: 0, out: helpText(), err: "" });
  }
  assertEquals(await BrokerProcess.run(["--version"]), { code: 0, out: `${configuration.version}\n`, err: "" });
});

Deno.test("a wrong command line ends with 2 and one line", async () => {
  assertEquals(await BrokerProcess.run(["--tpc", ":1"]), {
    code: 2,
    out: "",
    err: "--tpc: unknown option, did you mean --tcp?\n",
  });
});

Deno.test("a wrong configuration ends with 2, one line for each error, and nothing started", async () => {
  const text =
    "hooks: { auth: { allow_all: true } }\nlisteners: [{ type: tcp, address: 127.0.0.1:0 }, { type: ws, address: '188' }]\nx: 1\n";
  await withFile("c.yaml", text, async (path) => {
    const { code, out, err } = await BrokerProcess.run(["--config", path]);
    assertEquals([code, out], [2, ""]);
    assertEquals(err.split("\n").sort(), [
      "",
      `listeners[1].address: expected host:port, got "188" (a port alone is written ":188", and takes all interfaces)`,
      "x: unknown key, known are listeners, hooks, options, logging",
    ]);
  });
});

Deno.test("certificates that cannot be read end with 2 before anything is started", async () => {
  const args = ["--tcp", ANY_PORT, "--tls", ANY_PORT, "--tls-cert-file=/no/cert.pem", "--tls-key-file=/no/key.pem"];
  const { code, err } = await BrokerProcess.run(args);
  assertEquals(code, 2);
  assertMatch(
    err,
    /^--tls-cert-file: \/no\/cert\.pem cannot be read: .*\n--tls-key-file: \/no\/key\.pem cannot be read: .*\n$/,
  );
});

Deno.test("--check says whether the configuration is right, and starts nothing", async () => {
  const right = { hooks: { auth: { allow_all: true } }, listeners: [{ type: "tcp", address: ANY_PORT }] };
  assertEquals(await BrokerProcess.run(["--check", "--config", "-"], JSON.stringify(right)), {
    code: 0,
    out: "the configuration is right\n",
    err: "",
  });
  const wrong = await BrokerProcess.run(["--check", "--config", "-"], `{ "hooks": {} }`);
  assertEquals([wrong.code, wrong.out], [2, ""]);
  assertMatch(wrong.err, /^hooks\.auth: expected one of/);
});

Deno.test("--check tells the limits that are in force where something listens beyond loopback", async () => {
  const options = { capabilities: { maximum_connection_rate: 0, maximum_sockets: 10_000_000 } };
  const config = { hooks: { auth: { allow_all: true } }, listeners: [{ type: "ws", address: ":1" }], options };
  const { code, out, err } = await BrokerProcess.run(["--check", "--config", "-"], JSON.stringify(config));
  assertEquals(code, 0);
  assertMatch(out, /^limits in force,.*\n( {2}[a-z_]+: \d+\n){8}the configuration is right\n$/);
  assertStringIncludes(out, "\n  maximum_connection_rate: 0\n");
  assertStringIncludes(out, "\n  maximum_clients_per_address: 10000\n");
  if (Deno.build.os === "linux") {
    assertMatch(err, /^warning: maximum_sockets is 10000000, but this process has \d+ file/);
  }
});

Deno.test("--check tells everything at once: the file, its listeners, its rules, the files that they name", async () => {
  const wrong = {
    hooks: { auth: { ledger: { auth: [{ allow: "yes" }] } }, storage: { redis: { url: "redis://h", lease: 0 } } },
    listeners: [
      {
        type: "tls",
        address: ":1",
        tls: { cert_file: "/no/cert.pem", key_file: "/no/key.pem", client_ca_file: "/no/ca.pem" },
      },
      { type: "tcp", address: ":1" },
      { type: "tcp", address: "188" },
    ],
  };
  const { code, out, err } = await BrokerProcess.run(["--check", "--config", "-"], JSON.stringify(wrong));
  assertEquals([code, out], [2, ""]);
  assertEquals(err.trimEnd().split("\n").map((line) => line.split(": ")[0]).sort(), [
    "hooks.auth.ledger.auth[0].allow",
    "hooks.storage.redis.lease",
    "listeners[0].tls.cert_file",
    "listeners[0].tls.client_ca_file",
    "listeners[0].tls.key_file",
    "listeners[1].address",
    "listeners[2].address",
  ]);
});

/** Packages that cannot be had, and a configuration that needs them. */
const MISSING: [name: string, config: string, needs: RegExp][] = [
  ["@std/yaml", "hooks: { auth: { allow_all: true } }", /^standard input: needs jsr:@std\/yaml, .* write it as JSON/],
  ["valibot", `{ "hooks": { "auth": { "allow_all": true } } }`, /^standard input: needs npm:valibot, /],
];

for (const [name, config, needs] of MISSING) {
  Deno.test(`without ${name} the start says in one line what to do`, async () => {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 }), nowhere = `http://127.0.0.1:${taken.addr.port}/x.ts`;
    taken.close();
    const map = JSON.parse(await Deno.readTextFile(MAP)), folder = new URL("./", MAP);
    const scopes = Object.entries(map.scopes).map(([scope, imports]) => {
      return [new URL(scope, folder).href, { ...imports as object, [name]: nowhere }];
    });
    const imports = { ...map.imports, [name]: nowhere };
    for (const key of Object.keys(imports)) imports[key] = new URL(imports[key], folder).href;
    const text = JSON.stringify({ imports, scopes: Object.fromEntries(scopes) });
    await withFile("map.json", text, async (path) => {
      const flags = [`--import-map=${path}`, "--no-lock"];
      const { code, out, err } = await BrokerProcess.run(["--config", "-"], config, flags);
      assertEquals([code, out], [1, ""]);
      const said = err.split("\n").filter((line) => line !== "" && !line.includes("Download"));
      assertEquals(said.length, 1, err);
      assertMatch(said[0], needs);
      assertStringIncludes(said[0], "in a checkout start with `deno task start`");
    });
  });
}

Deno.test("--check warns of rules that are hardly meant", async () => {
  const ledger = { auth: [{ username: "melon", password: "a secret" }, { allow: true }] };
  const config = { hooks: { auth: { ledger } }, listeners: [{ type: "tcp", address: ANY_PORT }] };
  const { code, out, err } = await BrokerProcess.run(["--check", "--config", "-"], JSON.stringify(config));
  assertEquals([code, out], [0, "the configuration is right\n"]);
  assertMatch(err, /^warning: auth\[0\] of the ledger has no allow, so it keeps out .*; write allow: true.*\n$/);
});

Deno.test("the log begins with the version", async () => {
  await using broker = await BrokerProcess.start(["--tcp", ANY_PORT]);
  const [, version] = await broker.line(/INFO {2}starting version=(\S+) deno=\d/);
  assertEquals(version, configuration.version);
});

Deno.test("each listener is told with the address that it really has", async () => {
  await using broker = await BrokerProcess.start(["--tcp", ANY_PORT, "--ws", ANY_PORT, "--info", ANY_PORT]);
  for (const id of ["tcp", "ws", "sysinfo"]) assertMatch(await broker.address(id), /^127\.0\.0\.1:[1-9]\d+$/);
  await broker.line(/INFO {2}every client may connect, from this machine only/);
  await broker.line(/INFO {2}sessions and messages are kept in memory/);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal}: clients are told, and the program ends with 0`, async () => {
    await using broker = await BrokerProcess.start(["--tcp", ANY_PORT]);
    using client = await connect(await broker.address("tcp"));
    assertEquals((await read(client))[0], 0x20);
    const started = performance.now();
    broker.signal(signal);
    const [type, , reason] = await read(client);
    assertEquals([type, reason], [0xe0, 0x8b]);
    const { code, out, err } = await broker.end();
    assertEquals([code, out], [0, ""]);
    assert(performance.now() - started < 5_000);
    assertStringIncludes(err, `INFO  stopping signal=${signal}`);
    assertMatch(err, /INFO {2}stopped\n$/);
  });
}

Deno.test("a port that is in use ends with 1 and says which", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  const { code, out, err } = await BrokerProcess.run(["--tcp", ANY_PORT, "--tcp", address]);
  assertEquals([code, out], [1, ""]);
  assertMatch(err, new RegExp(`ERROR could not start: .*${address}.*in use`));
});

Deno.test("log lines as JSON, on standard output", async () => {
  const config = {
    hooks: { auth: { ledger: { auth: [{ remote: "127.0.0.1", allow: true }] } } },
    listeners: [{ type: "tcp", id: "t1", address: ANY_PORT }],
    logging: { output: "stdout", format: "json" },
  };
  await using broker = await BrokerProcess.start(["--config", "-"], JSON.stringify(config));
  await broker.line(/"listening"/);
  broker.signal("SIGTERM");
  const { code, out, err } = await broker.end();
  assertEquals([code, err], [0, ""]);
  const lines = out.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([lines[0].message, lines[0].version], ["starting", configuration.version]);
  assertEquals([lines[1].message, lines[1].level, lines[1].listener], ["listening", "info", "t1"]);
});

Deno.test("the rules of a configuration hold", async () => {
  const config = `
hooks: { auth: { ledger: { auth: [{ client: other, allow: true }] } } }
listeners: [{ type: tcp, address: "${ANY_PORT}" }]
`;
  await withFile("c.yaml", config, async (path) => {
    await using broker = await BrokerProcess.start(["--config", path]);
    using client = await connect(await broker.address("tcp"));
    const [type, , , reason] = await read(client);
    assertEquals(type, 0x20);
    assert(reason >= 0x80, `reason code ${reason}`);
  });
});

const CERTS = new URL("../helpers/certs/", import.meta.url).pathname;

async function shownCertificate(address: string): Promise<string> {
  const [host, port] = address.split(":");
  const ca = await Deno.readTextFile(`${CERTS}ca.pem`);
  return await new Promise((resolve, reject) => {
    const socket = tlsConnect({ host, port: Number(port), ca, servername: "localhost" }, () => {
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      socket.on("close", () => resolve(fingerprint256));
    });
    socket.on("error", reject);
  });
}

Deno.test("SIGHUP reloads certificates, and bad ones leave the old ones in use", async () => {
  const folder = await Deno.makeTempDir();
  const files = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const use = async (name: string) => {
    await Deno.copyFile(`${CERTS}${name}.pem`, files[0]);
    await Deno.copyFile(`${CERTS}${name}.key`, files[1]);
  };
  await use("server");
  await using broker = await BrokerProcess.start([
    ...["--tls", ANY_PORT, "--wss", ANY_PORT],
    ...["--tls-cert-file", files[0], "--tls-key-file", files[1]],
  ]);
  const addresses = [await broker.address("tls"), await broker.address("wss")];
  const show = () => Promise.all(addresses.map(shownCertificate));
  const first = await show();
  await use("server2");
  broker.signal("SIGHUP");
  await broker.line(/certificate reloaded listener=tls/);
  await broker.line(/certificate reloaded listener=wss/);
  const second = await show();
  assertEquals(first[0], first[1]);
  assertEquals(second[0], second[1]);
  assertNotEquals(first[0], second[0]);
  await Deno.remove(files[1]);
  broker.signal("SIGHUP");
  await broker.line(/ERROR certificate not reloaded, the old one stays in use listener=wss/);
  assertEquals(await show(), second);
  await Deno.remove(folder, { recursive: true });
});

/** Waits for clients to close their connections, which these do not. */
const SLOW = JSON.stringify({
  listeners: [{ type: "tcp", address: ANY_PORT }],
  hooks: { auth: { allow_all: true } },
  options: { close_timeout: 60, capabilities: { compatibilities: { passive_client_disconnect: true } } },
});

Deno.test("a second signal ends the program at once", async () => {
  await using broker = await BrokerProcess.start(["--config", "-"], SLOW);
  using client = await connect(await broker.address("tcp"));
  assertEquals((await read(client))[0], 0x20);
  broker.signal("SIGTERM");
  await broker.line(/stopping signal=SIGTERM/);
  broker.signal("SIGINT");
  const { code, err } = await broker.end();
  assertEquals(code, 1);
  assertMatch(err, /WARN {2}stopped at once, because of a second signal signal=SIGINT\n$/);
});

Deno.test("what is stored is not said to be lost, and a store that cannot be opened ends with 1", async () => {
  const folder = await Deno.makeTempDir();
  await using broker = await BrokerProcess.start(["--tcp", ANY_PORT, "--store", `kv:${folder}/mochi.kv`]);
  await broker.line(/every client may connect/);
  const second = await BrokerProcess.run(["--tcp", ANY_PORT, "--store", `kv:${folder}/mochi.kv`]);
  assertEquals(second.code, 1);
  assertMatch(second.err, /ERROR could not start: .*mochi\.kv/);
  broker.signal("SIGTERM");
  const { code, err } = await broker.end();
  assertEquals([code, err.includes("kept in memory")], [0, false]);
  await Deno.remove(folder, { recursive: true });
});
