import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { debug, type DebugEvent, debugEvents, type DebugOptions } from "../../hooks/debug.ts";
import type { Hook, HookContext } from "../../src/hook/hook.ts";
import type { Logger } from "../../src/hook/logger.ts";
import { type Packet, PacketType } from "../../src/packets/types.ts";
import { systemClock } from "../../src/time/clock.ts";
import type { InflightRecord } from "../../src/session/inflight.ts";
import { Message } from "../../src/session/message.ts";
import { connectPacket, newClient } from "./clients.ts";

const client = newClient({ username: "peach", listenerId: "t1" });
const payload = new TextEncoder().encode("hello world");
const message = new Message({ topic: "a/b", payload, qos: 1, receivedAt: 0 });
const record: InflightRecord = {
  clientId: "c1",
  direction: "out",
  sequence: 1,
  packetId: 7,
  state: "sent",
  qos: 1,
  retain: false,
  identifiers: undefined,
  share: undefined,
  message,
};
const granted = {
  clientId: "c1",
  topicFilter: "a/#",
  qos: 1 as const,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0 as const,
  identifier: 0,
  reasonCode: 1,
};

/** A started hook, and the lines that it writes: level, message and fields as JSON. */
function start(options?: DebugOptions): { hook: Hook; lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (message: string, fields?: unknown) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  const logger: Logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const hook = debug(options);
  hook.init!(undefined, { logger, clock: systemClock, info: () => ({}) } as unknown as HookContext);
  return { hook, lines };
}

/** Fires every event that the hook listens to, once. */
function fireAll(hook: Hook): void {
  hook.onStarted?.();
  hook.onConnect?.(client, connectPacket("hunter2"));
  hook.onSessionEstablished?.(client, {} as never);
  hook.onPacketRead?.(client, { ...connectPacket("hunter2"), properties: { authenticationData: payload } });
  hook.onPacketSent?.(client, { type: PacketType.PINGRESP });
  hook.onSubscribed?.(client, [granted, granted]);
  hook.onUnsubscribed?.(client, ["a/#"]);
  hook.onPublished?.(client, message);
  hook.onPublishDropped?.(client, message, "queue full");
  hook.onRetainMessage?.(client, message);
  hook.onRetainPublished?.(client, message);
  hook.onRetainedExpired?.("a/b");
  hook.onQosPublish?.(client, record);
  hook.onQosComplete?.(client, record);
  hook.onQosDropped?.(client, record);
  hook.onPacketIdExhausted?.(client, message);
  hook.onWillSent?.(client, message);
  hook.onWillDropped?.(client, { topic: "w", payload: new Uint8Array(0), qos: 0, retain: false }, "enough");
  hook.onClientExpired?.(client);
  hook.onDisconnect?.(client, { reasonCode: 0x8d, error: new Error("silence"), sessionEnded: true });
  hook.onStopped?.();
}

const LINES: Record<DebugEvent, string[]> = {
  lifecycle: ["started", "stopped"],
  connections: ["connecting", "connected", "disconnected"],
  packets: ["read CONNECT"],
  pings: ["sent PINGRESP"],
  subscriptions: ["subscribed", "subscribed", "unsubscribed"],
  messages: ["published", "dropped"],
  retained: ["retained message set", "retained message sent", "retained message expired"],
  qos: ["exchange", "exchange complete", "exchange given up", "no packet identifier left"],
  wills: ["will", "will dropped"],
  sessions: ["session ended"],
};

