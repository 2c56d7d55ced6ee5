import { assertEquals } from "@std/assert";
import { ledger } from "../../hooks/auth/ledger.ts";
import { expectMalformed } from "../conformance/v5/reactions.ts";
import { Harness } from "../helpers/harness.ts";

const FILTERS = ["open", "open/a", "open/#", "open/+", "secret", "secret/a", "secret/#", "+", "#", "$SYS/#", "a/b"];

Deno.test("a shared filter gets the verdict of the filter within", async () => {
  const acl = [{ filters: { "open/#": "read", "a/+": "write", "secret/#": "deny", "#": "deny" } }] as const;
  await using harness = await Harness.start({ hooks: [ledger({ auth: [{ allow: true }], acl })] });
  const client = await harness.connect("a");
  const granted: string[] = [];
  for (const filter of FILTERS) {
    const plain = await client.subscribe(filter), shared = await client.subscribe(`$share/group/${filter}`);
    assertEquals(shared, plain, filter);
    if (plain === 0) granted.push(filter);
  }
  assertEquals(granted, ["open", "open/a", "open/#", "open/+"]);
});

Deno.test("a shared filter that is malformed is refused, and is no way to anything", async () => {
  await using harness = await Harness.start();
  const malformed = [
    "$share/",
    "$share//t",
    "$share/group",
    "$share/group/",
    "$share/a+b/t",
    "$share/#/t",
    "$share/+/t",
  ];
  await expectMalformed(harness, malformed);
  assertEquals([...harness.broker.topics.subscriptions()], []);
});

Deno.test("a member without the right to a topic gets nothing, another one gets all", async () => {
  const acl = [{ client: "denied", filters: { "t/secret": "deny", "t/+": "read" } }] as const;
  await using harness = await Harness.start({ hooks: [ledger({ auth: [{ allow: true }], acl })] });
  const denied = await harness.connect("denied"), allowed = await harness.connect("allowed");
  assertEquals(await denied.subscribe("$share/g/t/open"), 0);
  assertEquals(await denied.subscribe("$share/g/t/+"), 0, "each message is looked at again");
  await allowed.subscribe("$share/g/t/+");
  for (let index = 0; index < 6; index++) await harness.broker.publish("t/secret", `${index}`);
  for (let index = 0; index < 6; index++) await allowed.expectMessage("t/secret", `${index}`);
  await denied.expectNothing();
});
