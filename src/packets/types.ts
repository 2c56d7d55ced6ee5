/** The packets of MQTT 3.1, 3.1.1 and 5 as plain objects, one type for all three versions.
 * @module */

/** MQTT Control Packet types (2.1.2). */
export const PacketType = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
  AUTH: 15,
} as const;

/** Protocol level as sent in CONNECT: 3 is MQTT 3.1, 4 is MQTT 3.1.1, 5 is MQTT 5. */
export type ProtocolVersion = 3 | 4 | 5;

/** Quality of Service. */
export type QoS = 0 | 1 | 2;

/** A name and a value, sent and kept in order; names may repeat. */
export type UserProperty = readonly [name: string, value: string];

/** Every property of MQTT 5 by its name in the standard. Absent means `undefined`. */
export interface Properties {
  /** 0x01: 0 unspecified bytes, 1 UTF-8 text. */
  payloadFormatIndicator?: number;
  /** 0x02: lifetime in seconds, 0 to 4,294,967,295. */
  messageExpiryInterval?: number;
  /** 0x03: kind of the payload, for instance a MIME type. */
  contentType?: string;
  /** 0x08: Topic Name for the answer. */
  responseTopic?: string;
  /** 0x09: bytes that mark the answer. */
  correlationData?: Uint8Array;
  /** 0x0B: 1 to 268,435,455; one in SUBSCRIBE, several in PUBLISH to a client. */
  subscriptionIdentifiers?: number[];
  /** 0x11: seconds, 0xFFFFFFFF means for ever. */
  sessionExpiryInterval?: number;
  /** 0x12: the ClientID that the server chose. */
  assignedClientIdentifier?: string;
  /** 0x13: seconds, replaces the client's Keep Alive. */
  serverKeepAlive?: number;
  /** 0x15: name of the method of enhanced authentication. */
  authenticationMethod?: string;
  /** 0x16: bytes of the authentication exchange. */
  authenticationData?: Uint8Array;
  /** 0x17: 0 or 1. */
  requestProblemInformation?: number;
  /** 0x18: seconds between the loss of the connection and the will. */
  willDelayInterval?: number;
  /** 0x19: 0 or 1. */
  requestResponseInformation?: number;
  /** 0x1A: prefix for response topics. */
  responseInformation?: string;
  /** 0x1C: other servers, separated by spaces. */
  serverReference?: string;
  /** 0x1F: words for people. */
  reasonString?: string;
  /** 0x21: 1 to 65,535. */
  receiveMaximum?: number;
  /** 0x22: 0 to 65,535. */
  topicAliasMaximum?: number;
  /** 0x23: 1 to 65,535. */
  topicAlias?: number;
  /** 0x24: 0 or 1. */
  maximumQoS?: number;
  /** 0x25: 0 or 1. */
  retainAvailable?: number;
  /** 0x26: names and values in order. */
  userProperties?: UserProperty[];
  /** 0x27: bytes, 1 to 4,294,967,295. */
  maximumPacketSize?: number;
  /** 0x28: 0 or 1. */
  wildcardSubscriptionAvailable?: number;
  /** 0x29: 0 or 1. */
  subscriptionIdentifierAvailable?: number;
  /** 0x2A: 0 or 1. */
  sharedSubscriptionAvailable?: number;
}

/** The Will Message in a CONNECT. */
export interface Will {
  /** Topic Name of the will. */
  topic: string;
  /** Bytes of the will. */
  payload: Uint8Array;
  /** Will QoS. */
  qos: QoS;
  /** Will Retain. */
  retain: boolean;
  /** Will Properties (MQTT 5). */
  properties?: Properties;
}

/** CONNECT, the first packet from a client (3.1). */
export interface ConnectPacket {
  /** Packet type. */
  type: typeof PacketType.CONNECT;
  /** Protocol level. */
  protocolVersion: ProtocolVersion;
  /** Clean Start (MQTT 5) or Clean Session. */
  cleanStart: boolean;
  /** Seconds, 0 turns the timer off. */
  keepAlive: number;
  /** Client Identifier, may be empty. */
  clientId: string;
  /** User Name, when the flag was set. */
  username?: string;
  /** Password, when the flag was set. */
  password?: Uint8Array;
  /** The will, when the flag was set. */
  will?: Will;
  /** CONNECT properties (MQTT 5). */
  properties?: Properties;
  /** True when the highest bit of the protocol level says that the client is another broker (MQTT 3.1 and 3.1.1). */
  bridge?: boolean;
}

