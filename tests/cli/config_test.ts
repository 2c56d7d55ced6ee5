import { assertEquals, assertRejects } from "@std/assert";
import { parseArguments } from "../../src/cli/args.ts";
import type { ConfigSource } from "../../src/cli/config_file.ts";
import { loadSettings } from "../../src/cli/load_settings.ts";
import type { Settings } from "../../src/cli/settings.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

/** Reads the files that are given; `-` is standard input. */
function sourceOf(files: Record<string, string>): ConfigSource {
  const read = (path: string) => {
    const text = files[path];
    return text === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(text);
  };
  return { readFile: read, readStdin: () => read("-") };
}

function load(args: string[], files: Record<string, string> = {}): Promise<Settings> {
  return loadSettings(parseArguments(args), sourceOf(files));
}

/** Settings of a YAML configuration. */
function loadYaml(text: string, args: string[] = []): Promise<Settings> {
  return load(["--config", "c.yaml", ...args], { "c.yaml": text });
}

async function messageOf(loading: Promise<Settings>): Promise<string> {
  return (await assertRejects(() => loading, UsageError) as Error).message;
}

const AUTH = "hooks: { auth: { allow_all: true } }\n";
const NO_TLS = { tls: undefined };
const DEFAULTS = [
  { type: "tcp", address: "127.0.0.1:1883", id: "tcp", place: "listeners[0]", ...NO_TLS },
  { type: "ws", address: "127.0.0.1:1882", id: "ws", place: "listeners[1]", ...NO_TLS },
  { type: "sysinfo", address: "127.0.0.1:8080", id: "sysinfo", place: "listeners[2]", ...NO_TLS },
];

Deno.test("without options: this machine only, everyone, memory", async () => {
  const settings = await load([]);
  assertEquals(settings.listeners, DEFAULTS as Settings["listeners"]);
  assertEquals(settings.auth, { kind: "allow_all", asked: false });
  assertEquals(settings.store, { kind: "memory" });
  assertEquals(settings.debug, undefined);
  assertEquals(settings.options, {});
  assertEquals(settings.logging.level, "info");
});

const EVERYTHING = `
listeners:
  - { type: tcp, id: t1, address: ":1883" }
  - { type: TLS, address: "0.0.0.0:8883", tls: { cert_file: cert.pem, key_file: /etc/key.pem, client_ca_file: ca.pem, require_client_certificate: false } }
  - { type: ws, address: "[::1]:1882", paths: [/mqtt], allowed_hosts: [broker.example], allowed_origins: ["https://example.org"], require_origin: true, require_subprotocol: 0, websocket_frames: Coalesced, request_timeout: 3, backlog: 5, keep_alive: false }
  - { type: wss, address: "localhost:8884", tls: { cert_file: cert.pem, key_file: key.pem } }
  - { type: unix, address: mqtt.sock, mode: "660" }
  - { type: sysinfo, address: "127.0.0.1:0" }
  - { type: healthcheck, address: ":1880" }
hooks:
  auth:
    allow_all: false
    ledger:
      users: { peach: { password: secret, acl: { "peach/#": 3 } } }
      auth: [{ remote: "127.0.0.1:*", allow: true }]
      acl: [{ username: melon, filters: { "melon/#": read_write, "updates/#": 2 } }]
  storage: { kv: { path: data/mochi.kv, durability: relaxed, stop_timeout: 1000 } }
  debug: { enable: true, events: [packets, wills], payload_bytes: 64, level: info }
options:
  client_net_write_buffer_size: 2048
  client_net_read_buffer_size: 4096
  sys_topic_resend_interval: 10
  inline_client: false
  connect_timeout: 2.5
  close_timeout: 3
  response_information: "answers/{clientId}"
  capabilities:
    maximum_qos: 1
    retain_available: 0
    shared_sub_available: 1
    queue_overflow: drop_oldest
    share_dispatch: sticky
    maximum_session_expiry_interval: 4294967295
    compatibilities: { obscure_not_authorized: true, passive_client_disconnect: 0 }
logging: { level: WARN, format: json, output: stdout }
`;

