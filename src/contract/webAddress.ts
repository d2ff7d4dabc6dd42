import { AppError } from "./errors.ts";

/** More is no address of a file, and would not fit into a link. */
export const longestAddress = 1000;

/** Machines that are this one; whatever lies there may be read without encryption. */
const ownMachine = new Set(["localhost", "127.0.0.1"]);

/**
 * The address of a file on the web, as somebody typed it or a link carried it. Nothing is fetched here.
 *
 * @param ownOrigin from which the page itself was loaded: its own files may be named too.
 * @throws AppError "config-invalid" for what is no address, or one that is not loaded from.
 */
export function parseWebAddress(text: string, ownOrigin = ""): URL {
  const trimmed = text.trim();
  if (trimmed.length > longestAddress)
    throw refused(`The address has ${trimmed.length} characters; at most ${longestAddress} are read.`);
  const url = URL.parse(trimmed);
  if (url === null)
    throw refused(
      trimmed === "" ? "No address was given." : "This is not an address.",
      "Give the whole address of a file, beginning with https://.",
    );
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refused(
      `Addresses that begin with ${url.protocol} are not loaded from.`,
      "Give an address that begins with https://.",
    );
  if (url.protocol === "http:" && !ownMachine.has(url.hostname) && url.origin !== ownOrigin)
    throw refused(
      `${url.host} would be read without encryption.`,
      "Give an address that begins with https://, or download the file and drop it here.",
    );
  if (url.username !== "" || url.password !== "")
    throw refused(
      "The address holds a user name or a password.",
      "Only public files are loaded. Download this one and drop it here.",
    );
  url.hash = "";
  return url;
}

/** The file's name, as its address tells it; "file" where it tells none. */
export function fileNameOf({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last).replaceAll(/[/\\]/g, "_") || "file";
  } catch {
    return last || "file";
  }
}

function refused(message: string, hint?: string): AppError {
  return new AppError("config-invalid", message, hint === undefined ? {} : { hint });
}
