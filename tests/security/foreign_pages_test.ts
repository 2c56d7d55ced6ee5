import { assertEquals, assertStringIncludes } from "@std/assert";
import { startProgram } from "../helpers/broker_program.ts";
import { RawWebSocket } from "../helpers/raw_websocket.ts";

const LOCAL = [
  "http://localhost",
  "http://localhost:8000",
  "https://127.0.0.1:8443",
  "http://[::1]:3000",
  "http://a.localhost",
];
const FOREIGN = [
  "https://evil.example",
  "http://localhost.evil.example",
  "http://127.0.0.1.evil.example",
  "http://evil.example#localhost",
  "http://localhost@evil.example",
  "file://",
  "null",
  "",
  "localhost",
  "*",
];
const FOREIGN_HOSTS = [
  "evil.example",
  "evil.example:1882",
  "localhost.evil.example",
  "127.0.0.1.nip.example",
  "192.0.2.1",
  "0.0.0.0",
];

/** Ways to write this machine. */
const THIS_MACHINE = [
  "localhost",
  "LOCALHOST.:1882",
  "a.localhost.",
  "127.1",
  "2130706433",
  "0.0.0.0:1882",
  "0",
  "[::]:1882",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::FFFF:7f00:1]:1882",
  "[::ffff:0.0.0.0]",
];

Deno.test("attack: a page of a foreign origin on the same machine", async () => {
  await using broker = await startProgram();
  const ws = `127.0.0.1:${broker.port("ws")}`, page = `127.0.0.1:${broker.port("http")}`;
  const upgrade = (headers: Record<string, string | undefined>) => RawWebSocket.request(ws, { headers });
  const read = (host: string) => RawWebSocket.request(page, { path: "/", headers: { Host: host } });
  assertEquals((await upgrade({})).status, 101); // a program
  for (const origin of LOCAL) assertEquals((await upgrade({ Origin: origin })).status, 101, origin);
  for (const origin of FOREIGN) {
    const { status, body } = await upgrade({ Origin: origin });
    assertEquals(status, 403, origin);
    assertStringIncludes(body, "allowed_origins");
  }
  for (const host of ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "127.1.2.3"]) {
    assertEquals([(await upgrade({ Host: host })).status, (await read(host)).status], [101, 200], host);
  }
  for (const host of FOREIGN_HOSTS) {
    const [first, second] = [await upgrade({ Host: host, Origin: `http://${host}` }), await read(host)];
    assertEquals([first.status, second.status], [403, 403], host);
    assertEquals((await upgrade({ Host: host })).status, 101, host); // a program: only pages need a name to get here
    assertStringIncludes(first.body + second.body, "allowed_hosts");
    assertEquals(second.body.includes("version"), false);
  }
});

Deno.test("attack: cross-site WebSocket, where pages and hosts are named", async () => {
  const rules = { allowed_origins: ["https://app.example"], allowed_hosts: ["broker.example"] };
  await using broker = await startProgram({
    config: {
      listeners: [
        { type: "ws", id: "named", address: "127.0.0.1:0", ...rules },
        { type: "ws", id: "open", address: "127.0.0.1:0", allowed_origins: ["*"], allowed_hosts: ["*"] },
        { type: "ws", id: "everywhere", address: "0.0.0.0:0" },
        { type: "sysinfo", id: "info", address: "127.0.0.1:0", allowed_hosts: ["broker.example"] },
      ],
      hooks: { auth: { allow_all: true } },
    },
  });
  const status = async (id: string, headers: Record<string, string | undefined>) =>
    (await RawWebSocket.request(`127.0.0.1:${broker.port(id)}`, { headers, path: "/" })).status;
  const app = { Host: "broker.example", Origin: "https://app.example" };
  assertEquals(await status("named", app), 101);
  assertEquals(await status("named", { ...app, Origin: undefined }), 101);
  assertEquals(await status("named", { ...app, Origin: "https://evil.example" }), 403);
  assertEquals(await status("named", { ...app, Origin: "http://localhost" }), 403); // what is set is what counts
  assertEquals(await status("named", { ...app, Host: "localhost" }), 403);
  assertEquals(await status("open", { Host: "a.example", Origin: "https://b.example" }), 101);
  assertEquals(await status("everywhere", { Host: "a.example", Origin: "https://b.example" }), 101);
  for (const host of THIS_MACHINE) {
    assertEquals(await status("everywhere", { Host: host, Origin: "https://b.example" }), 403, host);
    assertEquals(await status("everywhere", { Host: host, Origin: "http://localhost:8000" }), 101, host);
  }
  assertEquals([await status("info", { Host: "broker.example" }), await status("info", { Host: "localhost" })], [
    200,
    403,
  ]);
});