/** CONNACK (3.2). `reasonCode` is the MQTT 5 code for all versions; the encoder translates it for older clients. */
export interface ConnackPacket {
  /** Packet type. */
  type: typeof PacketType.CONNACK;
  /** Session Present flag. */
  sessionPresent: boolean;
  /** MQTT 5 reason code. */
  reasonCode: number;
  /** CONNACK properties (MQTT 5). */
  properties?: Properties;
}

/** PUBLISH (3.3). */
export interface PublishPacket {
  /** Packet type. */
  type: typeof PacketType.PUBLISH;
  /** Topic Name; empty when only a Topic Alias was sent. */
  topic: string;
  /** Application Message; a view on the bytes that arrived. */
  payload: Uint8Array;
  /** Quality of Service. */
  qos: QoS;
  /** RETAIN flag. */
  retain: boolean;
  /** DUP flag. */
  dup: boolean;
  /** Packet Identifier, 0 at QoS 0. */
  packetId: number;
  /** PUBLISH properties (MQTT 5), `undefined` when there are none. */
  properties?: Properties;
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP (3.4 to 3.7). */
export interface AckPacket {
  /** Packet type. */
  type:
    | typeof PacketType.PUBACK
    | typeof PacketType.PUBREC
    | typeof PacketType.PUBREL
    | typeof PacketType.PUBCOMP;
  /** Packet Identifier. */
  packetId: number;
  /** Reason code, 0 for older versions. */
  reasonCode: number;
  /** Reason String and User Properties (MQTT 5). */
  properties?: Properties;
}

/** One filter of a SUBSCRIBE with its options (3.8.3.1). */
export interface SubscribeRequest {
  /** The filter as sent, `$share/name/` included. */
  topicFilter: string;
  /** Maximum QoS asked for. */
  qos: QoS;
  /** No Local. */
  noLocal: boolean;
  /** Retain As Published. */
  retainAsPublished: boolean;
  /** Retain Handling. */
  retainHandling: 0 | 1 | 2;
}

/** SUBSCRIBE (3.8). */
export interface SubscribePacket {
  /** Packet type. */
  type: typeof PacketType.SUBSCRIBE;
  /** Packet Identifier. */
  packetId: number;
  /** Filters in order. */
  subscriptions: SubscribeRequest[];
  /** Subscription Identifier and User Properties (MQTT 5). */
  properties?: Properties;
}

/** SUBACK (3.9). `reasonCodes` are MQTT 5 codes; the encoder translates failures to 0x80 for MQTT 3.1.1. */
export interface SubackPacket {
  /** Packet type. */
  type: typeof PacketType.SUBACK;
  /** Packet Identifier. */
  packetId: number;
  /** One code per filter. */
  reasonCodes: number[];
  /** Reason String and User Properties (MQTT 5). */
  properties?: Properties;
}

/** UNSUBSCRIBE (3.10). */
export interface UnsubscribePacket {
  /** Packet type. */
  type: typeof PacketType.UNSUBSCRIBE;
  /** Packet Identifier. */
  packetId: number;
  /** Filters in order, as sent. */
  topicFilters: string[];
  /** User Properties (MQTT 5). */
  properties?: Properties;
}

/** UNSUBACK (3.11). */
export interface UnsubackPacket {
  /** Packet type. */
  type: typeof PacketType.UNSUBACK;
  /** Packet Identifier. */
  packetId: number;
  /** One code per filter (MQTT 5); not sent to older clients. */
  reasonCodes: number[];
  /** Reason String and User Properties (MQTT 5). */
  properties?: Properties;
}

/** PINGREQ or PINGRESP (3.12, 3.13). */
export interface PingPacket {
  /** Packet type. */
  type: typeof PacketType.PINGREQ | typeof PacketType.PINGRESP;
}

/** DISCONNECT (3.14). */
export interface DisconnectPacket {
  /** Packet type. */
  type: typeof PacketType.DISCONNECT;
  /** Reason code. */
  reasonCode: number;
  /** DISCONNECT properties (MQTT 5). */
  properties?: Properties;
}

/** AUTH (3.15, MQTT 5 only). */
export interface AuthPacket {
  /** Packet type. */
  type: typeof PacketType.AUTH;
  /** 0x00, 0x18 or 0x19. */
  reasonCode: number;
  /** Authentication Method and Data, Reason String, User Properties. */
  properties?: Properties;
}

/** Any MQTT Control Packet. */
export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AckPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingPacket
  | DisconnectPacket
  | AuthPacket;