for (const event of debugEvents) {
  Deno.test(`${event} alone`, () => {
    const { hook, lines } = start({ events: [event] });
    fireAll(hook);
    assertEquals(lines.map((line) => line.replace(/^debug (.*?) \{.*$/, "$1")), LINES[event]);
  });
}

Deno.test("without options everything is logged but pings and payloads", () => {
  const { hook, lines } = start();
  fireAll(hook);
  const expected = Object.entries(LINES).filter(([event]) => event !== "pings").flatMap(([, lines]) => lines);
  assertEquals(lines.length, expected.length);
  assertEquals(lines.filter((line) => line.includes("hello") || line.includes("PING")), []);
});

Deno.test("passwords and authentication data are never logged", () => {
  const { hook, lines } = start({ events: debugEvents, payloadBytes: 100, level: "info" });
  fireAll(hook);
  assertEquals(lines.filter((line) => /hunter2|104,117,110|"password"/.test(line)), []);
  assertEquals(lines.every((line) => line.startsWith("info ")), true);
});

Deno.test("lines say who, what and why", () => {
  const { hook, lines } = start();
  fireAll(hook);
  const all = lines.join("\n");
  for (
    const part of [
      `connecting {"client":"c1","username":"peach","remote":"127.0.0.1:50000"}`,
      `connected {"client":"c1","username":"peach","listener":"t1"}`,
      `disconnected {"client":"c1","username":"peach","reasonCode":141,"error":"silence","sessionEnded":true}`,
      `subscribed {"client":"c1","username":"peach","filter":"a/#","qos":1,"reasonCode":1}`,
      `dropped {"client":"c1","username":"peach","reason":"queue full","topic":"a/b","qos":1,"retain":false,"bytes":11}`,
      `exchange {"client":"c1","username":"peach","direction":"out","state":"sent","packetId":7,"qos":1,"sequence":1,"topic":"a/b"}`,
    ]
  ) assertStringIncludes(all, part);
});

Deno.test("an empty retained message is one that was cleared", () => {
  const { hook, lines } = start({ events: ["retained"] });
  hook.onRetainMessage!(client, new Message({ topic: "a", payload: new Uint8Array(), receivedAt: 0 }));
  assertStringIncludes(lines[0], "retained message cleared");
});

const PREVIEWS: [name: string, payload: Uint8Array, shown: string][] = [
  ["short text", new TextEncoder().encode("abc"), `"payload":"abc"`],
  ["long text", payload, `"payload":"hello…"`],
  ["text that is cut in a character", new TextEncoder().encode("abcdéf"), `"payload":"abcd…"`],
  ["bytes", Uint8Array.of(0xff, 0x00), `"payload":"ff 00"`],
  ["nothing", new Uint8Array(), `"payload":""`],
];

for (const [name, payload, shown] of PREVIEWS) {
  Deno.test(`payload preview: ${name}`, () => {
    const { hook, lines } = start({ payloadBytes: 5 });
    hook.onPublished!(client, new Message({ topic: "a", payload, receivedAt: 0 }));
    assertStringIncludes(lines[0], shown);
  });
}

const PACKETS: [packet: Packet, line: string][] = [
  [
    { ...connectPacket("x"), will: { topic: "w", payload, qos: 1, retain: true } },
    `CONNECT {"client":"c1","username":"peach","protocolVersion":5,"cleanStart":true,"keepAlive":60,"willTopic":"w","willQos":1,"willRetain":true,"willPayload":"he…"}`,
  ],
  [
    { type: PacketType.CONNACK, sessionPresent: true, reasonCode: 0 },
    `CONNACK {"client":"c1","username":"peach","sessionPresent":true,"reasonCode":0}`,
  ],
  [
    {
      type: PacketType.PUBLISH,
      topic: "a",
      payload,
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties: { topicAlias: 3 },
    },
    `PUBLISH {"client":"c1","username":"peach","topic":"a","alias":3,"qos":0,"retain":false,"dup":false,"packetId":0,"bytes":11,"payload":"he…"}`,
  ],
  [
    { type: PacketType.PUBREC, packetId: 5, reasonCode: 0x87, properties: { reasonString: "no" } },
    `PUBREC {"client":"c1","username":"peach","packetId":5,"reasonCode":135,"reason":"no"}`,
  ],
  [
    { type: PacketType.SUBSCRIBE, packetId: 5, subscriptions: [granted], properties: { subscriptionIdentifiers: [9] } },
    `SUBSCRIBE {"client":"c1","username":"peach","packetId":5,"filters":["a/# (QoS 1)"],"identifier":9}`,
  ],
  [
    { type: PacketType.SUBACK, packetId: 5, reasonCodes: [1] },
    `SUBACK {"client":"c1","username":"peach","packetId":5,"reasonCodes":[1]}`,
  ],
  [
    { type: PacketType.UNSUBSCRIBE, packetId: 5, topicFilters: ["a"] },
    `UNSUBSCRIBE {"client":"c1","username":"peach","packetId":5,"filters":["a"]}`,
  ],
  [
    { type: PacketType.UNSUBACK, packetId: 5, reasonCodes: [0] },
    `UNSUBACK {"client":"c1","username":"peach","packetId":5,"reasonCodes":[0]}`,
  ],
  [{ type: PacketType.DISCONNECT, reasonCode: 4 }, `DISCONNECT {"client":"c1","username":"peach","reasonCode":4}`],
  [{
    type: PacketType.AUTH,
    reasonCode: 0x18,
    properties: { authenticationMethod: "SCRAM", authenticationData: payload },
  }, `AUTH {"client":"c1","username":"peach","reasonCode":24,"method":"SCRAM"}`],
];

for (const [packet, line] of PACKETS) {
  Deno.test(`packet ${line.split(" ")[0]}`, () => {
    const { hook, lines } = start({ events: ["packets"], payloadBytes: 2 });
    hook.onPacketRead!(client, packet);
    hook.onPacketSent!(client, packet);
    assertEquals(lines, [`debug read ${line}`, `debug sent ${line}`]);
  });
}

Deno.test("the hook changes nothing that it sees", () => {
  const { hook } = start();
  assertEquals(hook.onConnect!(client, connectPacket()), undefined);
  assertEquals(hook.onPacketRead!(client, { type: PacketType.PINGREQ }), undefined);
});

Deno.test("events that nobody asked for cost nothing", () => {
  assertEquals(Object.keys(debug({ events: ["wills"] })).sort(), ["id", "init", "onWillDropped", "onWillSent"]);
});

Deno.test("an unknown event is refused", () => {
  assertThrows(
    () => debug({ events: ["packet" as DebugEvent] }),
    TypeError,
    `Cannot log event "packet": events are lifecycle,`,
  );
});
