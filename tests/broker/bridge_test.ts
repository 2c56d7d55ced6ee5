import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { ledger } from "../../hooks/auth/ledger.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { type Logger, silentLogger } from "../../src/hook/logger.ts";
import type { ProtocolVersion } from "../../src/packets/types.ts";
import { type ConnectOptions, Harness, type HarnessOptions, PacketType } from "../helpers/harness.ts";

const STATE = "$SYS/broker/connection/house/state";

/** A bridge as mosquitto makes one, notifications included. */
function bridge(protocolVersion: ProtocolVersion, more: ConnectOptions = {}): ConnectOptions {
  const will = { topic: STATE, payload: "0", qos: 1, retain: true } as const;
  return { clientId: "house", protocolVersion, will, ...(protocolVersion === 5 ? {} : { bridge: true }), ...more };
}

for (const version of [3, 4] as const) {
  Deno.test(`[v311 NOTE-15] a bridge of MQTT ${version} has No Local and Retain As Published`, async () => {
    await using harness = await Harness.start({ version });
    const other = await harness.connect("other"), client = await harness.connect(bridge(version));
    assertEquals(harness.broker.clients.get("house")!.bridge, true);
    assertEquals(harness.broker.clients.get("other")!.bridge, false);
    await other.publish("b/kept", "kept", { qos: 1, retain: true });
    await client.publish("b/own", "own", { qos: 1, retain: true });
    await client.subscribe("b/#", { qos: 1 });
    await client.expectMessage("b/kept", "kept", { retain: true });
    await client.ack(PacketType.PUBACK, 1);
    await client.publish("b/own", "own", { qos: 1, retain: true });
    await other.publish("b/live", "live", { qos: 0, retain: true });
    await client.expectMessage("b/live", "live", { retain: true });
    await other.publish("b/live", "live", { qos: 0 });
    await client.expectMessage("b/live", "live", { retain: false });
    await client.expectNothing();
  });

  Deno.test(`[v311 NOTE-15] a bridge of MQTT ${version} may share a subscription, which has no No Local`, async () => {
    await using harness = await Harness.start({ version });
    const client = await harness.connect(bridge(version));
    assertEquals(await client.subscribe("$share/g/b/#"), 0);
    await client.sendPublish("b/own", "own", { retain: true });
    await client.expectMessage("b/own", "own", { retain: true });
  });
}

for (const version of [3, 4, 5] as const) {
  Deno.test(`a bridge of MQTT ${version} tells of itself, and its will does`, async () => {
    await using harness = await Harness.start();
    const watching = await harness.connect({ clientId: "watching", protocolVersion: 4 });
    await watching.subscribe("$SYS/broker/connection/#");
    const client = await harness.connect(bridge(version));
    await client.publish(STATE, "1", { qos: 1, retain: true });
    await watching.expectMessage(STATE, "1");
    await client.cut();
    await watching.expectMessage(STATE, "0");
    assertEquals([...harness.broker.topics.retained("$SYS/#")].map(({ topic }) => topic), [STATE]);
  });
}

Deno.test("below $SYS/ a client writes nothing but its own state, whatever hooks say", async () => {
  const open: Hook = { id: "open", onConnectAuthenticate: () => true, onAclCheck: () => true };
  for (const hook of [open, allowAll()]) {
    await using harness = await Harness.start({ hooks: [hook] });
    const client = await harness.connect({ clientId: "house" });
    const others = ["other/state", "house/state/x", "house/x", "house", "/state", "x/house/state"];
    for (const other of others) {
      assertEquals(await client.publish(`$SYS/broker/connection/${other}`, "1", { qos: 1, retain: true }), 0x87, other);
    }
    assertEquals(await client.publish(STATE, "1", { qos: 1 }), 0x10);
    assertEquals([...harness.broker.topics.retained("$SYS/#")], []);
  }
});

Deno.test("a bridge needs the right to its topic as to any other", async () => {
  const auth = [{ allow: true }];
  {
    await using harness = await Harness.start({ hooks: [ledger({ auth })] });
    const client = await harness.open(4);
    await client.sendConnect(bridge(4));
    await client.expect("20 02 00 05");
    await client.expectClosed();
  }
  await using harness = await Harness.start({ hooks: [ledger({ auth, acl: [{ filters: { [STATE]: "write" } }] })] });
  const client = await harness.connect(bridge(4));
  await client.publish(STATE, "1", { qos: 1, retain: true });
  assertEquals([...harness.broker.topics.retained("$SYS/#")].length, 1);
});

/** A broker whose warnings are kept. */
function warned(options: HarnessOptions): { options: HarnessOptions; warnings: unknown[] } {
  const warnings: unknown[] = [], warn: Logger["warn"] = (message, fields) => warnings.push([message, fields]);
  return { options: { ...options, logger: { ...silentLogger, warn } }, warnings };
}

Deno.test("bridges that are refused are told of as warnings, five in ten seconds; other clients are not", async () => {
  const denied: Hook = { id: "denied", onConnectAuthenticate: () => false, onAclCheck: () => true };
  const { options, warnings } = warned({ hooks: [denied] });
  await using harness = await Harness.start(options);
  const refused = async (connect: ConnectOptions, code: number) => {
    const client = await harness.open(connect.protocolVersion);
    await client.sendConnect(connect);
    assertEquals((await client.next()).reasonCode, code);
  };
  await refused({ protocolVersion: 5 }, 0x86);
  assertEquals(warnings, []);
  await refused(bridge(4), 4);
  const [[message, { client, reasonCode, reason }]] = warnings as [[string, Record<string, unknown>]];
  assertEquals(
    [message, client, reasonCode, reason],
    ["a bridge was refused", "house", 0x86, "Cannot connect: bad user name or password"],
  );
  await refused(bridge(5), 0x86); // known by its will
  assertEquals(warnings.length, 2);
  for (let again = 0; again < 5; again++) await refused(bridge(3), 4);
  assertEquals(warnings.length, 5);
  await harness.clock.advance(10_000);
  await refused(bridge(4, { will: undefined }), 4);
  assertEquals((warnings as [string, Record<string, unknown>][]).map(([, { unreported }]) => unreported).slice(4), [
    undefined,
    2,
  ]);
});

Deno.test("a bridge that is refused while it authenticates is told of too", async () => {
  const properties = { authenticationMethod: "M" };
  const hook: Hook = {
    id: "method",
    onAclCheck: () => true,
    onAuthPacket: (_client, packet) => ({
      type: PacketType.AUTH,
      reasonCode: packet.properties!.authenticationData === undefined ? 0x18 : 0x87,
      properties,
    }),
  };
  const { options, warnings } = warned({ hooks: [hook] });
  await using harness = await Harness.start(options);
  const client = await harness.open();
  await client.sendConnect(bridge(5, { properties }));
  await client.expect({ type: PacketType.AUTH });
  const answer = { ...properties, authenticationData: Uint8Array.of(1) };
  await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties: answer });
  await client.expectRefusal(0x87);
  assertEquals(warnings.length, 1);
});
