import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { DownloadProgress } from "../../contract/download.ts";
import { farLarger, isWebPage, NetworkFault, tooLarge, truncated } from "./networkFault.ts";
import { ProgressMeter } from "./progressMeter.ts";
import { readBody } from "./readBody.ts";
import { discard, request, type Answer } from "./request.ts";
import { asFault, Patience } from "./retry.ts";
import type { Sink } from "./sink.ts";

export interface Receiving {
  readonly url: URL;
  readonly name: string;
  readonly sink: Sink;
  /** Of what lies in the sink already; null when it is to be received from the beginning. */
  readonly etag: string | null;
  readonly mostBytes: number;
  readonly announcedBytes: number | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** Called as soon as it is known by what to recognise the file if the rest has to come another time. */
  readonly onEtag: (etag: string | null) => void;
}

/**
 * Receives a file into a sink, over as many broken connections as it takes, going on where the last one broke
 * when the site can and the file is surely still the same.
 *
 * @returns the SHA-256 of all bytes, in hex.
 * @throws AppError what went wrong in the end; DOMException "QuotaExceededError" of the sink.
 */
export async function receiveFile(receiving: Receiving): Promise<string> {
  const { url, name, sink, mostBytes, announcedBytes, signal, onProgress, onEtag } = receiving;
  const patience = new Patience();
  const meter = new ProgressMeter(onProgress);
  let hash = sha256.create();
  let etag = receiving.etag;
  if (etag === null) sink.clear();
  let farthest = sink.length;
  for await (const piece of sink.pieces()) hash.update(piece);

  const restart = (): void => {
    sink.clear();
    hash = sha256.create();
  };

  for (;;) {
    try {
      const answer = await openAt(url, sink.length, etag, signal);
      if (answer.start === 0) restart();
      etag = answer.etag;
      onEtag(etag);
      const { total } = answer;
      if (total !== null && total > mostBytes) {
        discard(answer.response);
        throw tooLarge(name, total, mostBytes);
      }
      const announced = announcedBytes ?? total;
      const mostUnpacked = announced === null ? Infinity : mostUnpackedOf(announced);
      meter.begin(sink.length, total);
      refuseWebPageByType(answer.response, name);
      for await (const piece of readBody(url, answer.response, signal)) {
        if (sink.length === 0) refuseWebPage(piece, name, url.host);
        if (sink.length + piece.length > mostBytes) throw tooLarge(name, null, mostBytes);
        if (sink.length + piece.length > mostUnpacked)
          throw farLarger(name, url.host, announced ?? 0, sink.length + piece.length);
        sink.append(piece);
        hash.update(piece);
        meter.count(piece.length);
        // A site that always breaks off at the same place makes no progress.
        if (sink.length > farthest) patience.reward();
        farthest = Math.max(farthest, sink.length);
      }
      // Somewhat more than was announced is no fault: then the announced size was that of the compressed body.
      if (total !== null && sink.length < total)
        throw new NetworkFault(truncated(name, sink.length, total), true);
      meter.finish();
      return bytesToHex(hash.digest());
    } catch (error) {
      const fault = asFault(error, signal);
      meter.interrupt();
      await patience.spend(fault, signal);
    }
  }
}

/** Below this nobody minds. */
const smallBytes = 4e6;
/** Text such as a model.json becomes this much smaller, packed for the way; it has some megabytes. */
const textPacking = 20;
const mostTextBytes = 80e6;
/** Weights and pictures hardly become smaller. */
const packing = 4;

/** How much of a file is taken that was announced with so many bytes, which may be those of its packed form. */
function mostUnpackedOf(announced: number): number {
  return Math.max(smallBytes, packing * announced, Math.min(mostTextBytes, textPacking * announced));
}

/** The answer that goes on at `at`, if the site can and the file is the same; else one from the beginning. */
async function openAt(url: URL, at: number, etag: string | null, signal: AbortSignal): Promise<Answer> {
  if (at > 0 && etag !== null) {
    try {
      const answer = await request(url, { range: { start: at }, signal });
      if (answer.response.status !== 206 || (answer.start === at && answer.etag === etag))
        return answer.start === 0 ? answer : withTotal(answer);
      discard(answer.response);
    } catch (error) {
      // 416: the file has become shorter, or was whole already; either way it is read anew.
      if (!(error instanceof NetworkFault) || error.status !== 416) throw error;
    }
  }
  return request(url, { signal });
}

/** Where `Content-Range` is hidden, the rest's length still tells the whole's. */
function withTotal(answer: Answer): Answer {
  if (answer.total !== null) return answer;
  const rest = Number(answer.response.headers.get("Content-Length") ?? Number.NaN);
  return Number.isInteger(rest) ? { ...answer, total: answer.start + rest } : answer;
}

function refuseWebPageByType(response: Response, name: string): void {
  if (!/^text\/html\b/i.test(response.headers.get("Content-Type") ?? "")) return;
  discard(response);
  throw isWebPage(name, new URL(response.url).host);
}

function refuseWebPage(start: Uint8Array, name: string, host: string): void {
  const text = new TextDecoder().decode(start.subarray(0, 200)).trimStart().toLowerCase();
  if (text.startsWith("<!doctype html") || text.startsWith("<html")) throw isWebPage(name, host);
}
