/** The part of the Redis client that is used: what a client library has to offer.
 * @module */
import type { Buffer } from "node:buffer";

/** Arguments of a command. */
export type RedisArguments = (string | Buffer)[];

/** Commands that happen together. */
export interface RedisMulti {
  addCommand(command: RedisArguments): RedisMulti;
  exec(): Promise<unknown[]>;
}

/** One connection; texts are answered as bytes. */
export interface RedisConnection {
  sendCommand(command: RedisArguments): Promise<unknown>;
  multi(): RedisMulti;
  readonly isReady: boolean;
  destroy(): void;
}

/** Where a server is. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Makes one connection. */
export type RedisConnect = (address: RedisAddress, role: "store" | "sentinel") => Promise<RedisConnection>;
