import { assertEquals } from "@std/assert";
import { ledger } from "../../hooks/auth/ledger.ts";
import { Harness } from "../helpers/harness.ts";
import { expectServed } from "./attackers.ts";

const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then", "length"];

for (const name of NAMES) {
  Deno.test(`${name} is a name like any other in every text field`, async () => {
    await using harness = await Harness.start();
    const properties = { contentType: name, responseTopic: name, userProperties: [[name, name], ["__proto__", "x"]] };
    const watching = await harness.connect("watching");
    await watching.subscribe(name);
    await watching.subscribe(`$share/${name}/${name}/${name}`);
    const connect = { sessionExpiryInterval: 100, userProperties: properties.userProperties as [string, string][] };
    const client = await harness.connect({
      ...{ clientId: name, username: name, password: name, properties: connect },
      will: { topic: name, payload: name },
    });
    await client.publish(name, name, { retain: true, properties: properties as never });
    const { properties: received } = await watching.expectMessage(name, name);
    assertEquals(received, properties as never);
    await client.publish(`${name}/${name}`, "shared");
    await watching.expectMessage(`${name}/${name}`, "shared");
    await client.cut();
    await watching.expectMessage(name, name); // the will
    const { clients, topics } = harness.broker;
    assertEquals([clients.get(name)?.id, clients.get(name)?.username], [name, name]);
    assertEquals([...topics.retained(name)].length, 1);
    const again = await harness.connect({ clientId: name, username: name, cleanStart: false });
    assertEquals(again.connack!.sessionPresent, true);
    await expectServed(harness);
    assertEquals(({} as Record<string, unknown>).x, undefined, "nobody has changed what all objects have");
  });
}

Deno.test("magic names have no rights in a ledger that does not name them", async () => {
  const hook = ledger({ auth: [{ username: "alice", password: "secret", allow: true }] });
  await using harness = await Harness.start({ hooks: [hook] });
  for (const name of NAMES) {
    const client = await harness.open();
    await client.sendConnect({ clientId: name, username: name, password: "secret" });
    await client.expectRefusal(0x86);
  }
});
