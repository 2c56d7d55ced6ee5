import { assertEquals } from "@std/assert";
import { Harness } from "../helpers/harness.ts";
import { login } from "../conformance/v5/hooks.ts";

const LASTING = { sessionExpiryInterval: 100 };

Deno.test("another user gets neither the session nor its queue, and disturbs it in no way", async () => {
  await using harness = await Harness.start({ hooks: [login()] });
  const alice = { clientId: "device", username: "alice", password: "secret", properties: LASTING };
  const first = await harness.connect(alice);
  await first.subscribe("t", { qos: 1 });
  for (const cleanStart of [true, false]) { // while she is there
    const mallory = await harness.open();
    await mallory.sendConnect({ ...alice, username: "mallory", cleanStart });
    await mallory.expectRefusal(0x85);
    await first.expectNothing();
  }
  await first.disconnect();
  await harness.broker.publish("t", "for alice", { qos: 1 });
  const others = [{ username: "mallory", password: "secret" }, { username: undefined, password: undefined }];
  for (const other of others) {
    for (const cleanStart of [true, false]) { // and while she is away
      const mallory = await harness.open();
      await mallory.sendConnect({ ...alice, ...other, cleanStart });
      await mallory.expectRefusal(0x85);
    }
  }
  const again = await harness.connect({ ...alice, cleanStart: false });
  assertEquals(again.connack!.sessionPresent, true);
  await again.expectMessage("t", "for alice");
});

Deno.test("a ClientID is free again when its session has ended", async () => {
  await using harness = await Harness.start({ hooks: [login()] });
  const alice = await harness.connect({ clientId: "device", username: "alice", password: "secret" });
  await alice.disconnect();
  await harness.connect({ clientId: "device", username: "bob", password: "secret" });
});

Deno.test("the same user takes over", async () => {
  await using harness = await Harness.start({ hooks: [login()] });
  const options = { clientId: "device", username: "alice", password: "secret" };
  const first = await harness.connect(options);
  await harness.connect(options);
  await first.expectDisconnect(0x8e);
});
