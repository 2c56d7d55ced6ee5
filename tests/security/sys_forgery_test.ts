import { assertEquals } from "@std/assert";
import { ledger } from "../../hooks/auth/ledger.ts";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Harness } from "../helpers/harness.ts";

const OPEN = { id: "open", onConnectAuthenticate: () => true, onAclCheck: () => true };
const TOPICS = ["$SYS/broker/clients/connected", "$SYS/x", "$SYS/"];

for (
  const [name, hook] of [["allow-all", allowAll], ["a ledger", () => ledger({ auth: [{ allow: true }] })], [
    "a hook that says yes",
    () => OPEN,
  ]] as const
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

Deno.test("other topics that begin with $ need a grant", async () => {
  const acl = [{ client: "granted", filters: { "$own/#": "write" } }] as const;
  await using harness = await Harness.start({ hooks: [ledger({ auth: [{ allow: true }], acl })] });
  assertEquals(await (await harness.connect("granted")).publish("$own/t", "x", { qos: 1 }), 0x10);
  assertEquals(await (await harness.connect("other")).publish("$own/t", "x", { qos: 1 }), 0x87);
});
