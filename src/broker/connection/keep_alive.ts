/** Keep Alive: a client that is silent for one and a half times its interval has gone (3.1.2.10).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "../core/core.ts";

/** Watches a connection from CONNACK on [MQTT-3.1.2-22]. `client.keepAlive` is the value that counts. */
export function keepAlive(core: Core, connection: Connection): void {
  core.scheduler.cancel(connection.deadline);
  connection.deadline = undefined;
  const milliseconds = connection.client!.keepAlive * 1500;
  if (milliseconds === 0) return;
  const check = () => {
    // time in which the broker itself does not read, or the process stands still, is not the client's
    const since = connection.reader?.isBusy ? core.now() : Math.max(connection.lastRead, core.scheduler.resumed);
    const due = since + milliseconds;
    if (due <= core.now()) {
      connection.close(
        ReasonCode.KeepAliveTimeout,
        new Error("nothing was received within one and a half Keep Alive intervals"),
      );
    } else connection.deadline = core.scheduler.at(due, check);
  };
  connection.deadline = core.scheduler.after(milliseconds, check);
}

/** The Keep Alive that counts for what a client asks for, in seconds. */
export function allowedKeepAlive(core: Core, asked: number): number {
  const { maximumKeepAlive } = core.options.capabilities;
  return maximumKeepAlive === 0 ? asked : Math.min(asked || maximumKeepAlive, maximumKeepAlive);
}
