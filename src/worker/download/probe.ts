import { NetworkFault } from "./networkFault.ts";
import { discard, request } from "./request.ts";

/** What an address answers, without its body. */
export interface Probed {
  /** Of the machine that answered in the end. */
  readonly answeredBy: string;
  readonly bytes: number | null;
  /** Null where parts cannot be asked for, or the site hides by what to tell that they are of the same file. */
  readonly etag: string | null;
}

/**
 * Asks with HEAD; sites that refuse it are asked for one byte, and those that hide where that byte lies are asked
 * for the whole and left at its first.
 *
 * @throws NetworkFault when the file cannot be read.
 */
export async function probe(url: URL, signal: AbortSignal): Promise<Probed> {
  const head = await ask(url, { method: "HEAD", signal }).catch((error: unknown) => {
    if (error instanceof NetworkFault && error.error.code !== "network-offline") return null;
    throw error;
  });
  if (head !== null && head.bytes !== null) return head;
  const byte = await ask(url, { range: { start: 0, end: 1 }, signal });
  return byte.bytes === null ? ask(url, { signal }) : byte;
}

async function ask(url: URL, wanted: Parameters<typeof request>[1]): Promise<Probed> {
  const { response, total, etag } = await request(url, wanted);
  discard(response);
  return { answeredBy: new URL(response.url).host, bytes: total, etag };
}