Deno.test("a file says everything", async () => {
  const { listeners, auth, store, debug, options, logging } = await load(["--config", "/etc/mochi/c.yml"], {
    "/etc/mochi/c.yml": EVERYTHING,
  });
  const tls = {
    certFile: "/etc/mochi/cert.pem",
    keyFile: "/etc/key.pem",
    clientCaFile: "/etc/mochi/ca.pem",
    requireClientCertificate: false,
  };
  assertEquals(
    listeners,
    [
      { type: "tcp", id: "t1", address: ":1883", ...NO_TLS },
      { type: "tls", address: "0.0.0.0:8883", tls, id: "tls" },
      {
        type: "ws",
        address: "[::1]:1882",
        paths: ["/mqtt"],
        allowedHosts: ["broker.example"],
        allowedOrigins: ["https://example.org"],
        requireOrigin: true,
        requireSubprotocol: false,
        websocketFrames: "coalesced",
        requestTimeout: 3,
        backlog: 5,
        keepAlive: false,
        id: "ws",
        ...NO_TLS,
      },
      {
        type: "wss",
        address: "localhost:8884",
        tls: { certFile: "/etc/mochi/cert.pem", keyFile: "/etc/mochi/key.pem" },
        id: "wss",
      },
      { type: "unix", address: "/etc/mochi/mqtt.sock", mode: 0o660, id: "unix", ...NO_TLS },
      { type: "sysinfo", address: "127.0.0.1:0", id: "sysinfo", ...NO_TLS },
      { type: "healthcheck", address: ":1880", id: "healthcheck", ...NO_TLS },
    ].map((listener, index) => ({ ...listener, place: `listeners[${index}]` })) as unknown as Settings["listeners"],
  );
  assertEquals(auth, {
    kind: "ledger",
    rules: {
      users: { peach: { password: "secret", acl: { "peach/#": "read_write" } } },
      auth: [{ remote: "127.0.0.1:*", allow: true }],
      acl: [{ username: "melon", filters: { "melon/#": "read_write", "updates/#": "write" } }],
    },
  });
  assertEquals(store, { kind: "kv", path: "/etc/mochi/data/mochi.kv", durability: "relaxed", stopTimeout: 1000 });
  assertEquals(debug, { events: ["packets", "wills"], payloadBytes: 64, level: "info" });
  assertEquals(options, {
    clientNetWriteBufferSize: 2048,
    clientNetReadBufferSize: 4096,
    sysTopicResendInterval: 10,
    inlineClient: false,
    connectTimeout: 2.5,
    closeTimeout: 3,
    responseInformation: "answers/{clientId}",
    capabilities: {
      maximumQos: 1,
      retainAvailable: false,
      sharedSubAvailable: true,
      queueOverflow: "drop_oldest",
      shareDispatch: "sticky",
      maximumSessionExpiryInterval: 0xffff_ffff,
    },
    compatibilities: { obscureNotAuthorized: true, passiveClientDisconnect: false },
  });
  assertEquals(logging, { level: "warn", format: "json", output: "stdout" });
});

Deno.test("redis with all its options", async () => {
  const redis = "redis: { url: redis://h, prefix: p, lease: 100, timeout: 2, durability: strict, log_period: 3 }";
  assertEquals((await loadYaml(`hooks: { auth: { allow_all: true }, storage: { ${redis} } }`)).store as unknown, {
    ...{ kind: "redis", url: "redis://h", prefix: "p", lease: 100, timeout: 2, durability: "strict", logPeriod: 3 },
  });
});

Deno.test("Deno KV with all its options", async () => {
  const kv = "kv: { path: /p/x, prefix: p, durability: relaxed, stop_timeout: 1, maximum_pending_bytes: 5 }";
  assertEquals((await loadYaml(`hooks: { auth: { allow_all: true }, storage: { ${kv} } }`)).store as unknown, {
    ...{ kind: "kv", path: "/p/x", prefix: "p", durability: "relaxed", stopTimeout: 1, maximumPendingBytes: 5 },
  });
});

