/** What a CONNECT may ask for, before and after the hooks have seen it.
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { ConnectPacket, Will } from "../../packets/types.ts";
import { utf8Length } from "../../packets/utf8.ts";
import { roomForClients } from "../connection/open_sockets.ts";
import type { Core } from "../core/core.ts";
import type { AddressTotals } from "../../session/address_totals.ts";
import { type Client, INLINE_ID } from "../../session/client.ts";
import { costOfProperties } from "../../session/cost.ts";
import { LITTLE, openPart } from "../../session/fair_part.ts";
import { peerOf } from "../../session/peer_address.ts";
import { costOfSession, type Session } from "../../session/session.ts";
import { bytesOfSessions } from "../sessions/session_begin.ts";
import { checkWill, costOfWill } from "../sessions/wills.ts";

/**
 * Checks version, Client Identifier, will and the room that there is.
 * @throws MqttError 0x84, 0x85, 0x97, and for the will 0x90, 0x99, 0x9A, 0x9B
 */
export function checkConnect(core: Core, client: Client, packet: ConnectPacket): void {
  const { minimumProtocolVersion } = core.options.capabilities;
  if (packet.protocolVersion < minimumProtocolVersion) {
    throw new MqttError(
      ReasonCode.UnsupportedProtocolVersion,
      `Cannot connect: protocol level is ${packet.protocolVersion}, at least ${minimumProtocolVersion} is needed`,
    );
  }
  checkClientId(core, packet);
  if (packet.will !== undefined) checkWill(core, packet.will);
  const { username, remoteAddress } = client;
  checkRoom(core, { id: packet.clientId, username, remoteAddress }, packet.will);
  checkProperties(core, packet);
}

/** What CONNECT says besides is held as long as its connection: where memory is short no more than a little, whoever comes. */
function checkProperties(core: Core, { properties }: ConnectPacket): void {
  if (!core.memory.isShort || costOfProperties(properties) <= LITTLE) return;
  core.tellOfRefusal("maximumMemory", core.limits.memory);
  throw new MqttError(ReasonCode.QuotaExceeded, "Cannot connect: there is no memory for the properties of CONNECT");
}

/** Who comes. */
type Newcomer = Pick<Client, "id" | "username" | "remoteAddress">;

/**
 * One client more, unless it takes the place of a connection of its own.
 * @throws MqttError 0x97
 */
export function checkRoom(core: Core, client: Newcomer, will: Will | undefined): void {
  const { capabilities } = core.options, session = core.sessions.get(client.id);
  const maximumClients = roomForClients(capabilities);
  if (core.info.clientsConnected >= maximumClients && session?.link === undefined) {
    const option = maximumClients < capabilities.maximumClients ? "maximumSockets" : "maximumClients";
    core.tellOfRefusal(option, capabilities[option]);
    throw new MqttError(ReasonCode.QuotaExceeded, `Cannot connect: there are ${maximumClients} clients already`);
  }
  const address = session?.address ?? core.deliveries.addresses.get(peerOf(client.remoteAddress));
  if (session === undefined) checkSessions(core, costOfSession(client), address);
  if (will !== undefined) checkWills(core, { cost: costOfWill(will), held: session?.willBytes ?? 0 }, address);
}

/** One session more. */
function checkSessions(core: Core, cost: number, address: AddressTotals | undefined): void {
  const { maximumSessions } = core.options.capabilities;
  const part = openPart({ client: cost, address: cost + (address?.sessions ?? 0) });
  if (core.sessions.size >= part * maximumSessions) {
    core.tellOfRefusal("maximumSessions", maximumSessions);
    throw new MqttError(ReasonCode.QuotaExceeded, `Cannot connect: there are ${core.sessions.size} sessions already`);
  }
  if (!isFull(core, part)) return;
  throw new MqttError(ReasonCode.QuotaExceeded, "Cannot connect: there is no memory for one more session");
}

/** A will, and what the session is counted with for the one that it has. */
function checkWills(core: Core, will: { cost: number; held: number }, address: AddressTotals | undefined): void {
  const { cost, held } = will, growth = cost - held;
  const part = openPart({ client: cost, address: growth + (address?.wills ?? 0) });
  if (growth <= 0 || core.willBytes + growth <= part * core.limits.wills) return;
  core.tellOfRefusal("maximumTotalWillBytes", core.limits.wills);
  throw new MqttError(ReasonCode.QuotaExceeded, "Cannot connect: there is no memory for one more will");
}

/** Whether a session may remember no more Packet Identifiers: what sessions take by themselves has reached its limit, which is told. */
export function isFullOfSessions(core: Core, session: Session): boolean {
  return isFull(core, openPart({ client: session.bytesWithIdentifiers, address: session.address.sessions }));
}

function isFull(core: Core, part: number): boolean {
  const isFull = core.memory.isShort || bytesOfSessions(core) >= part * core.limits.sessions;
  if (isFull) core.tellOfRefusal("maximumTotalSessionBytes", core.limits.sessions);
  return isFull;
}

/**
 * A session is not asked for too often: each time its messages are sent again. Asked once it is known who the client is, so that
 * nobody keeps another one out.
 * @throws MqttError 0x9F
 */
export function checkRate(core: Core, clientId: string): void {
  const { maximumConnectRatePerClientId: most } = core.options.capabilities;
  if (most === 0 || core.sessions.get(clientId) === undefined || core.connectRate.count(clientId) <= most) return;
  const reason = `Cannot connect: this Client Identifier has connected ${most} times within a second`;
  throw new MqttError(ReasonCode.ConnectionRateExceeded, reason);
}

/** Characters of a Client Identifier of MQTT 3.1. */
const LONGEST_OF_31 = 23;

function checkClientId(core: Core, packet: ConnectPacket): void {
  const { clientId, protocolVersion } = packet, { capabilities, compatibilities } = core.options;
  if (clientId === "") checkEmptyId(packet);
  if (clientId === INLINE_ID) {
    throw new MqttError(
      ReasonCode.ClientIdentifierNotValid,
      "Cannot connect: this Client Identifier is the broker's own",
    );
  }
  if (protocolVersion === 3 && clientId.length > LONGEST_OF_31 && !compatibilities.longClientIds) { // [v311 NOTE-10]
    throw new MqttError(
      ReasonCode.ClientIdentifierNotValid,
      `Cannot connect: MQTT 3.1 allows ${LONGEST_OF_31} characters in the Client Identifier`,
    );
  }
  if (utf8Length(clientId) > capabilities.maximumClientIdLength) { // [MQTT-3.1.3-8]
    throw new MqttError(
      ReasonCode.ClientIdentifierNotValid,
      `Cannot connect: the Client Identifier is longer than ${capabilities.maximumClientIdLength} bytes`,
    );
  }
}

/** An empty id gets one assigned, where the version and its clean session allow that. */
function checkEmptyId(packet: ConnectPacket): void {
  const allowed = packet.protocolVersion === 5 || packet.protocolVersion === 4 && packet.cleanStart;
  if (!allowed) {
    throw new MqttError(ReasonCode.ClientIdentifierNotValid, "Cannot connect: the Client Identifier is empty"); // [v311 MQTT-3.1.3-8]
  }
}
