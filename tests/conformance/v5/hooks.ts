/** Hooks that tests need more than once. */

import type { Access, Hook } from "../../../src/hook/hook.ts";
import { MqttError } from "../../../src/packets/errors.ts";

const decoder = new TextDecoder();

/** Lets in who gives the password `secret`, or no user name at all. */
export function login(): Hook {
  return {
    id: "login",
    onConnectAuthenticate: (_client, { username, password }) =>
      username === undefined || decoder.decode(password) === "secret",
    onAclCheck: () => true,
  };
}

/** Lets everyone in and refuses topics that start with `denied`, to write, read or both. */
export function denying(...kinds: Access[]): Hook {
  return {
    id: "denying",
    onConnectAuthenticate: () => true,
    onAclCheck: (_client, topic, access) => !(topic.startsWith("denied") && kinds.includes(access)),
  };
}

/** Refuses every CONNECT with a reason code. */
export function refusing(reasonCode: number, reason = "no", serverReference?: string): Hook {
  return {
    id: "refusing",
    onConnectAuthenticate() {
      throw new MqttError(reasonCode, reason, { serverReference });
    },
  };
}
