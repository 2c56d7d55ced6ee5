/** PUBLISH (3.3) and the acknowledgements without a reason: the hot path.
 * @module */

export * from "./decode_publish.ts";
export * from "./encode_publish.ts";
