/** What `@std/http` is used for here, without a registry. Reached through `tools/npm_import_map.json` only.
 * @module
 */

const CONTENT_TYPES: Record<string, string> = {
  css: "text/css; charset=UTF-8",
  html: "text/html; charset=UTF-8",
  js: "text/javascript; charset=UTF-8",
  json: "application/json; charset=UTF-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=UTF-8",
};

/**
 * Answers a request with a file.
 *
 * @param request the request; its method decides whether a body is sent
 * @param filePath path of the file
 * @returns 200 with the file, 404 where there is none, 405 for other methods than GET and HEAD
 */
export async function serveFile(request: Request, filePath: string): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Method Not Allowed", { status: 405, statusText: "Method Not Allowed" });
  }
  try {
    const file = await Deno.readFile(filePath);
    const type = CONTENT_TYPES[filePath.split(".").at(-1) ?? ""] ?? "application/octet-stream";
    const headers = { "content-type": type, "content-length": String(file.byteLength) };
    return new Response(request.method === "HEAD" ? null : file, { headers });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory)) throw error;
    return new Response("Not Found", { status: 404, statusText: "Not Found" });
  }
}