Deno.test("the same in JSON, by the ending or from standard input", async () => {
  const json = JSON.stringify({ hooks: { auth: { allow_all: true } }, listeners: [{ type: "tcp", address: ":1" }] });
  const expected = await loadYaml(`${AUTH}listeners: [{ type: tcp, address: ":1" }]`);
  assertEquals(await load(["--config", "c.json"], { "c.json": json }), expected);
  assertEquals(await load(["--config", "-"], { "-": `\n ${json}` }), expected);
  assertEquals(await load(["--config", "-"], { "-": `${AUTH}listeners: [{ type: tcp, address: ":1" }]` }), expected);
});

Deno.test("the command line wins over the file", async () => {
  const file = `${AUTH}logging: { level: error, format: json }\nlisteners: [{ type: tcp, address: ":1" }]\n`;
  const { listeners, store, logging } = await loadYaml(file, [
    "--ws=127.0.0.1:0",
    "--tcp=:2",
    "--tcp=:3",
    "--store=redis://localhost:6379",
    "--log-level=warn",
    "--log-format=text",
  ]);
  assertEquals(listeners.map(({ id, type, address }) => [id, type, address]), [
    ["tcp", "tcp", ":2"],
    ["tcp-2", "tcp", ":3"],
    ["ws", "ws", "127.0.0.1:0"],
  ]);
  assertEquals(store, { kind: "redis", url: "redis://localhost:6379" });
  assertEquals([logging.level, logging.format], ["warn", "text"]);
});

Deno.test("a file without listeners has the default ones", async () => {
  assertEquals((await loadYaml(AUTH)).listeners, DEFAULTS as Settings["listeners"]);
  assertEquals((await loadYaml(AUTH)).auth, { kind: "allow_all", asked: true });
});

Deno.test("certificates of the command line serve the listeners of both", async () => {
  const tls = ["--tls-cert-file=c.pem", "--tls-key-file=k.pem"];
  const expected = { certFile: "c.pem", keyFile: "k.pem" };
  const file = `${AUTH}listeners: [{ type: tls, address: ":1", tls: { cert_file: old.pem, key_file: old.pem } }]`;
  assertEquals((await load(["--tls=:1", ...tls])).listeners[0].tls, expected);
  assertEquals((await load(["--tls=:1", ...tls, "--client-ca-file=a"])).listeners[0].tls?.clientCaFile, "a");
  assertEquals((await loadYaml(file, tls)).listeners[0].tls, expected);
});

Deno.test("the debug hook turns debug lines on, unless a level is given", async () => {
  const hooks = "hooks: { auth: { allow_all: true }, debug: {} }\n";
  assertEquals((await loadYaml(hooks)).logging.level, "debug");
  assertEquals((await loadYaml(`${hooks}logging: { level: info }`)).logging.level, "info");
  assertEquals((await loadYaml(hooks, ["--log-level=warn"])).logging.level, "warn");
  const off = await loadYaml("hooks: { auth: { allow_all: true }, debug: { enable: false } }");
  assertEquals([off.debug, off.logging.level], [undefined, "info"]);
});

Deno.test("rules in a file of their own", async () => {
  const files = {
    "conf/c.yaml": "hooks: { auth: { ledger_file: rules.json } }",
    "conf/rules.json": `{ "auth": [{ "allow": true }] }`,
    "conf/d.yaml": "hooks: { auth: { ledger_file: rules.yaml } }",
    "conf/rules.yaml": "auth: [{ allow: maybe }]",
    "conf/e.yaml": "hooks: { auth: { ledger_file: none.yaml } }",
  };
  assertEquals((await load(["--config=conf/c.yaml"], files)).auth, {
    kind: "ledger",
    rules: { auth: [{ allow: true }] },
  });
  assertEquals(
    await messageOf(load(["--config=conf/d.yaml"], files)),
    `conf/rules.yaml: auth[0].allow: expected true or false, got "maybe"`,
  );
  assertEquals(
    await messageOf(load(["--config=conf/e.yaml"], files)),
    "hooks.auth.ledger_file: conf/none.yaml: cannot be read: no such file",
  );
});

