/** One request to another site: always GET or HEAD, without cookies, without saying who sends the visitor. */
import { noAnswer, noAnswerFurtherOn, refusedWith, stoppedByPolicy } from "./networkFault.ts";
import { wasStoppedByPolicy } from "./policyReports.ts";

export interface Answer {
  readonly response: Response;
  /** First byte of the body within the file. */
  readonly start: number;
  /** Bytes of the whole file; null where it is not told. */
  readonly total: number | null;
  /** A strong ETag, by which two answers are known to be of the same file; null where it is weak or hidden. */
  readonly etag: string | null;
}

interface Wanted {
  readonly method?: "GET" | "HEAD";
  /** First byte, and the one after the last; absent for the whole file. */
  readonly range?: { readonly start: number; readonly end?: number };
  readonly signal: AbortSignal;
}

/**
 * Sends a request and looks at what comes back before its body.
 *
 * Parts are asked for with `Range` alone, which needs no preflight (many hubs refuse one); whoever goes on with a
 * file compares `etag` himself, to the same end as `If-Range`.
 *
 * @throws NetworkFault when there is no answer or one that refuses; the signal's reason when that is aborted.
 */
export async function request(url: URL, { method = "GET", range, signal }: Wanted): Promise<Answer> {
  const headers = new Headers();
  if (range !== undefined)
    headers.set("Range", `bytes=${range.start}-${range.end === undefined ? "" : range.end - 1}`);
  let response: Response;
  const askedMs = performance.now();
  try {
    response = await fetch(url, {
      method,
      headers,
      signal,
      mode: "cors",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      redirect: "follow",
      // The file is kept, if at all, where the visitor can see and delete it.
      cache: "no-store",
    });
  } catch (error) {
    signal.throwIfAborted();
    if (await wasStoppedByPolicy(url, askedMs)) throw stoppedByPolicy(url, error);
    throw (await passesOn(url, signal)) ? noAnswerFurtherOn(url, error) : noAnswer(url, error);
  }
  if (!response.ok) {
    discard(response);
    throw refusedWith(new URL(response.url), response.status, response.headers.get("Retry-After"));
  }
  const etag = response.headers.get("ETag");
  return {
    response,
    ...extentOf(response, range?.start ?? 0),
    etag: etag === null || etag.startsWith("W/") ? null : etag,
  };
}

/**
 * Whether the site answers and passes the request on: then it is the next one that cannot be read, which `fetch` does
 * not tell when it follows by itself.
 */
async function passesOn(url: URL, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "HEAD",
      signal,
      mode: "cors",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      redirect: "manual",
      cache: "no-store",
    });
    discard(response);
    return response.type === "opaqueredirect";
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Ends an answer whose body nobody wants. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

/** `Content-Range` is hidden from pages unless the site shows it; `Content-Length` never is. */
function extentOf({ status, headers }: Response, asked: number): { start: number; total: number | null } {
  const length = wholeNumber(headers.get("Content-Length"));
  if (status !== 206) return { start: 0, total: length };
  const told = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("Content-Range") ?? "");
  if (told !== null) return { start: Number(told[1]), total: wholeNumber(told[2] ?? null) };
  return { start: asked, total: null };
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
