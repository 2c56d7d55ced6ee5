/** Clients and packets for the tests of hooks.
 * @module */
import { type ConnectPacket, PacketType } from "../../src/packets/types.ts";
import { Client, type ClientInit } from "../../src/session/client.ts";

/** A client that connects from 127.0.0.1. */
export function newClient(init: Partial<ClientInit>): Client {
  const client = new Client({ id: "c1", protocolVersion: 5, remoteAddress: "127.0.0.1:50000", ...init });
  client.closeConnection = () => {};
  return client;
}

/** A CONNECT, with a password when one is given. */
export function connectPacket(password?: string): ConnectPacket {
  return {
    type: PacketType.CONNECT,
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 60,
    clientId: "c1",
    password: password === undefined ? undefined : new TextEncoder().encode(password),
  };
}