Deno.test("--data names the store where nothing else does", async () => {
  const data = { kind: "kv", path: "data/broker.kv" };
  assertEquals((await load(["--data", "data"])).store as unknown, data);
  assertEquals((await load(["--data", "data", "--store", "memory:"])).store, { kind: "memory" });
  const of = async (file: string) => (await loadYaml(file, ["--data=data"])).store as unknown;
  assertEquals(await of("hooks: { auth: { allow_all: true } }"), data);
  assertEquals(await of("hooks: { auth: { allow_all: true }, storage: { memory: true } }"), { kind: "memory" });
});

const STORES: [url: string, store: unknown][] = [
  ["memory:", { kind: "memory" }],
  ["kv:data/mochi.kv", { kind: "kv", path: "data/mochi.kv" }],
  ["redis://localhost", { kind: "redis", url: "redis://localhost" }],
  ["redis-cluster://a:1,b:2", { kind: "redis", url: "redis-cluster://a:1,b:2" }],
  ["redis-sentinel://a:1/0?name=m", { kind: "redis", url: "redis-sentinel://a:1/0?name=m" }],
  ["rediss://user:pass@host:6380/1", { kind: "redis", url: "rediss://user:pass@host:6380/1" }],
];

for (const [url, store] of STORES) {
  Deno.test(`--store ${url}`, async () => assertEquals((await load(["--store", url])).store as unknown, store));
}

for (const url of ["memory", "kv:", "redis:", "redis://", "mongodb://x", "data.kv"]) {
  Deno.test(`--store ${url} is refused`, async () => {
    const expected = `--store: expected memory:, kv:PATH or redis://HOST:PORT, got "${url}"`;
    assertEquals(await messageOf(load(["--store", url])), expected);
  });
}

Deno.test("a password in an address is not repeated", async () => {
  const message = await messageOf(load(["--store", "http://user:secret@host"]));
  assertEquals(message, `--store: expected memory:, kv:PATH or redis://HOST:PORT, got "http://...@host"`);
});

const WRONG_ARGS: [args: string[], message: string][] = [
  [["--tcp=188"], `--tcp: expected host:port, got "188" (a port alone is written ":188", and takes all interfaces)`],
  [["--tcp=:99999"], `--tcp: expected a port from 0 to 65535, got ":99999"`],
  [["--info=host"], `--info: expected host:port, got "host"`],
  [
    ["--tls=:1"],
    "--tls: has no certificate, add --tls-cert-file FILE\n--tls: has no private key, add --tls-key-file FILE",
  ],
  [["--tls=:1", "--tls-key-file=k"], "--tls: has no certificate, add --tls-cert-file FILE"],
  [["--wss=:1", "--tls-cert-file=c"], "--wss: has no private key, add --tls-key-file FILE"],
  [["--tcp=:1", "--tls-key-file=k"], "--tls-key-file: nothing listens with TLS, add --tls or --wss"],
  [["--config=c.toml"], "c.toml: expected a file that ends in .yaml, .yml or .json"],
  [["--config=none.yaml"], "none.yaml: cannot be read: no such file"],
];

for (const [args, message] of WRONG_ARGS) {
  Deno.test(`wrong: ${args.join(" ")}`, async () => assertEquals(await messageOf(load(args)), message));
}

