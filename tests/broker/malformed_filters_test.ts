import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { expectMalformed } from "../conformance/v5/reactions.ts";
import { Harness } from "../helpers/harness.ts";

Deno.test("hooks never see a filter that is malformed", async () => {
  const seen: unknown[] = [];
  const hook: Hook = {
    id: "watching",
    onConnectAuthenticate: () => true,
    onAclCheck: (_client, topic) => seen.push(topic) > 0,
    onSubscribe: (_client, packet) => void seen.push(packet),
    onUnsubscribe: (_client, packet) => void seen.push(packet),
  };
  await using harness = await Harness.start({ hooks: [hook] });
  await expectMalformed(harness, ["", "a/#/b", "a+", "$share/g/", "$share/g"]);
  assertEquals(seen, []);
});

Deno.test("a filter that a hook has spoilt is refused, and the client, who asked for another one, stays", async () => {
  const onSubscribe: Hook["onSubscribe"] = (_client, packet) => ({
    ...packet,
    subscriptions: packet.subscriptions.map((one) => ({ ...one, topicFilter: `${one.topicFilter}+` })),
  });
  const open = { id: "open", onConnectAuthenticate: () => true, onAclCheck: () => true, onSubscribe };
  for (const [version, code] of [[5, 0x8f], [4, 0x80]] as const) {
    await using harness = await Harness.start({ hooks: [open], version });
    const client = await harness.connect();
    assertEquals(await client.subscribe("a"), code);
    await client.expectNothing();
  }
});

Deno.test("malformed filters of the program itself are refused with 0x81", async () => {
  await using harness = await Harness.start();
  for (const filter of ["", "a/#/b", "$share/g/"]) {
    const failed = await Promise.resolve().then(() => harness.broker.subscribe(filter, () => {})).catch((error) =>
      error
    );
    assertEquals(failed instanceof MqttError && failed.reasonCode, 0x81, filter);
  }
});
