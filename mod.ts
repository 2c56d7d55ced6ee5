/**
 * An MQTT 5, 3.1.1 and 3.1 broker for Deno: a library, a program, and a WebSocket endpoint inside any fetch handler.
 *
 * ```ts ignore
 * import { allowAll, Broker, TcpListener } from "@mochi/broker";
 *
 * const broker = new Broker();
 * await broker.addHook(allowAll());
 * await broker.addListener(new TcpListener({ id: "tcp", address: "127.0.0.1:1883" }));
 * await broker.serve();
 * ```
 *
 * @module
 */
export { Broker } from "./src/broker/broker.ts";
export type { ClientList } from "./src/broker/client_list.ts";
export type { ListedSubscription, TopicList } from "./src/broker/topic_list.ts";
export type { InlineSubscribeOptions, PublishOptions } from "./src/broker/lifecycle/inline_client.ts";
export type { Listener, ListenerContext, Socket, SocketPermit } from "./src/broker/core/listener.ts";
export type { BrokerOptions, Capabilities, Compatibilities } from "./src/broker/core/options.ts";
export { defaultCapabilities, defaultCompatibilities } from "./src/broker/core/options.ts";
export type { NewClientOptions } from "./src/broker/lifecycle/virtual_client.ts";
export { VERSION } from "./src/broker/core/version.ts";

export type { Access, Awaitable, DisconnectInfo, GrantedSubscription, Hook, HookContext } from "./src/hook/hook.ts";
export type { LogFields, Logger } from "./src/hook/logger.ts";
export { silentLogger } from "./src/hook/logger.ts";
export type {
  StoredClient,
  StoredInflightMessage,
  StoredRetainedMessage,
  StoredSubscription,
} from "./src/hook/records.ts";
export type { SystemInfo } from "./src/hook/system_info.ts";

export type { Client, ClientInit, DisconnectOptions, PeerCertificate } from "./src/session/client.ts";
export type { Clock } from "./src/time/clock.ts";
export type { InflightRecord, InflightState } from "./src/session/inflight.ts";
export type { MessageInit } from "./src/session/message.ts";
export type { MessageView } from "./src/session/message_view.ts";
export type { InlineHandler } from "./src/session/session.ts";
export type { SessionSubscription, SessionView } from "./src/session/session_view.ts";
export type { PendingWill } from "./src/session/will.ts";

export type {
  MatchedShare,
  MatchedSubscriber,
  MatchResult,
  Subscription,
  SubscriptionOptions,
} from "./src/topics/subscription_tree.ts";
export type { ShareDispatch, ShareDispatchContext } from "./src/topics/share_dispatch.ts";
export { leastInflight, random, roundRobin, sticky } from "./src/topics/share_dispatch.ts";
export { filterCovers, parseTopicFilter, topicMatchesFilter } from "./src/topics/topic_filter.ts";
export type { FilterLimits, ParsedFilter } from "./src/topics/topic_filter.ts";
export { validateTopicName } from "./src/topics/topic_name.ts";

export { ConnectError, MqttError } from "./src/packets/errors.ts";
export { ReasonCode, reasonCodeName } from "./src/packets/reason_codes.ts";
export * from "./src/packets/types.ts";

export { allowAll } from "./hooks/auth/allow_all.ts";
export { ledger, type LedgerHook } from "./hooks/auth/ledger.ts";
export type {
  LedgerAccess,
  LedgerAclRule,
  LedgerAuthRule,
  LedgerFilters,
  LedgerRules,
  LedgerSubject,
  LedgerUser,
} from "./hooks/auth/ledger_rules.ts";
export { formatLedger, parseLedger } from "./hooks/auth/ledger_text.ts";
export { hashPassword } from "./hooks/auth/password.ts";
export { debug, type DebugEvent, debugEvents, type DebugOptions } from "./hooks/debug.ts";

export { type FetchInfo, FetchListener, type FetchListenerOptions } from "./listeners/fetch.ts";
export { HttpHealthListener, type HttpHealthListenerOptions } from "./listeners/http_health.ts";
export { HttpStatsListener, type HttpStatsListenerOptions } from "./listeners/http_stats.ts";
export {
  type MemoryConnectOptions,
  MemoryListener,
  type MemoryListenerOptions,
  memoryPair,
} from "./listeners/memory.ts";
export { type NetConnection, NetListener, type NetListenerOptions } from "./listeners/net.ts";
export { TcpListener, type TcpListenerOptions } from "./listeners/tcp.ts";
export { type TlsCertificate, TlsListener, type TlsListenerOptions } from "./listeners/tls.ts";
export { UnixListener, type UnixListenerOptions } from "./listeners/unix.ts";
export {
  type WebSocketFrames,
  WebSocketListener,
  type WebSocketListenerOptions,
  type WebSocketRules,
} from "./listeners/websocket.ts";

if (import.meta.main) {
  const { main } = await import("./src/cli/main.ts");
  await main(Deno.args);
}