const WRONG_FILES: [text: string, message: string][] = [
  ["", "c.yaml: is empty"],
  ["[]", "configuration: expected keys with values, got a list"],
  ["tcp", `configuration: expected keys with values, got "tcp"`],
  ["options: {}", "hooks.auth: expected one of allow_all: true, ledger and ledger_file; without it nobody can connect"],
  [
    "hooks: { auth: { allow_all: false } }",
    "hooks.auth: expected one of allow_all: true, ledger and ledger_file; without it nobody can connect",
  ],
  [
    "hooks: { auth: { allow_all: true, ledger_file: x.yaml } }",
    "hooks.auth: expected one of allow_all: true, ledger and ledger_file; they exclude each other",
  ],
  ["hooks: { auth: { ledger: } }", "hooks.auth.ledger: expected keys with values, got nothing"],
  ["hooks: { auth: { ledger: { auth: [] } } }", "hooks.auth.ledger.auth: expected a list of rules, got []"],
  [
    `${AUTH}zebra: 1\nlisteners: [{ type: unix, path: a, other: 1 }]`,
    "listeners[0].address: expected a path, got nothing\nlisteners[0].path: unknown key, did you mean address?\n" +
    "listeners[0].other: unknown key, known are type, id, address, mode\n" +
    "zebra: unknown key, known are listeners, hooks, options, logging",
  ],
  [`${AUTH}maximum_clients: 1`, "maximum_clients: unknown key, it belongs below options.capabilities"],
  [`${AUTH}options: { maximum_qos: 1 }`, "options.maximum_qos: unknown key, it belongs below options.capabilities"],
  [
    `${AUTH}options: { long_client_ids: true }`,
    "options.long_client_ids: unknown key, it belongs below options.compatibilities",
  ],
  ["hooks: { auth: { allow_al: true } }", "hooks.auth.allow_al: unknown key, did you mean allow_all?"],
  [`${AUTH}listener: []`, "listener: unknown key, did you mean listeners?"],
  [`${AUTH}Hooks: []`, "Hooks: unknown key, did you mean hooks?"],
  [`${AUTH}zebra: []`, "zebra: unknown key, known are listeners, hooks, options, logging"],
  [`${AUTH}listeners: []`, "listeners: expected at least one entry, got none"],
  [`${AUTH}listeners: { type: tcp }`, "listeners: expected a list, got keys with values"],
  [
    `${AUTH}listeners: [{ type: tcp, address: ":1" }, { type: tcp, address: "188" }]`,
    `listeners[1].address: expected host:port, got "188" (a port alone is written ":188", and takes all interfaces)`,
  ],
  [`${AUTH}listeners: [{ type: tcp, address: 1883 }]`, "listeners[0].address: expected host:port, got 1883"],
  [`${AUTH}listeners: [{ type: tcp }]`, "listeners[0].address: expected host:port, got nothing"],
  [
    `${AUTH}listeners: [{ address: ":1" }]`,
    "listeners[0].type: expected tcp, tls, ws, wss, unix, sysinfo, healthcheck, got nothing",
  ],
  [
    `${AUTH}listeners: [{ type: udp, address: ":1" }]`,
    `listeners[0].type: expected tcp, tls, ws, wss, unix, sysinfo, healthcheck, got "udp"`,
  ],
  [`${AUTH}listeners: [tcp]`, `listeners[0]: expected keys with values, got "tcp"`],
  [
    `${AUTH}listeners: [{ type: tcp, address: ":1", adress: x }]`,
    "listeners[0].adress: unknown key, did you mean address?",
  ],
  [
    `${AUTH}listeners: [{ type: tcp, address: ":1", tls: {} }]`,
    "listeners[0].tls: unknown key, with a certificate the type is tls",
  ],
  [
    `${AUTH}listeners: [{ type: ws, address: ":1", tls: {} }]`,
    "listeners[0].tls: unknown key, with a certificate the type is wss",
  ],
  [
    `${AUTH}listeners: [{ type: tcp, address: ":1", no_delay: true }]`,
    "listeners[0].no_delay: unknown key, leave it out, packets are always sent without delay",
  ],
  [`${AUTH}listeners: [{ type: ws, address: ":1", path: /a }]`, "listeners[0].path: unknown key, did you mean paths?"],
  [
    `${AUTH}listeners: [{ type: ws, address: ":1", paths: [mqtt] }]`,
    `listeners[0].paths[0]: expected a path that begins with /, got "mqtt"`,
  ],
  [
    `${AUTH}listeners: [{ type: sysinfo, address: ":1", path: stats }]`,
    `listeners[0].path: expected a path that begins with /, got "stats"`,
  ],
  ...["app.example", "https://app.example/page", "https://", ""].map((origin): [string, string] => [
    `${AUTH}listeners: [{ type: ws, address: ":1", allowed_origins: ["${origin}"] }]`,
    `listeners[0].allowed_origins[0]: expected an origin such as https://app.example, or *, got "${origin}"`,
  ]),
  [
    `${AUTH}listeners: [{ type: tls, address: ":1", tls: { key_file: k } }]`,
    "listeners[0]: has no certificate, add tls.cert_file or --tls-cert-file FILE",
  ],
  [
    `${AUTH}listeners: [{ type: tls, address: ":1", tls: { cert_file: c } }]`,
    "listeners[0]: has no private key, add tls.key_file or --tls-key-file FILE",
  ],
  [
    `${AUTH}listeners: [{ type: tls, address: ":1", tls: { cert: c } }]`,
    "listeners[0].tls.cert: unknown key, known are cert_file, key_file, client_ca_file, require_client_certificate",
  ],
  [
    `${AUTH}listeners: [{ type: ws, address: ":1", websocket_frames: one }]`,
    `listeners[0].websocket_frames: expected packets, coalesced, got "one"`,
  ],
  [
    `${AUTH}listeners: [{ type: tcp, id: a, address: ":1" }, { type: ws, id: a, address: ":2" }]`,
    `listeners[1].id: expected a name of its own, "a" is in use`,
  ],
  [
    `${AUTH}listeners: [{ type: unix, address: s, mode: 999 }]`,
    `listeners[0].mode: expected permissions in quotes, such as "660", got 999`,
  ],
  [`${AUTH}logging: { level: loud }`, `logging.level: expected debug, info, warn, error, got "loud"`],
  [`${AUTH}options: { capabilities: { maximum_qos: 3 } }`, "options.capabilities.maximum_qos: expected 0 to 2, got 3"],
  [
    `${AUTH}options: { capabilities: { maximum_clients: -1 } }`,
    "options.capabilities.maximum_clients: expected 0 or more, got -1",
  ],
  [
    `${AUTH}options: { capabilities: { maximum_qos: 1.5 } }`,
    "options.capabilities.maximum_qos: expected a whole number, got 1.5",
  ],
  [
    `${AUTH}options: { capabilities: { maximum_qos: "1" } }`,
    `options.capabilities.maximum_qos: expected a number, got "1"`,
  ],
  [
    `${AUTH}options: { capabilities: { maximum_clients: } }`,
    "options.capabilities.maximum_clients: expected a number, got nothing",
  ],
  [
    `${AUTH}options: { capabilities: { retain_available: 2 } }`,
    "options.capabilities.retain_available: expected true or false, got 2",
  ],
  [
    `${AUTH}options: { capabilities: { queue_overflow: drop } }`,
    `options.capabilities.queue_overflow: expected drop_newest, drop_oldest, disconnect, got "drop"`,
  ],
  [
    `${AUTH}options: { capabilities: { maximum_qso: 1 } }`,
    "options.capabilities.maximum_qso: unknown key, did you mean maximum_qos?",
  ],
  [
    `${AUTH}options: { capabilities: { compatibilities: { obscure: true } } }`,
    "options.capabilities.compatibilities.obscure: unknown key, known are obscure_not_authorized, passive_client_disconnect, always_return_response_info, restore_sys_info_on_restart, inherit_properties_on_ack, long_client_ids",
  ],
  [`${AUTH}options: { inline_client: maybe }`, `options.inline_client: expected true or false, got "maybe"`],
  [
    "hooks: { auth: { allow_all: true }, storage: { kv: { path: a }, memory: true } }",
    "hooks.storage: expected one of memory, kv and redis",
  ],
  [
    "hooks: { auth: { allow_all: true }, storage: { redis: { url: http://user:secret@h } } }",
    "hooks.storage.redis.url: expected redis://host:port, or likewise rediss://, redis-sentinel:// or redis-cluster://",
  ],
  [
    "hooks: { auth: { allow_all: true }, storage: { kv: { maximum_pending_bytes: -1 } } }",
    "hooks.storage.kv.path: expected a file, got nothing\n" +
    "hooks.storage.kv.maximum_pending_bytes: expected a whole number of 0 or more, got -1",
  ],
  ["hooks: { auth: { allow_all: true }, storage: { kv: a } }", `hooks.storage.kv: expected keys with values, got "a"`],
  [
    "hooks: { auth: { allow_all: true }, debug: { events: [all] } }",
    `hooks.debug.events[0]: expected lifecycle, connections, packets, pings, subscriptions, messages, retained, qos, wills, sessions, got "all"`,
  ],
  [
    "hooks: { auth: { allow_all: true }, debug: { payload_bytes: -1 } }",
    "hooks.debug.payload_bytes: expected a whole number from 0 to 1048576, got -1",
  ],
];

