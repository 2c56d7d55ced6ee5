/** What every client of the matrix can do. */

import type { Program as Installed } from "../helpers/programs.ts";
import type { Endpoint, Program, Transport } from "./program.ts";

/** Version of the protocol, as its level. */
export type Version = 3 | 4 | 5;

/** Names of the versions. */
export const VERSION_NAMES: Record<Version, string> = { 3: "3.1", 4: "3.1.1", 5: "5" };

/** A message that arrived. */
export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** A message to send. */
export interface ToSend {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
  readonly retain?: boolean;
}

/** Who connects, and how. */
export interface ConnectOptions {
  readonly program: Program;
  readonly endpoint: Endpoint;
  readonly version: Version;
  readonly clientId: string;
  readonly will?: ToSend;
  /** Keep the session when the connection ends, and take up the one that was kept. */
  readonly keepSession?: boolean;
  /** The client only subscribes, and then disconnects. */
  readonly brief?: boolean;
}

/** A client. */
export interface TestClient extends AsyncDisposable {
  /** Resolves once the broker has granted it. */
  subscribe(filter: string, qos: 0 | 1 | 2): Promise<void>;
  /** Resolves once the broker has all of it. */
  publish(message: ToSend): Promise<void>;
  /** The next message. */
  next(): Promise<Received>;
  /** Ends the connection as the standard says. */
  disconnect(): Promise<void>;
  /** Ends the connection without a word. */
  die(): Promise<void>;
}

/** A kind of client. */
export interface ClientKind {
  readonly name: string;
  /** What has to be installed. */
  readonly needs: readonly Installed[];
  readonly transports: readonly Transport[];
  connect(options: ConnectOptions): Promise<TestClient>;
}
