/** The shape of the packet tables. */

import type { Sender } from "../../src/packets/reason_codes.ts";
import type { Packet, ProtocolVersion } from "../../src/packets/types.ts";

/** Bytes that are a packet. */
export interface GoodCase {
  name: string;
  hex: string;
  packet: Packet;
  /** `"client"` when absent. */
  from?: Sender;
  /** The bytes are right, but not what the encoder would write. */
  decodeOnly?: true;
}

/** Bytes that are refused with a reason code. */
export interface BadCase {
  name: string;
  hex: string;
  error: number;
  /** `"client"` when absent. */
  from?: Sender;
}

/** The tables of a protocol version. */
export interface Cases {
  version: ProtocolVersion;
  good: GoodCase[];
  bad: BadCase[];
}
