import { assertEquals } from "@std/assert";
import { ledger } from "../../hooks/auth/ledger.ts";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Harness } from "../helpers/harness.ts";

const OPEN = { id: "open", onConnectAuthenticate: () => true, onAclCheck: () => true };
const TOPICS = ["$SYS/broker/clients/connected", "$SYS/x", "$SYS/", "$SYS"];

for (
  const [name, hook] of [["allow-all", allowAll], ["a ledger", () => ledger({ auth: [{ allow: true }] })], [
    "a ledger that grants it",
    () => ledger({ auth: [{ allow: true }], acl: [{ filters: { "$SYS/#": "read_write", "#": "read_write" } }] }),
  ], ["a hook that says yes", () => OPEN]] as const
) {
  Deno.test(`nobody forges $SYS: ${name}`, async () => {
    await using harness = await Harness.start({ hooks: [hook()] });
    const client = await harness.connect("a"), watching = await harness.connect("watching");
    await watching.subscribe("$SYS/#");
    for (const topic of TOPICS) {
      for (const qos of [0, 1, 2] as const) {
        const code = await client.publish(topic, "forged", { qos, retain: true });
        assertEquals(code, qos === 0 ? 0 : 0x87);
      }
      await client.publish(topic, "", { retain: true, properties: { topicAlias: 1 } });
      await client.publish("", "forged", { properties: { topicAlias: 1 } });
      const dying = await harness.open();
      await dying.sendConnect({ clientId: "dying", will: { topic, payload: "forged", retain: true } });
      await dying.expectRefusal(0x87);
    }
    await watching.expectNothing();
    assertEquals([...harness.broker.topics.retained("$SYS/#")], []);
  });
}

Deno.test("a grant that reads $SYS/# writes nothing there, and other names are nobody's", async () => {
  const acl = [{
    filters: { "$SYS/#": "read", "$SYSTEM/#": "write", "$other/#": "read", "sport/#": "write" },
  }] as const;
  await using harness = await Harness.start({ hooks: [ledger({ auth: [{ allow: true }], acl })] });
  const client = await harness.connect("a");
  assertEquals(await client.subscribe("$SYS/#"), 0);
  const codes = { "$SYS": 0x87, "$SYSTEM": 0x10, "$SYSTEM/x": 0x10, "$other": 0x87, "$other/x": 0x87, "sport": 0x10 };
  for (const [topic, code] of Object.entries(codes)) {
    assertEquals(await client.publish(topic, "x", { qos: 1 }), code, topic);
  }
});

Deno.test("other topics that begin with $ need a grant", async () => {
  const acl = [{ client: "granted", filters: { "$own/#": "write" } }] as const;
  await using harness = await Harness.start({ hooks: [ledger({ auth: [{ allow: true }], acl })] });
  assertEquals(await (await harness.connect("granted")).publish("$own/t", "x", { qos: 1 }), 0x10);
  assertEquals(await (await harness.connect("other")).publish("$own/t", "x", { qos: 1 }), 0x87);
});
