import { sha256 as sha256InJavaScript } from "@noble/hashes/sha2.js";

/**
 * SHA-256 of bytes. The browser's own, which pages served without encryption do not have; there plain JavaScript takes its
 * place, some ten times as slow.
 *
 * @param subtle the browser's; null where it has none.
 */
export async function sha256(
  bytes: Uint8Array<ArrayBuffer>,
  subtle: SubtleCrypto | null = (globalThis.crypto as { readonly subtle?: SubtleCrypto }).subtle ?? null,
): Promise<Uint8Array<ArrayBuffer>> {
  if (subtle === null) return Uint8Array.from(sha256InJavaScript(bytes));
  return new Uint8Array(await subtle.digest("SHA-256", bytes));
}

/** In lower case. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
