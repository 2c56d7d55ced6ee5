/** What a CONNECT may ask for, before and after the hooks have seen it.
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { ConnectPacket, Will } from "../../packets/types.ts";
import { utf8Length } from "../../packets/utf8.ts";
import { roomForClients } from "../connection/open_sockets.ts";
import type { Core } from "../core/core.ts";
import { INLINE_ID } from "../../session/client.ts";
import { bytesOfSessions } from "../sessions/session_begin.ts";
import { checkWill, costOfWill } from "../sessions/wills.ts";

/**
 * Checks version, Client Identifier, will and the room that there is.
 * @throws MqttError 0x84, 0x85, 0x97, and for the will 0x90, 0x99, 0x9A, 0x9B
 */
export function checkConnect(core: Core, packet: ConnectPacket): void {
  const { minimumProtocolVersion } = core.options.capabilities;
  if (packet.protocolVersion < minimumProtocolVersion) {
    throw new MqttError(
      ReasonCode.UnsupportedProtocolVersion,
      `Cannot connect: protocol level is ${packet.protocolVersion}, at least ${minimumProtocolVersion} is needed`,
    );
  }
  checkClientId(core, packet);
  if (packet.will !== undefined) checkWill(core, packet.will);
  checkRoom(core, packet.clientId, packet.will);
}

/**
 * One client more, unless it takes the place of a connection of its own.
 * @throws MqttError 0x97
 */
export function checkRoom(core: Core, clientId: string, will: Will | undefined): void {
  const { capabilities } = core.options, { maximumSessions } = capabilities, session = core.sessions.get(clientId);
  const maximumClients = roomForClients(capabilities);
  if (core.info.clientsConnected >= maximumClients && session?.link === undefined) {
    const option = maximumClients < capabilities.maximumClients ? "maximumSockets" : "maximumClients";
    core.tellOfRefusal(option, capabilities[option]);
    throw new MqttError(ReasonCode.QuotaExceeded, `Cannot connect: there are ${maximumClients} clients already`);
  }
  if (core.sessions.size >= maximumSessions && session === undefined) {
    core.tellOfRefusal("maximumSessions", maximumSessions);
    throw new MqttError(ReasonCode.QuotaExceeded, `Cannot connect: there are ${maximumSessions} sessions already`);
  }
  if (session === undefined && isFullOfSessions(core)) {
    throw new MqttError(ReasonCode.QuotaExceeded, "Cannot connect: there is no memory for one more session");
  }
  const willGrowth = will === undefined ? 0 : costOfWill(will) - (session?.willBytes ?? 0);
  if (willGrowth > 0 && core.willBytes + willGrowth > core.limits.wills) {
    core.tellOfRefusal("maximumTotalWillBytes", core.limits.wills);
    throw new MqttError(ReasonCode.QuotaExceeded, "Cannot connect: there is no memory for one more will");
  }
}

/** Whether what sessions take by themselves has reached its limit: nothing more is taken then, and that is told. */
export function isFullOfSessions(core: Core): boolean {
  const isFull = core.memory.isShort || bytesOfSessions(core) >= core.limits.sessions;
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
