/**
 * A bridge of mosquitto between two brokers, with its default settings: what one of them gets the other one gets, once, and
 * retained where it was retained. mosquitto itself listens nowhere but on a socket that nobody uses.
 */

import { assertEquals } from "@std/assert";
import { Child } from "../helpers/child.ts";
import { Harness, type RawClient } from "../helpers/harness.ts";
import { testWith } from "../helpers/programs.ts";
import { overTcp, type Transport } from "../helpers/transports.ts";
import { until } from "../helpers/until.ts";

/** One end of the bridge. */
interface End extends AsyncDisposable {
  readonly harness: Harness;
  readonly transport: Transport;
  readonly client: RawClient;
  /** What the bridge tells of itself. */
  readonly state: RawClient;
}

async function startEnd(): Promise<End> {
  const transport = overTcp();
  const harness = await Harness.start({ transport, realTime: true });
  const client = await harness.connect("client"), state = await harness.connect("state");
  await client.subscribe("b/#", { qos: 1 });
  await state.subscribe("$SYS/broker/connection/#", { qos: 0 });
  return { harness, transport, client, state, [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose]() };
}

/** mosquitto with a bridge to each end. */
async function startBridge(folder: string, ends: readonly End[], settings: string): Promise<Child> {
  const connections = ends.map(({ transport: { listener } }, index) =>
    `connection house${index}\naddress ${listener.address}\ntopic # both 1\n${settings}`
  );
  const configuration = ["user root", `listener 0 ${folder}/bridge.sock`, "allow_anonymous true", ...connections];
  await Deno.writeTextFile(`${folder}/bridge.conf`, configuration.join("\n") + "\n");
  return new Child("mosquitto", ["-c", `${folder}/bridge.conf`]);
}

/** Waits for the word of the bridge. */
async function told(end: End, word: string): Promise<void> {
  const { payload, topic } = await end.state.next();
  assertEquals([/^\$SYS\/broker\/connection\/.*house\d\/state$/.test(topic!), new TextDecoder().decode(payload)], [
    true,
    word,
  ]);
}

/** Takes a message at QoS 1. */
async function take(client: RawClient, topic: string, payload: string): Promise<void> {
  const { packetId } = await client.expectMessage(topic, payload);
  await client.ack(4, packetId!);
}

for (
  const [name, settings, isBridge] of [
    ["MQTT 3.1.1", "", true],
    ["MQTT 3.1", "bridge_protocol_version mqttv31", true],
    ["MQTT 5", "bridge_protocol_version mqttv50", false],
    ["MQTT 3.1.1 without the bridge bit", "try_private false", false],
  ] as const
) {
  testWith(["mosquitto"], `mosquitto bridges two brokers in both directions: ${name}`, async () => {
    await using left = await startEnd();
    await using right = await startEnd();
    const ends = [left, right], folder = await Deno.makeTempDir();
    await using bridge = await startBridge(folder, ends, settings);
    for (const { harness, ...end } of ends) {
      await told({ harness, ...end }, "1");
      const bridged = () => [...harness.broker.topics.subscriptions()].some(({ topicFilter }) => topicFilter === "#");
      await until(bridged, `a subscription of the bridge, which says ${bridge.text.err}`);
      const clients = [...harness.broker.clients.list()].filter(({ id }) => id.includes("house"));
      assertEquals(clients.map((client) => client.bridge), [isBridge]);
    }
    if (!settings.includes("try_private")) {
      for (const [from, to] of [[left, right], [right, left]]) {
        const topic = `b/${from === left ? "left" : "right"}`;
        for (const retain of [false, true]) {
          await from.client.sendPublish(topic, `${retain}`, { qos: 1, retain });
          await take(from.client, topic, `${retain}`);
          await from.client.expect({ type: 4 });
          await take(to.client, topic, `${retain}`);
        }
        assertEquals([...to.harness.broker.topics.retained("b/#")].some((message) => message.topic === topic), true);
      }
      for (const { client } of ends) await client.expectNothing();
    }
    bridge.signal("SIGKILL");
    await bridge.end();
    for (const end of ends) await told(end, "0");
    await Deno.remove(folder, { recursive: true });
  });
}
