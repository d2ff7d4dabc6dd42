import { headersFor } from "../contract/isolation.ts";

/**
 * An answer with the headers that isolate the page and bind it and its workers (`contract/isolation.ts`). What the host
 * sends of them itself is left as it is.
 *
 * @param address as it was asked for; an answer from a cache does not know it.
 */
export function withPolicies(response: Response, address: URL): Response {
  // Neither can be read, and the browser deals with redirects of pages itself.
  if (response.type === "opaque" || response.type === "opaqueredirect" || response.type === "error")
    return response;
  const headers = new Headers(response.headers);
  const wanted = headersFor(address, headers.get("Content-Type") ?? "");
  for (const [name, value] of Object.entries(wanted)) if (!headers.has(name)) headers.set(name, value);
  // The body has been unpacked on the way here, so it is longer than was said.
  if (headers.has("Content-Encoding")) {
    headers.delete("Content-Encoding");
    headers.delete("Content-Length");
  }
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
