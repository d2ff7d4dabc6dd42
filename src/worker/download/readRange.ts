import { AppError } from "../../contract/errors.ts";
import { readBody } from "./readBody.ts";
import { discard, request } from "./request.ts";

/** More at once is no part but a download. */
export const mostRangeBytes = 256 * 1024 * 1024;

/**
 * Some bytes of a file.
 *
 * @param end the byte after the last.
 * @throws NetworkFault, or AppError when the site gives no parts.
 */
export async function readRange(
  url: URL,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  if (bytes.length === 0) return bytes;
  const answer = await request(url, { range: { start, end }, signal });
  if (answer.response.status !== 206) {
    discard(answer.response);
    throw new AppError("network-status", `${url.host} sends files as a whole only, not in parts.`, {
      hint: "Download the file and drop it on this page.",
    });
  }
  let at = 0;
  for await (const piece of readBody(url, answer.response, signal)) {
    if (at + piece.length > bytes.length) break;
    bytes.set(piece, at);
    at += piece.length;
  }
  if (at < bytes.length || answer.start !== start)
    throw new AppError("file-unreadable", `${url.host} sends other bytes than those asked for.`, {
      hint: "The file may have changed meanwhile: begin again.",
      details: [`bytes ${start} to ${end} of ${url.href}`],
    });
  return bytes;
}