for (const [text, message] of WRONG_FILES) {
  Deno.test(`wrong: ${text.replace(AUTH, "") || "an empty file"}`, async () => {
    assertEquals(await messageOf(loadYaml(text)), message);
  });
}

Deno.test("numbers end where they should", async () => {
  const debug = (bytes: number) => `hooks: { auth: { allow_all: true }, debug: { payload_bytes: ${bytes} } }`;
  assertEquals((await loadYaml(debug(1_048_576))).debug?.payloadBytes, 1_048_576);
  assertEquals((await messageOf(loadYaml(debug(1_048_577)))).endsWith("to 1048576, got 1048577"), true);
});

Deno.test("origins as they should be", async () => {
  const web = (allowed: string) => `${AUTH}listeners: [{ type: ws, address: ":1", allowed_origins: ["${allowed}"] }]`;
  for (const origin of ["*", "null", "https://app.example", "http://localhost:3000/", "chrome-extension://abc"]) {
    assertEquals((await loadYaml(web(origin))).listeners[0].allowedOrigins, [origin]);
  }
});

Deno.test("what only code can give is no option of a file", async () => {
  for (const name of ["logger", "clock", "dispatch"]) {
    const message = await messageOf(loadYaml(`${AUTH}options: { ${name}: {} }`));
    assertEquals(message.startsWith(`options.${name}: unknown key, `), true, message);
  }
});

