/** The properties of MQTT 5 (2.2.2.2) in one table.
 * @module */

import { PropertyId } from "./fixed_header.ts";
import { ReasonCode } from "./reason_codes.ts";
import type { Sender } from "./reason_codes.ts";
import { PacketType, type Properties } from "./types.ts";

/** Where a property set stands: a packet type, or `"WILL"` for the Will Properties in CONNECT. */
export type PropertyOwner = number | "WILL";

/** The data types of property values (2.2.2.2). */
export type PropertyKind = "byte" | "u16" | "u32" | "varint" | "string" | "binary" | "pair";

/** One row of the table of properties. */
export interface PropertyDescriptor {
  /** Identifier on the wire. */
  readonly id: number;
  /** Key in {@linkcode Properties}. */
  readonly name: keyof Properties;
  /** Data type of the value. */
  readonly kind: PropertyKind;
  /** Where it may stand. */
  readonly packets: readonly PropertyOwner[];
  /** Where it may stand more than once. */
  readonly repeats: readonly PropertyOwner[];
  /** Where only one end may send it. */
  readonly onlyFrom: ReadonlyMap<PropertyOwner, Sender>;
  /** The reason code that refuses a value, `undefined` for a good one. */
  readonly refuse: (value: never) => number | undefined;
  /** Whether it is text or bytes with nothing to know about, so that it may be passed on unread. */
  readonly isPassedOn: boolean;
}

const { CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;
const { SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, DISCONNECT, AUTH } = PacketType;
const WILL = "WILL";
const MESSAGE: readonly PropertyOwner[] = [PUBLISH, WILL];
const ANSWERS: readonly PropertyOwner[] = [
  ...[CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH],
];
const EVERYWHERE: readonly PropertyOwner[] = [...ANSWERS, CONNECT, PUBLISH, WILL, SUBSCRIBE, UNSUBSCRIBE];

const anything = (): undefined => undefined;
const flag = (value: number): number | undefined => value > 1 ? ReasonCode.ProtocolError : undefined;
const notZero = (value: number): number | undefined => value === 0 ? ReasonCode.ProtocolError : undefined;
const alias = (value: number): number | undefined => value === 0 ? ReasonCode.TopicAliasInvalid : undefined; // [MQTT-3.3.2-8]
/** A Topic Name: not empty and without wildcards. */
const topicName = (value: string): number | undefined =>
  // [MQTT-3.3.2-14] [MQTT-4.7.3-1]
  value === "" || value.includes("#") || value.includes("+") ? ReasonCode.ProtocolError : undefined;

interface Extra {
  repeats?: readonly PropertyOwner[];
  onlyFrom?: ReadonlyMap<PropertyOwner, Sender>;
  refuse?: (value: never) => number | undefined;
}

function row(
  id: number,
  name: keyof Properties,
  kind: PropertyKind,
  packets: readonly PropertyOwner[],
  extra: Extra = {},
): PropertyDescriptor {
  const { repeats = [], onlyFrom = new Map<PropertyOwner, Sender>(), refuse = anything } = extra;
  const isPassedOn = refuse === anything && (kind === "string" || kind === "binary" || kind === "pair");
  return { id, name, kind, packets, repeats, onlyFrom, refuse, isPassedOn };
}

/**
 * Every property of MQTT 5, by identifier.
 *
 * @example
 * ```ts
 * import { PROPERTIES } from "./property_table.ts";
 *
 * console.assert(PROPERTIES.some((property) => property.id === 0x26 && property.name === "userProperties"));
 * ```
 */
export const PROPERTIES: readonly PropertyDescriptor[] = [
  row(PropertyId.PayloadFormatIndicator, "payloadFormatIndicator", "byte", MESSAGE, { refuse: flag }),
  row(PropertyId.MessageExpiryInterval, "messageExpiryInterval", "u32", MESSAGE),
  row(0x03, "contentType", "string", MESSAGE),
  row(0x08, "responseTopic", "string", MESSAGE, { refuse: topicName }),
  row(0x09, "correlationData", "binary", MESSAGE),
  row(PropertyId.SubscriptionIdentifier, "subscriptionIdentifiers", "varint", [PUBLISH, SUBSCRIBE], {
    repeats: [PUBLISH],
    onlyFrom: new Map([[PUBLISH, "server"]]), // [MQTT-3.3.4-6]
    refuse: notZero,
  }),
  row(0x11, "sessionExpiryInterval", "u32", [CONNECT, CONNACK, DISCONNECT], {
    onlyFrom: new Map([[DISCONNECT, "client"]]), // [MQTT-3.14.2-2]
  }),
  row(0x12, "assignedClientIdentifier", "string", [CONNACK]),
  row(0x13, "serverKeepAlive", "u16", [CONNACK]),
  row(0x15, "authenticationMethod", "string", [CONNECT, CONNACK, AUTH]),
  row(0x16, "authenticationData", "binary", [CONNECT, CONNACK, AUTH]),
  row(0x17, "requestProblemInformation", "byte", [CONNECT], { refuse: flag }),
  row(0x18, "willDelayInterval", "u32", [WILL]),
  row(0x19, "requestResponseInformation", "byte", [CONNECT], { refuse: flag }),
  row(0x1A, "responseInformation", "string", [CONNACK]),
  row(0x1C, "serverReference", "string", [CONNACK, DISCONNECT], { onlyFrom: new Map([[DISCONNECT, "server"]]) }),
  row(0x1F, "reasonString", "string", ANSWERS),
  row(0x21, "receiveMaximum", "u16", [CONNECT, CONNACK], { refuse: notZero }),
  row(0x22, "topicAliasMaximum", "u16", [CONNECT, CONNACK]),
  row(PropertyId.TopicAlias, "topicAlias", "u16", [PUBLISH], { refuse: alias }),
  row(0x24, "maximumQoS", "byte", [CONNACK], { refuse: flag }),
  row(0x25, "retainAvailable", "byte", [CONNACK], { refuse: flag }),
  row(0x26, "userProperties", "pair", EVERYWHERE, { repeats: EVERYWHERE }),
  row(0x27, "maximumPacketSize", "u32", [CONNECT, CONNACK], { refuse: notZero }),
  row(0x28, "wildcardSubscriptionAvailable", "byte", [CONNACK], { refuse: flag }),
  row(0x29, "subscriptionIdentifierAvailable", "byte", [CONNACK], { refuse: flag }),
  row(0x2A, "sharedSubscriptionAvailable", "byte", [CONNACK], { refuse: flag }),
];

/** A property at one of the places where it may stand. */
export interface PlacedProperty {
  /** The row of the table. */
  readonly property: PropertyDescriptor;
  /** Whether it may stand there more than once. */
  readonly repeats: boolean;
  /** The only end that may send it there, `undefined` when both may. */
  readonly only: Sender | undefined;
  /** A bit of its own among the properties of this place. */
  readonly mark: number;
}

type PlacesById = readonly (PlacedProperty | undefined)[];

function placesOf(owner: PropertyOwner): PlacesById {
  const rows = PROPERTIES.filter((row) => row.packets.includes(owner));
  return Array.from({ length: 0x2B }, (_, id) => {
    const index = rows.findIndex((row) => row.id === id);
    if (index < 0) return undefined;
    const property = rows[index];
    const repeats = property.repeats.includes(owner), only = property.onlyFrom.get(owner);
    return { property, repeats, only, mark: 1 << index };
  });
}

const PLACES: readonly PlacesById[] = Array.from({ length: 16 }, (_, owner) => placesOf(owner));
const WILL_PLACES: PlacesById = placesOf(WILL);

/**
 * The property of an identifier, where it may stand.
 *
 * @param id identifier as read
 * @param owner the packet (or will) that it was read in
 * @returns `undefined` when the standard knows no such property there
 *
 * @example
 * ```ts
 * import { propertyAt } from "./property_table.ts";
 *
 * console.assert(propertyAt(0x23, 3)?.property.name === "topicAlias");
 * ```
 */
export function propertyAt(id: number, owner: PropertyOwner): PlacedProperty | undefined {
  return owner === WILL ? WILL_PLACES[id] : PLACES[owner][id];
}

function rowsOf(owner: PropertyOwner, from: Sender): readonly PropertyDescriptor[] {
  return PROPERTIES.filter((row) => row.packets.includes(owner) && (row.onlyFrom.get(owner) ?? from) === from);
}

const TYPES: readonly number[] = Array.from({ length: 16 }, (_, type) => type);
const FROM_CLIENT: readonly (readonly PropertyDescriptor[])[] = TYPES.map((type) => rowsOf(type, "client"));
const FROM_SERVER: readonly (readonly PropertyDescriptor[])[] = TYPES.map((type) => rowsOf(type, "server"));
const WILL_ROWS: readonly PropertyDescriptor[] = rowsOf(WILL, "client");

/**
 * The properties that one end may send in a packet, by identifier.
 *
 * @param owner the packet (or will)
 * @param from the end that sends it
 * @returns rows of {@linkcode PROPERTIES}, none for packets without properties
 *
 * @example
 * ```ts
 * import { propertiesOf } from "./property_table.ts";
 *
 * console.assert(propertiesOf(10, "client").length === 1); // UNSUBSCRIBE: User Property
 * ```
 */
export function propertiesOf(owner: PropertyOwner, from: Sender): readonly PropertyDescriptor[] {
  return owner === WILL ? WILL_ROWS : (from === "client" ? FROM_CLIENT : FROM_SERVER)[owner];
}
