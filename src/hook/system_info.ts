/** Every counter of the broker, in its one home.
 * @module */

/** The values behind `$SYS`, the HTTP statistics and `broker.info`. Sizes are bytes, times seconds. */
export interface SystemInfo {
  /** Version of the broker. */
  version: string;
  /** Start, in seconds since 1970. */
  started: number;
  /** Now, in seconds since 1970. */
  time: number;
  /** Seconds since the start. */
  uptime: number;
  /** Bytes that came in. */
  bytesReceived: number;
  /** Bytes that went out. */
  bytesSent: number;
  /** Clients connected now. */
  clientsConnected: number;
  /** Sessions without a connection. */
  clientsDisconnected: number;
  /** The most clients that were connected at once. */
  clientsMaximum: number;
  /** Sessions, connected or not. */
  clientsTotal: number;
  /** PUBLISH packets that came in. */
  messagesReceived: number;
  /** PUBLISH packets that went out. */
  messagesSent: number;
  /** Messages that were not delivered to somebody: limits, slow readers, expiry, too large. */
  messagesDropped: number;
  /** Messages retained. */
  retained: number;
  /** What retained messages take in memory, with the levels of their topics. */
  retainedBytes: number;
  /** QoS 1 and 2 messages on their way to clients, sent or queued. */
  inflight: number;
  /** QoS 1 and 2 messages that were given up. */
  inflightDropped: number;
  /** Subscriptions. */
  subscriptions: number;
  /** Packets that came in. */
  packetsReceived: number;
  /** Packets that went out. */
  packetsSent: number;
  /** Connections that were accepted by a listener. */
  connectionsAccepted: number;
  /** Errors that hooks threw. */
  hookErrors: number;
  /** Resident memory of the process. */
  memoryAlloc: number;
  /** Heap in use, with what is not collected yet. */
  heapUsed: number;
  /** What messages to clients take, sent or queued. */
  messageBytes: number;
  /** What sessions take by themselves. */
  sessionBytes: number;
  /** What subscriptions take, with the levels of their filters. */
  subscriptionBytes: number;
  /** What wills take. */
  willBytes: number;
  /** 1 while memory is short, so that nothing new is taken, else 0. */
  memoryShort: number;
  /** Threads that the broker runs on. */
  threads: number;
}

/** A fresh set of counters. */
export function newSystemInfo(version: string, started: number): SystemInfo {
  return {
    version,
    started,
    time: started,
    uptime: 0,
    bytesReceived: 0,
    bytesSent: 0,
    clientsConnected: 0,
    clientsDisconnected: 0,
    clientsMaximum: 0,
    clientsTotal: 0,
    messagesReceived: 0,
    messagesSent: 0,
    messagesDropped: 0,
    retained: 0,
    retainedBytes: 0,
    inflight: 0,
    inflightDropped: 0,
    subscriptions: 0,
    packetsReceived: 0,
    packetsSent: 0,
    connectionsAccepted: 0,
    hookErrors: 0,
    memoryAlloc: 0,
    heapUsed: 0,
    messageBytes: 0,
    sessionBytes: 0,
    subscriptionBytes: 0,
    willBytes: 0,
    memoryShort: 0,
    threads: 1,
  };
}
