import { brokenOff, stalled } from "./networkFault.ts";

/** A site that sends nothing for so long is taken for gone. */
const longestSilenceMs = 30_000;

/**
 * The body of an answer, piece by piece.
 *
 * @throws NetworkFault when it breaks off or goes silent; the signal's reason when that is aborted.
 */
export async function* readBody(
  url: URL,
  response: Response,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(stalled(url, longestSilenceMs / 1000)), longestSilenceMs);
      });
      const piece = await Promise.race([
        reader.read().catch((error: unknown) => {
          signal.throwIfAborted();
          throw brokenOff(url, error);
        }),
        silence,
      ]);
      clearTimeout(timer);
      if (piece.done) return;
      yield piece.value;
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => undefined);
  }
}
