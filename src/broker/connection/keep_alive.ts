/** Keep Alive: a client that is silent for one and a half times its interval has gone (3.1.2.10).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "../core/core.ts";

/** Watches a connection from CONNACK on [MQTT-3.1.2-22]. `client.keepAlive` is the value that counts. */
export function keepAlive(core: Core, connection: Connection): void {
  connection.deadline?.cancel();
  connection.deadline = undefined;
  const milliseconds = connection.client!.keepAlive * 1500;
  if (milliseconds === 0) return;
  connection.deadline = core.deadlines.begin(milliseconds, {
    // time in which the broker itself does not read is not the client's
    silence: () => connection.reader?.isBusy ? 0 : core.now() - connection.lastRead,
    expired: () =>
      connection.close(
        ReasonCode.KeepAliveTimeout,
        new Error("nothing was received within one and a half Keep Alive intervals"),
      ),
  });
}

/** The Keep Alive that counts for what a client asks for, in seconds. */
export function allowedKeepAlive(core: Core, asked: number): number {
  const { maximumKeepAlive } = core.options.capabilities;
  return maximumKeepAlive === 0 ? asked : Math.min(asked || maximumKeepAlive, maximumKeepAlive);
}
