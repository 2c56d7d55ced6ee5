import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { connectPacket, newClient } from "./clients.ts";

Deno.test("everyone may connect", () => {
  assertEquals(allowAll().onConnectAuthenticate!(newClient({}), connectPacket()), true);
  assertEquals(allowAll().onConnectAuthenticate!(newClient({ username: "peach" }), connectPacket("wrong")), true);
});

Deno.test("everyone may read everything, also topics that start with $", () => {
  for (const topic of ["a", "#", "$SYS/#", "$SYS/broker/uptime"]) {
    assertEquals(allowAll().onAclCheck!(newClient({}), topic, "read"), true);
  }
});

Deno.test("everyone may write everything but topics that start with $", () => {
  const verdicts = { "a": true, "a/$b": true, "/$SYS": true, "$SYS/broker/uptime": false, "$": false, "$other": false };
  for (const [topic, verdict] of Object.entries(verdicts)) {
    assertEquals(allowAll().onAclCheck!(newClient({}), topic, "write"), verdict, topic);
  }
});
