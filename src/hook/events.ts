/** The names of all events.
 * @module */
import type { Hook } from "./hook.ts";

/** Name of an event: every function of a {@linkcode Hook} but those of its own life. */
export type HookEvent = Exclude<keyof Hook, "id" | "durable" | "init" | "stop" | "healthy">;

/** All events, in the order in which {@linkcode Hook} lists them. */
export const hookEvents: readonly HookEvent[] = [
  "onStarted",
  "onStopped",
  "onSysInfoTick",
  "onConnectAuthenticate",
  "onAclCheck",
  "onConnect",
  "onSessionEstablish",
  "onSessionEstablished",
  "onDisconnect",
  "onAuthPacket",
  "onPacketRead",
  "onPacketEncode",
  "onPacketSent",
  "onPacketProcessed",
  "onSubscribe",
  "onSubscribed",
  "onSelectSubscribers",
  "onUnsubscribe",
  "onUnsubscribed",
  "onPublish",
  "onPublished",
  "onPublishDropped",
  "onRetainMessage",
  "onRetainPublished",
  "onQosPublish",
  "onQosComplete",
  "onQosDropped",
  "onPacketIdExhausted",
  "onWill",
  "onWillSent",
  "onClientExpired",
  "onRetainedExpired",
  "storedClients",
  "storedSubscriptions",
  "storedInflightMessages",
  "storedRetainedMessages",
  "storedSysInfo",
];
