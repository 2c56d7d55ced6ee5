/** The YAML parser. Imported only where there is YAML to parse, because it comes from a registry.
 * @module */
export { parse } from "@std/yaml";
