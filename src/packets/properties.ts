/** The properties of MQTT 5 (2.2.2): decoding and encoding by one table.
 * @module */

export * from "./decode_properties.ts";
export * from "./encode_properties.ts";
export * from "./property_table.ts";
