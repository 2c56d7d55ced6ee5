/** The one table of events: name and kind.
 * @module */
import type { Hook } from "./hook.ts";

/** Names of all events. */
export type HookEvent = Exclude<keyof Hook, "id" | "durable" | "init" | "stop" | "healthy" | "admit">;

/** How an event is run; {@linkcode Hook} tells what each kind means. */
export type HookEventKind = "decide" | "transform" | "observe" | "load";

/** Every event and its kind. */
export const hookEvents: Readonly<Record<HookEvent, HookEventKind>> = {
  onStarted: "observe",
  onStopped: "observe",
  onSysInfoTick: "observe",
  onConnectAuthenticate: "decide",
  onAclCheck: "decide",
  onConnect: "transform",
  onSessionEstablish: "observe",
  onSessionEstablished: "observe",
  onDisconnect: "observe",
  onAuthPacket: "transform",
  onPacketRead: "transform",
  onPacketEncode: "transform",
  onPacketSent: "observe",
  onPacketProcessed: "observe",
  onSubscribe: "transform",
  onSubscribed: "observe",
  onSelectSubscribers: "transform",
  onUnsubscribe: "transform",
  onUnsubscribed: "observe",
  onPublish: "transform",
  onPublished: "observe",
  onPublishDropped: "observe",
  onRetainMessage: "observe",
  onRetainPublished: "observe",
  onQosPublish: "observe",
  onQosComplete: "observe",
  onQosDropped: "observe",
  onPacketIdExhausted: "observe",
  onWill: "transform",
  onWillSent: "observe",
  onWillDropped: "observe",
  onClientExpired: "observe",
  onRetainedExpired: "observe",
  storedClients: "load",
  storedSubscriptions: "load",
  storedInflightMessages: "load",
  storedRetainedMessages: "load",
  storedSysInfo: "load",
};
