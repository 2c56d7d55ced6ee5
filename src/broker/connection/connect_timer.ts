/** How long a client may take for each of its steps before it is let in; the broker's own steps do not count.
 * @module */
import type { Deadline } from "../../time/deadline.ts";
import type { Core } from "../core/core.ts";

/** After so many milliseconds it is looked again at a client whose bytes wait for others to be handled. */
const LOOK_AGAIN = 100;

/** A connection whose client is waited for. */
interface Awaited {
  /** Ends the wait. */
  deadline: Deadline | undefined;
  /** Tells whether something that has arrived is not handled yet. */
  readonly reader: { readonly isBusy: boolean } | undefined;
  /** Ends the connection without a word. */
  drop(reason: string): void;
}

/** The client has `connectTimeout` seconds from now on for the step that is named. */
export function awaitClient(core: Core, connection: Awaited, step: "CONNECT" | "AUTH"): void {
  connection.deadline?.cancel();
  const milliseconds = core.options.connectTimeout * 1000;
  connection.deadline = core.deadlines.begin(milliseconds, {
    silence: () => connection.reader?.isBusy ? milliseconds - LOOK_AGAIN : Infinity,
    expired: () => connection.drop(`no ${step} in time`),
  });
}

/** The client has done its step. */
export function stopAwaiting(connection: Awaited): void {
  connection.deadline?.cancel();
  connection.deadline = undefined;
}