Deno.test("compatibilities stand where they stand in code, or where the Go broker has them, but once", async () => {
  const switches = "{ long_client_ids: true }", expected = { longClientIds: true };
  const both = `${AUTH}options: { capabilities: { compatibilities: ${switches} }, compatibilities: ${switches} }`;
  for (
    const options of [`{ compatibilities: ${switches} }`, `{ capabilities: { compatibilities: ${switches} } }`]
  ) {
    assertEquals((await loadYaml(`${AUTH}options: ${options}`)).options.compatibilities, expected);
  }
  assertEquals(await messageOf(loadYaml(both)), "options: expected compatibilities once, got them in capabilities too");
  const message = await messageOf(loadYaml(`${AUTH}options: { compatibilities: { obscure: true } }`));
  assertEquals(message.split(", ")[0], "options.compatibilities.obscure: unknown key");
});

const PORTS: [first: string, second: string, collide: boolean][] = [
  ["tcp 127.0.0.1:1", "ws 127.0.0.1:1", true],
  ["tcp 127.0.0.1:1", "tcp 127.0.0.1:2", false],
  ["tcp 127.0.0.1:0", "tcp 127.0.0.1:0", false],
  ["tcp 127.0.0.1:1", "tcp 127.0.0.2:1", false],
  ["tcp :1", "sysinfo 127.0.0.1:1", true],
  ["tcp :1", "tcp [::1]:1", true],
  ["tcp 0.0.0.0:1", "tcp 127.0.0.1:1", true],
  ["tcp 0.0.0.0:1", "tcp [::1]:1", false],
  ["tcp [::]:1", "tcp 0.0.0.0:1", true],
  ["tcp localhost:1", "tcp 127.0.0.1:1", true],
  ["tcp localhost:1", "tcp [::1]:1", true],
  ["tcp LOCALHOST:1", "healthcheck localhost:1", true],
  ["tcp [0:0:0:0:0:0:0:1]:1", "tcp [::1]:1", true],
  ["tcp example.org:1", "tcp 127.0.0.1:1", false],
  ["unix a.sock", "unix a.sock", true],
  ["unix a.sock", "unix b.sock", false],
];

