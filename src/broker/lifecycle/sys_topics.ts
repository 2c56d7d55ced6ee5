/** `$SYS`: the counters as retained messages, under the names that the Go broker uses.
 * @module */
import type { SystemInfo } from "../../hook/system_info.ts";
import type { Client } from "../../session/client.ts";
import type { Core } from "../core/core.ts";
import { deliverTo } from "../routing/deliver_all.ts";
import { choose } from "../routing/recipients.ts";
import { storeRetained } from "../routing/retain.ts";
import { bytesOfSubscriptions } from "../routing/subscriptions.ts";
import { bytesOfSessions } from "../sessions/session_begin.ts";

/** Topic below `$SYS/` and the counter that it tells. */
const topics: readonly (readonly [topic: string, counter: keyof SystemInfo])[] = [
  ["broker/version", "version"],
  ["broker/time", "time"],
  ["broker/uptime", "uptime"],
  ["broker/started", "started"],
  ["broker/load/bytes/received", "bytesReceived"],
  ["broker/load/bytes/sent", "bytesSent"],
  ["broker/clients/connected", "clientsConnected"],
  ["broker/clients/disconnected", "clientsDisconnected"],
  ["broker/clients/maximum", "clientsMaximum"],
  ["broker/clients/total", "clientsTotal"],
  ["broker/packets/received", "packetsReceived"],
  ["broker/packets/sent", "packetsSent"],
  ["broker/messages/received", "messagesReceived"],
  ["broker/messages/sent", "messagesSent"],
  ["broker/messages/dropped", "messagesDropped"],
  ["broker/messages/inflight", "inflight"],
  ["broker/messages/inflight_dropped", "inflightDropped"],
  ["broker/retained", "retained"],
  ["broker/retained/bytes", "retainedBytes"],
  ["broker/subscriptions", "subscriptions"],
  ["broker/connections/accepted", "connectionsAccepted"],
  ["broker/hooks/errors", "hookErrors"],
  ["broker/memory/messages", "messageBytes"],
  ["broker/memory/sessions", "sessionBytes"],
  ["broker/memory/subscriptions", "subscriptionBytes"],
  ["broker/memory/wills", "willBytes"],
  ["broker/memory/short", "memoryShort"],
  ["broker/system/heap", "heapUsed"],
  ["broker/system/memory", "memoryAlloc"],
  ["broker/system/threads", "threads"],
];

/** Brings the counters up to date that are not counted where things happen. */
export function refreshInfo(core: Core): SystemInfo {
  const { info } = core, now = Math.floor(core.now() / 1000);
  info.time = now;
  info.uptime = now - info.started;
  info.bytesSent = core.sentBefore + core.turn.sentBytes;
  info.clientsTotal = core.sessions.size;
  info.clientsDisconnected = Math.max(0, core.sessions.size - info.clientsConnected);
  info.retained = core.retained.size;
  info.inflight = core.deliveries.inflight;
  info.subscriptions = core.tree.size;
  refreshMemory(core, info);
  return info;
}

function refreshMemory(core: Core, info: SystemInfo): void {
  const { rss, heapUsed } = Deno.memoryUsage();
  info.memoryAlloc = rss;
  info.heapUsed = heapUsed;
  info.messageBytes = core.deliveries.bytes;
  info.sessionBytes = bytesOfSessions(core) + core.aliases.bytes + core.outboundAliases.bytes;
  info.subscriptionBytes = bytesOfSubscriptions(core);
  info.willBytes = core.willBytes;
  info.memoryShort = core.memory.isShort ? 1 : 0;
}

/** Publishes `$SYS` at the interval of the options, and lets `onSysInfoTick` see and change it before. */
export function watchSysTopics(core: Core, client: Client): void {
  const { sysTopicResendInterval } = core.options;
  if (sysTopicResendInterval === 0) return;
  const told = new Map<string, string>();
  const tick = () => {
    if (core.serving) core.scheduler.after(sysTopicResendInterval * 1000, tick);
    publishSysTopics(core, client, told);
  };
  tick();
}

function publishSysTopics(core: Core, client: Client, told: Map<string, string>): void {
  const info = refreshInfo(core);
  core.hooks.observe(core.hooks.on.onSysInfoTick, info);
  for (const [name, counter] of topics) {
    const topic = `$SYS/${name}`, value = String(info[counter]);
    if (told.get(topic) === value && core.retained.get(topic) !== undefined) continue;
    if (core.longDeliveries.concerns(topic)) continue; // the next one tells what holds then
    told.set(topic, value);
    publishValue(core, client, { topic, value });
  }
}

/** No storage keeps these, and no limit of retained messages holds them back. */
function publishValue(core: Core, client: Client, { topic, value }: { topic: string; value: string }): void {
  const payload = new TextEncoder().encode(value);
  const message = core.message({ topic, payload, retain: true, publisherId: client.id, receivedAt: core.now() });
  storeRetained(core, message);
  const failed = (error: unknown) => core.unexpected("$SYS was not published", error);
  try {
    const recipients = choose(core, message);
    const pending = recipients instanceof Promise
      ? recipients.then((chosen) => deliverTo(core, message, chosen))
      : deliverTo(core, message, recipients);
    if (pending instanceof Promise) pending.catch(failed);
  } catch (error) {
    failed(error);
  }
}
