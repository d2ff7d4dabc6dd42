import { AppError } from "./errors.ts";
import { parseWebAddress } from "./webAddress.ts";

/** A data set of Hugging Face, or of a mirror, which has the same interface. */
export interface DatasetAddress {
  /** "https://huggingface.co". */
  readonly origin: string;
  /** "uoft-cs/cifar10", or one name for the oldest ones. */
  readonly name: string;
  /** Where the address says which part is meant. */
  readonly config: string | null;
  readonly split: string | null;
}

const hubOrigin = "https://huggingface.co";
const part = "[A-Za-z0-9][\\w.-]{0,95}";
const bareName = new RegExp(`^${part}/${part}$`);
const pagePath = new RegExp(`^/datasets/(${part}(?:/${part})?)(?:/(.*))?$`);
/** Words that follow a data set's name in addresses, and so are no second name. */
const pageKinds = ["viewer", "tree", "blob", "resolve", "discussions", "raw"];

/**
 * What somebody typed for a data set: "owner/name", or the address of its page or of one of its splits in the viewer.
 *
 * @returns null for anything else, such as the address of a file.
 * @throws AppError "config-invalid" for an address that is not loaded from.
 */
export function parseDatasetAddress(text: string, ownOrigin = ""): DatasetAddress | null {
  const trimmed = text.trim();
  if (bareName.test(trimmed)) return { origin: hubOrigin, name: trimmed, config: null, split: null };
  if (!/^https?:/.test(trimmed)) return null;
  const url = parseWebAddress(trimmed, ownOrigin);
  const match = pagePath.exec(url.pathname.replace(/\/+$/, ""));
  if (match === null) return null;
  let name = match[1] as string;
  let rest = match[2] ?? "";
  const second = name.split("/")[1] ?? "";
  if (pageKinds.includes(second)) {
    rest = `${second}/${rest}`;
    name = name.slice(0, name.indexOf("/"));
  }
  const [kind, ...inner] = rest.split("/").map(decode);
  if ((kind === "blob" || kind === "resolve" || kind === "raw") && inner.length > 1) return null; // a file
  const { searchParams } = url;
  const [config, split] = kind === "viewer" ? inner : [];
  return {
    origin: url.origin,
    name,
    config: searchParams.get("config") ?? (config || null),
    split: searchParams.get("split") ?? (split || null),
  };
}

/** The address that says it all, as links carry it. */
export function formatDatasetAddress({ origin, name, config, split }: DatasetAddress): string {
  const url = new URL(`${origin}/datasets/${name}`);
  if (config !== null) url.searchParams.set("config", config);
  if (split !== null) url.searchParams.set("split", split);
  return url.href;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AppError("config-invalid", "The address holds a % that stands for nothing.", {
      hint: "Copy it again from the browser's address bar.",
    });
  }
}
