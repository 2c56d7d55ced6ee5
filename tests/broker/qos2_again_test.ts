import { assertEquals } from "@std/assert";
import { settle } from "../helpers/fake_clock.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import type { Hook } from "../../src/hook/hook.ts";

/** A hook that answers when the test says so, for one kind of access. */
function gate(access: "read" | "write"): { hook: Hook; open(answer: boolean): void; asked(): number } {
  const waiting: ((answer: boolean) => void)[] = [];
  const ask = () => new Promise<boolean>((resolve) => waiting.push(resolve));
  const hook: Hook = {
    id: "gate",
    onConnectAuthenticate: () => true,
    onAclCheck: (_client, topic, asked) => topic === "t" && asked === access ? ask() : true,
  };
  return {
    hook,
    open: (answer) => waiting.splice(0).forEach((resolve) => resolve(answer)),
    asked: () => waiting.length,
  };
}

const properties = { sessionExpiryInterval: 1_000 };

for (const access of ["read", "write"] as const) {
  Deno.test(`a QoS 2 message that comes again while a hook thinks about the right to ${access} is taken once`, async () => {
    const { hook, open, asked } = gate(access);
    await using harness = await Harness.start({ hooks: [hook] });
    const subscriber = await harness.connect({ clientId: "subscriber" });
    await subscriber.subscribe("+", { qos: 2 });
    const first = await harness.connect({ clientId: "publisher", cleanStart: false, properties });
    const packetId = await first.sendPublish("t", "once", { qos: 2 });
    await settle();
    await first.cut();
    const second = await harness.connect({ clientId: "publisher", cleanStart: false, properties });
    await second.sendPublish("t", "once", { qos: 2, dup: true, packetId });
    await settle();
    assertEquals(asked(), access === "read" ? 1 : 2);
    open(true);
    await second.expect({ type: PacketType.PUBREC, packetId });
    open(true);
    await subscriber.expectMessage("t", "once");
    await second.ack(PacketType.PUBREL, packetId);
    await second.expect({ type: PacketType.PUBCOMP, packetId });
    await subscriber.barrier();
    const rest = [];
    for (let packet = subscriber.take(); packet !== undefined; packet = subscriber.take()) rest.push(packet.type);
    assertEquals(rest, []);
    const next = await second.sendPublish("t", "next", { qos: 2, packetId }); // the identifier is free again
    await settle();
    open(true);
    await settle();
    open(true);
    await second.expect({ type: PacketType.PUBREC, packetId: next });
    await subscriber.expectMessage("t", "next");
  });
}

Deno.test("storage that fails for a QoS 2 message that comes again: DISCONNECT 0x83 instead of PUBREC", async () => {
  let fails = false;
  const store: Hook = {
    ...{ id: "store", durable: true, onConnectAuthenticate: () => true, onAclCheck: () => true },
    onQosPublish: () => fails ? Promise.reject(new Error("the disk is full")) : Promise.resolve(),
  };
  await using harness = await Harness.start({ hooks: [store], errorsExpected: true });
  const client = await harness.connect({ clientId: "publisher", cleanStart: false, properties });
  const packetId = await client.sendPublish("t", "once", { qos: 2 });
  await client.expect({ type: PacketType.PUBREC, packetId });
  fails = true;
  await client.sendPublish("t", "once", { qos: 2, dup: true, packetId });
  await client.expect({ type: PacketType.DISCONNECT, reasonCode: 0x83 });
  await client.expectClosed();
});
