/** The text of `--help`.
 * @module */
import { COMMAND_OPTIONS, type CommandOption } from "./options.ts";

const HEAD = `MQTT 5, 3.1.1 and 3.1 broker

Usage: deno run -A [--unstable-kv] mod.ts [options]

Options:
`;

const TAIL = `
ADDR is host:port, [v6]:port or :port (all interfaces); localhost is IPv4 and IPv6. Port 0 takes a free port.

Each of --tcp, --tls, --ws, --wss, --unix and --info makes one listener, and may be given again for another one
(--tcp 127.0.0.1:1883 --tcp [::1]:1883). Options of the command line win over the file; any of these replaces the
listeners of the file. Without options: TCP 127.0.0.1:1883, WebSocket 127.0.0.1:1882, statistics 127.0.0.1:8080, and
every client may connect.

SIGINT and SIGTERM stop the broker, SIGHUP reloads certificates. Exit codes: 0 stopped, 1 could not start, 2 the command
line or the configuration is wrong.
`;

/**
 * Writes the help text.
 *
 * @returns the text
 */
export function helpText(): string {
  const width = Math.max(...COMMAND_OPTIONS.map((option) => usage(option).length));
  const lines = COMMAND_OPTIONS.map((option) => `  ${usage(option).padEnd(width)}  ${option.help}\n`);
  return HEAD + lines.join("") + TAIL;
}

function usage({ name, short, value }: CommandOption): string {
  return `${name}${value === undefined ? "" : ` ${value}`}${short === undefined ? "" : `, ${short}`}`;
}
