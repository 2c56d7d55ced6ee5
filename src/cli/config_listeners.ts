/** The section `listeners`.
 * @module */
import * as v from "valibot";
import { addressProblem } from "./addresses.ts";
import { ORIGIN, PATH } from "../../listeners/text_forms.ts";
import { choice, expected, flag, formed, list, type Schema, section, text, whole } from "./config_values.ts";
import { LISTENER_TYPES, type ListenerType } from "./settings.ts";

const type = choice(LISTENER_TYPES);
const address = v.custom<string>(
  (value) => typeof value === "string" && addressProblem(value) === undefined,
  (issue) => typeof issue.input === "string" ? addressProblem(issue.input)! : expected("host:port")(issue),
);
const common = { type, id: v.optional(text("a name")), address };
const backlog = v.optional(whole(1, 65_535)), keep_alive = v.optional(flag);
const handshake_timeout = v.optional(whole(1, 3_600));
const pathForm = formed(PATH.expected, PATH.form), originForm = formed(ORIGIN.expected, ORIGIN.form);
const path = v.optional(pathForm);
const request = { allowed_hosts: v.optional(list(text("a host"))), request_timeout: v.optional(whole(1, 3_600)) };
const web = {
  ...request,
  backlog,
  keep_alive,
  paths: v.optional(list(pathForm)),
  allowed_origins: v.optional(list(originForm)),
  require_origin: v.optional(flag),
  require_subprotocol: v.optional(flag),
  websocket_frames: v.optional(choice(["packets", "coalesced"])),
};
const tls = v.optional(section({
  cert_file: v.optional(text("a file")),
  key_file: v.optional(text("a file")),
  client_ca_file: v.optional(text("a file")),
  require_client_certificate: v.optional(flag),
}));

/** Octal as YAML 1.2 writes it, or as text: `0o660` and `"660"`. */
const mode = v.pipe(
  v.custom<number | string>(
    (value) => typeof value === "number" ? value >= 0 && value <= 0o777 : /^0?[0-7]{3}$/.test(String(value)),
    expected(`permissions in quotes, such as "660"`),
  ),
  v.transform((value) => typeof value === "number" ? value : parseInt(value, 8)),
);

/** Keys that people write, and what to do instead. */
const hints = { no_delay: "leave it out, packets are always sent without delay" };
const withType = (type: ListenerType) => ({ ...hints, tls: `with a certificate the type is ${type}` });

const byType: Record<ListenerType, Schema> = {
  tcp: section({ ...common, backlog, keep_alive }, withType("tls")),
  tls: section({ ...common, backlog, keep_alive, handshake_timeout, tls }, hints),
  ws: section({ ...common, ...web }, withType("wss")),
  wss: section({ ...common, ...web, handshake_timeout, tls }, hints),
  unix: section({ ...common, address: text("a path"), mode: v.optional(mode) }, { path: "did you mean address?" }),
  sysinfo: section({ ...common, ...request, path }),
  healthcheck: section({ ...common, ...request, path }),
};

/** Without a type nothing can be said about the other keys. */
const unknownType = v.looseObject({ type: v.optional(type, null as unknown as string) }, expected("keys with values"));

/** One listener: which keys it may have depends on its type. */
export const listener: Schema = v.lazy((input) => {
  const name = typeof input === "object" && input !== null ? (input as { type?: unknown }).type : undefined;
  const known = LISTENER_TYPES.find((type) => type === String(name).toLowerCase());
  return known === undefined ? unknownType : byType[known];
});