for (const [first, second, collide] of PORTS) {
  Deno.test(`${first} and ${second}: ${collide ? "one place for two" : "two places"}`, async () => {
    const listeners = [first, second].map((text) => text.split(" ")).map(([type, address]) => ({ type, address }));
    const config = JSON.stringify({ hooks: { auth: { allow_all: true } }, listeners });
    const loading = load(["--config=c.json"], { "c.json": config });
    if (!collide) return void assertEquals((await loading).listeners.length, 2);
    const [, was] = first.split(" "), [type, is] = second.split(" "), what = type === "unix" ? "path" : "port";
    assertEquals(
      await messageOf(loading),
      `listeners[1].address: expected a ${what} of its own, got "${is}", but listeners[0] has ${was} already`,
    );
  });
}

Deno.test("two options with one port", async () => {
  assertEquals(
    await messageOf(load(["--tcp=:1883", "--ws=127.0.0.1:1883"])),
    `--ws: expected a port of its own, got "127.0.0.1:1883", but --tcp has :1883 already`,
  );
});

Deno.test("what is wrong in one part hides nothing in another", async () => {
  const text = `
zebra: 1
listeners:
  - { type: tcp, id: a, address: x }
  - { type: tcp, id: b, address: ":1" }
  - { type: tls, address: ":2" }
  - { type: ws, id: b, address: ":1" }
hooks:
  auth: { ledger: { auth: [{ allow: maybe }, { usr: x }], acl: [{ filters: { "a/#/b": read, "b": all } }] } }
  storage: { kv: { path: a }, memory: true }
options: { inline_client: maybe }
logging: { level: loud }
`;
  const message = await messageOf(loadYaml(text, ["--store=x"]));
  assertEquals(message.split("\n").map((line) => line.split(": ")[0]).sort(), [
    "--store",
    "hooks.auth.ledger.acl[0].filters",
    "hooks.auth.ledger.acl[0].filters.b",
    "hooks.auth.ledger.auth[0].allow",
    "hooks.auth.ledger.auth[1].usr",
    "hooks.storage",
    "listeners[0].address",
    "listeners[2]",
    "listeners[2]",
    "listeners[3].address",
    "listeners[3].id",
    "logging.level",
    "options.inline_client",
    "zebra",
  ]);
});

Deno.test("a part that is wrong is not told twice", async () => {
  const tls = ["--tls-cert-file=c", "--tls-key-file=k"];
  const table: [text: string, args: string[], count: number][] = [
    ["hooks: { auth: { allow_al: true } }", [], 1],
    ["hooks: 1", [], 1],
    ["[]", [], 1],
    [`${AUTH}listeners: 1`, tls, 1],
    [`${AUTH}listeners: [{ type: tls, address: x }]`, tls, 1],
    [`${AUTH}listeners: [{ type: tls, address: x }, { type: tcp, address: y }]`, tls, 2],
  ];
  for (const [text, args, count] of table) {
    const message = await messageOf(loadYaml(text, args));
    assertEquals(message.split("\n").length, count, message);
  }
});

Deno.test("everything that is wrong is told at once", async () => {
  const text =
    `${AUTH}loging: 1\noptions: { capabilities: { maximum_qos: 9 }, x: 1 }\nlisteners: [{ type: tcp, address: x }]`;
  assertEquals((await messageOf(loadYaml(text))).split("\n").length, 4);
});

Deno.test("a file of comments says nothing", async () => {
  const message = await messageOf(loadYaml("# nothing"));
  const known = ["configuration: expected keys with values, got nothing", "c.yaml: is not YAML: "]; // parsers differ
  assertEquals(known.some((start) => message.startsWith(start)), true, message);
});

Deno.test("text that cannot be parsed is told with its file and its form", async () => {
  const TEXTS = [
    ["c.yaml", "a: [1", "c.yaml: is not YAML: "],
    ["c.yaml", "a: 1\na: 2", "c.yaml: is not YAML: "],
    ["c.json", "{", "c.json: is not JSON: "],
    ["-", "{ a: 1 }", "standard input: is not JSON: "],
    ["-", "a: [", "standard input: is not YAML: "],
  ];
  for (const [path, text, start] of TEXTS) {
    const message = await messageOf(load(["--config", path], { [path]: text }));
    assertEquals([message.slice(0, start.length), message.length > start.length], [start, true]);
  }
});
