/** How long a client may take for each of its steps before it is let in; the broker's own steps do not count.
 * @module */
import type { Task } from "../../time/scheduler.ts";
import type { Core } from "../core/core.ts";

/** A connection whose client is waited for. */
interface Awaited {
  /** Ends the wait. */
  deadline: Task | undefined;
  /** Ends the connection without a word. */
  drop(reason: string): void;
}

/** The client has `connectTimeout` seconds from now on for the step that is named. */
export function awaitClient(core: Core, connection: Awaited, step: "CONNECT" | "AUTH"): void {
  stopAwaiting(core, connection);
  const milliseconds = core.options.connectTimeout * 1000;
  connection.deadline = core.scheduler.after(milliseconds, () => connection.drop(`no ${step} in time`));
}

/** The client has done its step. */
export function stopAwaiting(core: Core, connection: Awaited): void {
  core.scheduler.cancel(connection.deadline);
  connection.deadline = undefined;
}
