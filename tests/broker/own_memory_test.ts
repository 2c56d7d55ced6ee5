/** What a program gives and gets is its own: nobody else sees what is written into it, and it sees nobody else's. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { PacketType, type Properties, type PublishPacket, type QoS } from "../../src/packets/types.ts";
import { Harness } from "../helpers/harness.ts";

function propertiesOf(): Properties {
  return { userProperties: [["a", "b"]], correlationData: Uint8Array.of(1, 2) };
}

function scribble({ payload, properties }: PublishPacket): void {
  payload.fill(0x2a);
  properties!.correlationData!.fill(9);
  properties!.userProperties![0] = ["a", "changed"];
  properties!.userProperties!.push(["more", "of it"]);
}

const SCRIBBLED: Properties = {
  ...{ correlationData: Uint8Array.of(9, 9), userProperties: [["a", "changed"], ["more", "of it"]] },
};

for (const qos of [0, 1, 2] as const) {
  for (const from of ["client", "program"] as const) {
    Deno.test(`what an inline handler writes into a packet stays there, from a ${from} at QoS ${qos}`, async () => {
      await using harness = await Harness.start();
      const seen: [string, Properties | undefined][] = [];
      for (const id of [1, 2]) {
        harness.broker.subscribe("t", (_, packet) => {
          seen.push([new TextDecoder().decode(packet.payload), structuredClone(packet.properties)]);
          scribble(packet);
        }, { id });
      }
      const subscriber = await harness.connect("s"), publisher = await harness.connect("p");
      await subscriber.subscribe("t", { qos });
      const options = { qos, retain: true, properties: propertiesOf() };
      if (from === "client") await publisher.publish("t", "text", options);
      else await harness.broker.publish("t", "text", options);
      await subscriber.expectMessage("t", "text", { properties: propertiesOf() });
      harness.broker.subscribe("t", (_, packet) => scribble(packet), { id: 3 }); // is told of the retained message
      await publisher.subscribe("t");
      await publisher.expectMessage("t", "text", { retain: true, properties: propertiesOf() });
      assertEquals(seen, [["text", propertiesOf()], ["text", propertiesOf()]]);
    });
  }
}

/** Ways in which a program publishes. */
const ways: Record<
  string,
  (harness: Harness, given: { payload: Uint8Array; properties: Properties; qos: QoS }) => Promise<void>
> = {
  "broker.publish": async ({ broker }, { payload, ...options }) => await broker.publish("t", payload, options),
  "an injected packet": async ({ broker }, given) => {
    const client = broker.clients.get("injected") ?? broker.newClient({ id: "injected" });
    const packet = { ...given, topic: "t", retain: false, dup: false, packetId: given.qos === 0 ? 0 : 7 };
    await broker.injectPacket(client, { type: PacketType.PUBLISH, ...packet });
  },
};

for (const [way, publish] of Object.entries(ways)) {
  for (const wait of [false, true]) {
    Deno.test(`hooks do not write into what a program publishes: ${way}${wait ? ", later" : ""}`, async () => {
      const onPublish = (_: unknown, packet: PublishPacket) =>
        wait ? Promise.resolve().then(() => scribble(packet)) : scribble(packet);
      const hook: Hook = { id: "scribble", onPublish };
      await using harness = await Harness.start({ hooks: [allowAll(), hook] });
      const subscriber = await harness.connect("s");
      await subscriber.subscribe("t");
      const payload = Uint8Array.of(1, 2), properties = propertiesOf();
      for (let time = 0; time < 2; time++) {
        await publish(harness, { payload, properties, qos: 0 });
        await subscriber.expectMessage("t", "**", { properties: SCRIBBLED });
      }
      assertEquals([payload, properties], [Uint8Array.of(1, 2), propertiesOf()]);
    });
  }
}
