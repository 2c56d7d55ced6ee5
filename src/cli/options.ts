/** The options of the command line, in one table: the parser and the help text read it.
 * @module */

/** One option. */
export interface CommandOption {
  /** Name with its dashes. */
  readonly name: string;
  /** A shorter one. */
  readonly short?: string;
  /** What follows, `undefined` for a switch. */
  readonly value?: string;
  /** True when it may be given several times. */
  readonly repeats?: true;
  /** What may follow, when that is a short list. */
  readonly choices?: readonly string[];
  /** Words for the help text. */
  readonly help: string;
}

/** Levels of `--log-level`. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
/** Forms of `--log-format`. */
export const LOG_FORMATS = ["text", "json"] as const;

/** All options, in the order of the help text. */
export const COMMAND_OPTIONS: readonly CommandOption[] = [
  { name: "--config", value: "FILE", help: "configuration, YAML or JSON by the file's ending; - reads standard input" },
  { name: "--check", help: "check the configuration, say what is wrong with it, and exit" },
  { name: "--tcp", value: "ADDR", repeats: true, help: "listen for MQTT over TCP" },
  { name: "--tls", value: "ADDR", repeats: true, help: "listen for MQTT over TLS" },
  { name: "--ws", value: "ADDR", repeats: true, help: "listen for MQTT over WebSocket" },
  { name: "--wss", value: "ADDR", repeats: true, help: "listen for MQTT over WebSocket with TLS" },
  { name: "--unix", value: "PATH", repeats: true, help: "listen for MQTT on a Unix domain socket" },
  { name: "--info", value: "ADDR", repeats: true, help: "serve statistics over HTTP" },
  { name: "--tls-cert-file", value: "FILE", help: "certificate chain of --tls and --wss, PEM" },
  { name: "--tls-key-file", value: "FILE", help: "private key of --tls and --wss, PEM" },
  {
    name: "--client-ca-file",
    value: "FILE",
    help: "ask clients of --tls and --wss for a certificate that this authority signed, PEM",
  },
  { name: "--store", value: "URL", help: "memory: (default), kv:PATH or redis://HOST:PORT" },
  {
    name: "--data",
    value: "FOLDER",
    help: "keep data there in Deno KV, where neither --store nor the file names a store",
  },
  { name: "--no-warm-up", help: "do not use the quiet moments after the start to come to full speed" },
  { name: "--log-level", value: "LEVEL", choices: LOG_LEVELS, help: "debug, info (default), warn or error" },
  { name: "--log-format", value: "FORMAT", choices: LOG_FORMATS, help: "text (default) or json" },
  { name: "--version", short: "-V", help: "print the version and exit" },
  { name: "--help", short: "-h", help: "print this text and exit" },
];
