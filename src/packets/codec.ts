/** Bytes to packets and back, by packet type.
 * @module */

export * from "./decode_packet.ts";
export * from "./encode_packet.ts";
export type { DecodeOptions } from "./fields.ts";
