/** One request and its answer over a socket: HTTP/1.1 with a limit of time and of length, one request for a connection.
 * @module */
import type { ListenerContext, Socket } from "../src/broker/core/listener.ts";
import { HttpError, type HttpRequest, parseRequest } from "./http_request.ts";
import { linger, writeAll } from "./linger.ts";

/** What a request is answered with. */
export interface HttpAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Media type, default plain text. */
  readonly type?: string;
  /** The body. */
  readonly text: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

const FIRST_READ = 1_024;
/** Bytes of a request up to its empty line. */
const LONGEST_HEAD = 8_192;
/** Milliseconds in which the peer may close after it was answered. */
const PEER_CLOSES = 1_000;

const REASONS: Readonly<Record<number, string>> = {
  101: "Switching Protocols",
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

const encoder = new TextEncoder();
const NOTHING: Uint8Array = new Uint8Array(0);

/** Reads a request, and answers it. Whatever the peer does, it is over when its time is. */
export class HttpExchange {
  /** What came behind the head. */
  rest: Uint8Array = NOTHING;
  /** True when it was ended because its time was over. */
  isLate = false;
  #socket: Socket;
  /** Ends the limit of time: the socket speaks another protocol from now on, or is closed. */
  readonly release: () => void;

  /**
   * Begins one.
   *
   * @param socket the connection
   * @param options how many milliseconds it may take, and who measures them
   */
  constructor(
    socket: Socket,
    { timeout, context }: { timeout: number; context: Pick<ListenerContext, "deadline"> },
  ) {
    this.#socket = socket;
    this.release = context.deadline(timeout, () => {
      this.isLate = true;
      socket.close();
    });
  }

  /**
   * Reads the request.
   *
   * @returns it, or `undefined` when the peer goes or its time is over
   * @throws {HttpError} what the peer should be told
   */
  async read(): Promise<HttpRequest | undefined> {
    let buffer = new Uint8Array(FIRST_READ), length = 0;
    for (;;) {
      const count = await this.#socket.read(buffer.subarray(length));
      if (count === null) return undefined;
      const end = endOfHead(buffer, Math.max(0, length - 3), length += count);
      if (end >= 0) {
        if (length > end + 4) this.rest = buffer.slice(end + 4, length);
        return parseRequest(buffer.subarray(0, end + 2));
      }
      if (!isText(buffer[0])) throw new HttpError(400, "This is not an HTTP request.");
      if (length === LONGEST_HEAD) throw new HttpError(431, `The head of a request has at most ${LONGEST_HEAD} bytes.`);
      if (length === buffer.length) buffer = new Uint8Array(buffer.buffer.transfer(2 * length));
    }
  }

  /**
   * Answers, and ends the connection when the peer has read that.
   *
   * @param answer the answer
   * @param bodyless whether the body is left out, as HEAD wants it
   */
  async answer(
    { status, type = "text/plain; charset=utf-8", text, headers }: HttpAnswer,
    bodyless = false,
  ): Promise<void> {
    const body = encoder.encode(text);
    const head = formatHead(status, {
      "content-type": type,
      "content-length": `${body.length}`,
      "date": new Date().toUTCString(),
      ...headers,
      "connection": headers?.connection === undefined ? "close" : `${headers.connection}, close`,
    });
    await writeAll(this.#socket, bodyless ? head : Uint8Array.of(...head, ...body));
    const patience = setTimeout(() => this.#socket.close(), PEER_CLOSES);
    await linger(this.#socket);
    clearTimeout(patience);
  }

  /**
   * Answers 101: the socket speaks another protocol from now on; {@linkcode HttpExchange.release} gives it all the time that it wants.
   *
   * @param headers the headers of the answer
   */
  switchProtocols(headers: Readonly<Record<string, string>>): Promise<void> {
    return writeAll(this.#socket, formatHead(101, headers));
  }
}

/** @returns where the empty line begins, -1 when there is none yet */
function endOfHead(buffer: Uint8Array, from: number, length: number): number {
  for (let at = from; at + 4 <= length; at++) {
    if (buffer[at] === 13 && buffer[at + 1] === 10 && buffer[at + 2] === 13 && buffer[at + 3] === 10) return at;
  }
  return -1;
}

/** Whether a request can begin so; MQTT and TLS cannot, and need not wait for an empty line. */
function isText(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f;
}

function formatHead(status: number, headers: Readonly<Record<string, string>>): Uint8Array {
  let head = `HTTP/1.1 ${status} ${REASONS[status]}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  return encoder.encode(`${head}\r\n`);
}
