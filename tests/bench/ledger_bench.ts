/** What a ledger costs each message: the same question again and again, and one that is new. */
import { ledger } from "../../hooks/auth/ledger.ts";
import { Client } from "../../src/session/client.ts";

const CLIENTS = 2_000;
const rules = ledger({
  auth: [{ allow: true }],
  acl: [
    { username: "device-*", filters: { "devices/#": "read_write", "updates/+": "read" } },
    { filters: { "#": "deny" } },
  ],
});
const clients = Array.from(
  { length: CLIENTS },
  (_, number) => new Client({ id: `${number}`, username: `device-${number}`, protocolVersion: 5, transport: "tcp" }),
);
const topics = Array.from({ length: CLIENTS }, (_, number) => `devices/${number}/temperature`);
let turn = 0;

Deno.bench("ledger: one client, one topic", () => {
  rules.onAclCheck!(clients[0], topics[0], "write");
});

Deno.bench("ledger: 2,000 clients, each with a topic of its own", () => {
  const number = turn++ % CLIENTS;
  rules.onAclCheck!(clients[number], topics[number], "write");
});

Deno.bench("ledger: a topic that was never asked for", () => {
  rules.onAclCheck!(clients[0], `devices/${turn++}`, "write");
});
