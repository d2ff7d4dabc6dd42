import { AppError } from "../../contract/errors.ts";
import { formatMegabytes } from "./formatMegabytes.ts";

/** A request that failed, and whether trying again may help. Stays within the download worker. */
export class NetworkFault extends Error {
  override readonly name = "NetworkFault";
  readonly error: AppError;
  readonly mayPass: boolean;
  /** How long the site asks to be left alone; 0 where it does not say. */
  readonly waitMs: number;
  /** What the site answered; 0 when it did not. */
  readonly status: number;

  constructor(error: AppError, mayPass: boolean, { waitMs = 0, status = 0 } = {}) {
    super(error.message, { cause: error });
    this.error = error;
    this.mayPass = mayPass;
    this.waitMs = waitMs;
    this.status = status;
  }
}

const dropInstead = "Download the file with your browser and drop it on this page.";

/** No answer came: offline, nobody there, or a site that does not let pages read it. */
export function noAnswer(url: URL, cause: unknown): NetworkFault {
  if (!navigator.onLine && !isOwnMachine(url)) return offline(url, cause);
  return new NetworkFault(
    new AppError(
      "network-blocked",
      `${url.host} cannot be read from a page: it does not allow that (CORS), or it does not answer.`,
      { hint: `${dropInstead} Check the address if your browser cannot open it either.`, cause },
    ),
    true,
  );
}

/** The site answered, and passed the request on to one that does not. */
export function noAnswerFurtherOn(url: URL, cause: unknown): NetworkFault {
  return new NetworkFault(
    new AppError(
      "network-blocked",
      `${url.host} passes the request on to a site that cannot be read from a page: it does not allow that (CORS), or it does not answer.`,
      { hint: `${dropInstead} Or look for an address of the file at a site that allows it.`, cause },
    ),
    true,
  );
}

/** The site passed the request on to where this page's own policy does not let it go. */
export function stoppedByPolicy(url: URL, cause: unknown): NetworkFault {
  return new NetworkFault(
    new AppError(
      "network-blocked",
      `${url.host} passes the request on to an address without encryption, which this page does not read.`,
      { hint: `${dropInstead} Or give the address that it ends at, if that begins with https://.`, cause },
    ),
    false,
  );
}

/** The connection broke in the middle of an answer. */
export function brokenOff(url: URL, cause: unknown): NetworkFault {
  if (!navigator.onLine && !isOwnMachine(url)) return offline(url, cause);
  return new NetworkFault(
    new AppError("network-failed", `The connection to ${url.host} broke off.`, {
      hint: "Try again: what has arrived is kept where the site can go on from there.",
      cause,
    }),
    true,
  );
}

export function stalled(url: URL, seconds: number): NetworkFault {
  return new NetworkFault(
    new AppError("network-failed", `${url.host} has sent nothing for ${seconds} seconds.`, {
      hint: "Try again later.",
    }),
    true,
  );
}

function offline(url: URL, cause: unknown): NetworkFault {
  return new NetworkFault(
    new AppError("network-offline", `This machine is offline, so ${url.host} cannot be reached.`, {
      hint: "Connect, and try again; files marked “on this machine” work without.",
      cause,
    }),
    false,
  );
}

/** The site answered with a status that is no success. */
export function refusedWith(url: URL, status: number, retryAfter: string | null): NetworkFault {
  const seconds = Number(retryAfter ?? "");
  const waitMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
  const mayPass = status === 429 || status === 408 || status >= 500;
  return new NetworkFault(
    new AppError("network-status", `${url.host} answers ${status}: ${meaningOf(status)}.`, {
      hint: hintFor(status, waitMs),
    }),
    mayPass,
    { waitMs, status },
  );
}

function meaningOf(status: number): string {
  switch (status) {
    case 401:
      return "it wants to know who asks";
    case 403:
      return "this file may not be read";
    case 404:
      return "there is no such file";
    case 410:
      return "the file is gone";
    case 416:
      return "the file is shorter than was thought";
    case 429:
      return "too many requests";
    case 503:
      return "it is overloaded or being worked on";
    default:
      return status >= 500 ? "a fault on its side" : "the request is refused";
  }
}

function hintFor(status: number, waitMs: number): string {
  switch (status) {
    case 401:
    case 403:
      return "Sign in there, accept the terms if there are any, download the file and drop it on this page. This page never sends a password.";
    case 404:
    case 410:
      return "Check the address: a letter, the branch, or the file's place may have changed.";
    case 429:
      return waitMs > 0
        ? `Wait ${Math.ceil(waitMs / 1000)} seconds and try again.`
        : "Wait a few minutes and try again.";
    default:
      return status >= 500 ? "Try again later." : dropInstead;
  }
}

export function tooLarge(name: string, bytes: number | null, most: number): AppError {
  const size = bytes === null ? "is larger than that" : `has ${formatMegabytes(bytes)}`;
  return new AppError("file-refused", `“${name}” ${size}; at most ${formatMegabytes(most)} are loaded.`, {
    hint: "Choose a smaller file.",
  });
}

/** @param received so far; it was ended there. */
export function farLarger(name: string, host: string, announced: number, received: number): AppError {
  return new AppError(
    "file-refused",
    `“${name}” was announced with ${formatMegabytes(announced)}, and ${host} has sent ${formatMegabytes(received)} and more; it was ended there.`,
    { hint: "If you know that it is so large, download it with your browser and drop it on this page." },
  );
}

export function isWebPage(name: string, host: string): AppError {
  return new AppError("file-unreadable", `${host} sends a web page in place of “${name}”.`, {
    hint: "It may ask to sign in or to accept terms, or the address is that of a page about the file: look for “download” or “raw” there.",
  });
}

export function truncated(name: string, bytes: number, total: number): AppError {
  return new AppError(
    "file-unreadable",
    `“${name}” came to an end after ${bytes} of ${total} bytes, again and again.`,
    {
      hint: "The site sends it cut off. Try again later, or another source.",
    },
  );
}

export function cancelled(): AppError {
  return new AppError("cancelled", "The download was cancelled.");
}

function isOwnMachine({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1";
}
