/** The one place where access is decided: publish, subscribe, wills, retained and queued messages, every delivery.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Access } from "../../hook/hook.ts";
import { isHookTimeout } from "../../hook/hook_timeout.ts";
import { MqttError } from "../../packets/errors.ts";
import type { Client } from "../../session/client.ts";
import { bridgeStateTopic } from "../../topics/topic_name.ts";
import type { Core } from "./core.ts";

/**
 * May this client read or write this topic?
 * @param core the broker
 * @param client who asks
 * @param topic the Topic Name, or the filter without `$share/name/`
 * @param access `read` to subscribe and receive, `write` to publish
 * @param tooSlow the code for a hook that does not answer in time
 * @returns 0 for yes, otherwise the reason code; a Promise only when a hook is async. Never throws or rejects.
 */
export function authorize(
  core: Core,
  client: Client,
  topic: string,
  access: Access,
  tooSlow: number = ReasonCode.NotAuthorized,
): number | Promise<number> {
  if (client.inline) return ReasonCode.Success;
  if (access === "write" && isOfBroker(topic) && topic !== bridgeStateTopic(client.id)) {
    return ReasonCode.NotAuthorized; // whatever hooks say: nobody forges what the broker tells of itself
  }
  let answer: boolean | Promise<boolean>;
  try {
    answer = core.hooks.decide(core.hooks.on.onAclCheck, client, topic, access);
  } catch (error) {
    return refusalOf(error, tooSlow);
  }
  if (answer === true) return ReasonCode.Success;
  return answer === false ? ReasonCode.NotAuthorized : answer.then(codeOf, (error) => refusalOf(error, tooSlow));
}

/** What `$SYS/#` matches: `$SYS` itself too (4.7.1.2). */
function isOfBroker(topic: string): boolean {
  return topic.startsWith("$SYS") && (topic.length === 4 || topic[4] === "/");
}

function codeOf(answer: boolean): number {
  return answer ? ReasonCode.Success : ReasonCode.NotAuthorized;
}

function refusalOf(error: unknown, tooSlow: number): number {
  if (isHookTimeout(error)) return tooSlow;
  return error instanceof MqttError ? error.reasonCode : ReasonCode.NotAuthorized;
}
