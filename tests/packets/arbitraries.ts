/** Random packets and properties for fast-check. */

import fc from "fast-check";
import { compact } from "./bytes.ts";
import { propertiesOf, type PropertyDescriptor, type PropertyOwner } from "../../src/packets/property_table.ts";
import { isReasonCodeAllowed, type Sender } from "../../src/packets/reason_codes.ts";
import {
  type Packet,
  PacketType,
  type Properties,
  type ProtocolVersion,
  type QoS,
  type UserProperty,
} from "../../src/packets/types.ts";

const character = fc.oneof(
  { arbitrary: fc.integer({ min: 0x20, max: 0x7e }), weight: 6 },
  { arbitrary: fc.integer({ min: 0x01, max: 0x7ff }), weight: 1 },
  { arbitrary: fc.integer({ min: 0x800, max: 0xd7ff }), weight: 1 },
  { arbitrary: fc.constantFrom(0xfeff, 0xe000, 0xfffd, 0xffff), weight: 1 },
  { arbitrary: fc.integer({ min: 0x10000, max: 0x10ffff }), weight: 1 },
);

/** Text that MQTT can carry. */
export const text: fc.Arbitrary<string> = fc.array(character, { maxLength: 24 })
  .map((codes) => String.fromCodePoint(...codes));

const bytes = fc.uint8Array({ maxLength: 40 });
const packetId = fc.integer({ min: 1, max: 65535 });
const qos = fc.constantFrom<QoS>(0, 1, 2);
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

/** Values of a property that the codec accepts. */
export function propertyValue(property: PropertyDescriptor, owner: PropertyOwner): fc.Arbitrary<unknown> {
  const several = property.repeats.includes(owner) ? 4 : 1;
  const refused = (value: unknown): boolean => property.refuse(value as never) !== undefined;
  const good = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T> => values.filter((value) => !refused(value));
  switch (property.kind) {
    case "byte":
      return fc.nat(1);
    case "u16":
      return good(fc.nat(65535));
    case "u32":
      return good(fc.nat(0xffffffff));
    case "varint":
      return fc.array(good(fc.nat(268435455)), { minLength: 1, maxLength: several });
    case "string":
      return good(text);
    case "binary":
      return bytes;
    case "pair":
      return fc.array(fc.tuple(text, text) as fc.Arbitrary<UserProperty>, { minLength: 1, maxLength: several });
  }
}

/** Property sets that one end may send. */
export function properties(owner: PropertyOwner, from: Sender): fc.Arbitrary<Properties> {
  const rows = propertiesOf(owner, from).map((row) => [row.name, optional(propertyValue(row, owner))] as const);
  const record = fc.record(Object.fromEntries(rows)) as fc.Arbitrary<Properties>;
  return record.map((set) =>
    set.authenticationData === undefined ? set : { authenticationMethod: "m", ...compact(set) }
  );
}

function codes(type: number, from: Sender, version: ProtocolVersion): fc.Arbitrary<number> {
  const allowed = Array.from({ length: 256 }, (_, code) => code).filter((code) =>
    isReasonCodeAllowed(type, code, from)
  );
  return version === 5 ? fc.constantFrom(...allowed) : fc.constant(0);
}

/** Packets of one type that one end may send in a version. */
export function packets(type: number, version: ProtocolVersion, from: Sender): fc.Arbitrary<Packet> {
  const five = version === 5;
  const set = (owner: PropertyOwner = type): fc.Arbitrary<Properties | undefined> =>
    five ? optional(properties(owner, from)) : fc.constant(undefined);
  const flag = five ? fc.boolean() : fc.constant(false);
  const arbitrary = ((): fc.Arbitrary<unknown> => {
    switch (type) {
      case PacketType.CONNECT:
        return fc.record({
          protocolVersion: fc.constant(version),
          cleanStart: fc.boolean(),
          keepAlive: fc.nat(65535),
          clientId: text,
          username: five ? optional(text) : text,
          password: optional(bytes),
          will: optional(
            fc.record({ topic: text, payload: bytes, qos, retain: fc.boolean(), properties: set("WILL") }),
          ),
          properties: set(),
        });
      case PacketType.CONNACK:
        return fc.record({
          sessionPresent: fc.constant(false),
          reasonCode: codes(type, from, version),
          properties: set(),
        });
      case PacketType.PUBLISH:
        return fc.record({
          topic: text,
          payload: bytes,
          qos,
          retain: fc.boolean(),
          dup: fc.boolean(),
          packetId,
          properties: set(),
        })
          .map((packet) => packet.qos > 0 ? packet : { ...packet, dup: false, packetId: 0 });
      case PacketType.SUBSCRIBE:
        return fc.record({
          packetId,
          properties: set(),
          subscriptions: fc.array(
            fc.record({
              topicFilter: text,
              qos,
              noLocal: flag,
              retainAsPublished: flag,
              retainHandling: five ? fc.nat(2) : fc.constant(0),
            }),
            { minLength: 1, maxLength: 5 },
          ),
        });
      case PacketType.SUBACK:
      case PacketType.UNSUBACK:
        return fc.record({
          packetId,
          properties: set(),
          reasonCodes: five || type === PacketType.SUBACK
            ? fc.array(codes(type, from, version), { minLength: 1, maxLength: 5 })
            : fc.constant([]),
        });
      case PacketType.UNSUBSCRIBE:
        return fc.record({ packetId, properties: set(), topicFilters: fc.array(text, { minLength: 1, maxLength: 5 }) });
      case PacketType.PINGREQ:
      case PacketType.PINGRESP:
        return fc.record({});
      case PacketType.DISCONNECT:
        return fc.record({ reasonCode: codes(type, from, version), properties: set() });
      case PacketType.AUTH:
        return fc.record({
          reasonCode: codes(type, from, version),
          properties: fc.tuple(properties(type, from), text)
            .map(([rest, authenticationMethod]) => ({ ...rest, authenticationMethod })),
        });
    }
    return fc.record({ packetId, reasonCode: codes(type, from, version), properties: set() });
  })();
  return arbitrary.map((packet) => ({ ...packet as Packet, type } as Packet));
}

const FROM_CLIENT = [1, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15];
const FROM_SERVER = [2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 15];

/** Every kind of packet: its type, version and sender. */
export const KINDS: readonly [type: number, version: ProtocolVersion, from: Sender][] = ([3, 4, 5] as const)
  .flatMap((version) =>
    ([["client", FROM_CLIENT], ["server", FROM_SERVER]] as const).flatMap(([from, types]) =>
      types.map((type): [number, ProtocolVersion, Sender] => [type, version, from])
    )
  )
  .filter(([type, version, from]) =>
    version === 5 || (type !== PacketType.AUTH && !(type === PacketType.DISCONNECT && from === "server"))
  );
