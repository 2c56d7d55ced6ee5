/**
 * A hook of your own: a plain object with the events that it wants. The order of a client's packets is kept even where a
 * function is async.
 *
 *     deno run --allow-net examples/hooks/events.ts [127.0.0.1:1883]
 *
 * Try it:
 *
 *     mosquitto_sub -t 'sensors/#' -v
 *     mosquitto_pub -t sensors/1 -m 20                  # arrives on sensors/1/celsius
 *     mosquitto_pub -t sensors/1 -m warm -V 5 -q 1 -d   # refused with 0x99
 */
import {
  allowAll,
  Broker,
  type Client,
  type Hook,
  MqttError,
  type PublishPacket,
  ReasonCode,
  TcpListener,
} from "@mochi/broker";
import { stopped } from "../stopped.ts";

const [address = "127.0.0.1:1883"] = Deno.args;
const decoder = new TextDecoder();
const say = (words: string) => console.log(words);

/** Transforming events return what goes on, or refuse with a reason code. */
function onlyNumbers(_client: Client, packet: PublishPacket): PublishPacket | undefined {
  if (!packet.topic.startsWith("sensors/")) return undefined; // goes on as it is
  const value = decoder.decode(packet.payload).trim();
  if (value === "" || Number.isNaN(Number(value))) {
    throw new MqttError(ReasonCode.PayloadFormatInvalid, `Cannot publish: expected a number, got ${value}`);
  }
  return { ...packet, topic: `${packet.topic}/celsius` };
}

const events: Hook = {
  id: "events",
  // the hook's own life
  init: (options: { greeting: string }) => say(options.greeting),
  stop: () => say("the hook has stopped"),
  // deciding events answer true or false, or leave it to the next hook
  onAclCheck: (client, topic) => topic.startsWith("private/") ? topic === `private/${client.id}` : undefined,
  onPublish: onlyNumbers,
  onWill: (client, will) => ({ ...will, topic: `wills/${client.id}` }),
  // observing events look on
  onSessionEstablished: (client) => say(`${client.id} is here, over ${client.transport}`),
  onSubscribed: (client, filters) => say(`${client.id} listens to ${filters.map(({ topicFilter }) => topicFilter)}`),
  onPublished: (client, { topic, payload }) => say(`${client.id} published ${topic}: ${decoder.decode(payload)}`),
  onDisconnect: (client, { reasonCode }) => say(`${client.id} has gone, reason ${reasonCode}`),
};

await using broker = new Broker({ sysTopicResendInterval: 0 });
await broker.addHook(events, { greeting: "the hook has started" }); // asked before the next one
await broker.addHook(allowAll());
const listener = new TcpListener({ id: "tcp", address });
await broker.addListener(listener);
await broker.serve();

say(`MQTT over TCP at ${listener.address}`);
await stopped();
