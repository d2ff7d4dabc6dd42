import type { AblationDesign } from "../../contract/ablationDesign.ts";
import { formatDesign, parseDesign } from "../../contract/ablationText.ts";
import { presets } from "../../contract/presets.ts";
import type { LinkedDataset } from "../../contract/linkedDataset.ts";
import type { BackendChoice } from "../../contract/backend.ts";
import type { Config, ConfigPatch, ConfigProblem } from "../../contract/config.ts";
import { inTermsOfFirstLinks } from "../../contract/formerDefaults.ts";
import { parseWebAddress } from "../../contract/webAddress.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import { viewNamed, type ViewName } from "../stores/viewStore.ts";
import { configDifference, parseConfigPatch, settingNames } from "../../contract/config.ts";

/** Rises when the meaning of a link changes, e.g. when a default does. */
const linkVersion = 2;
/** Characters of a data set's name; as emoji each takes 12 in an address. */
const longestName = 40;
/** A link made here is at most this long; a longer one was not made here. */
export const longestLink = 2048;

/** What a link means that names no design. */
const usualDesign = formatDesign(presets.bottleneck.design);

const backendChoices: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "webgl", "cpu"];

/** Everything the part after `#` can say. It is read as data and never starts anything. */
export interface SharedLink {
  readonly patch: ConfigPatch;
  readonly backend: BackendChoice | null;
  readonly dataset: LinkedDataset | null;
  /** Where teacher and images can be downloaded. Nobody follows it without a click. */
  readonly teacher: WebOrigin | null;
  readonly data: WebOrigin | null;
  readonly problems: readonly ConfigProblem[];
  /** What to show first; null for the usual. */
  readonly view: ViewName | null;
  /** What the ablation's form is filled in with; null where the link does not say. */
  readonly design: AblationDesign | null;
}

/**
 * The configuration as the part of an address after `#`: `v=2&learningRate=0.05&seed=3`. What equals the default
 * is left out, but for the seed.
 */
export function formatLink(
  config: Config,
  backend: BackendChoice = "auto",
  dataset: LinkedDataset | null = null,
  web: { readonly teacher?: WebOrigin | null; readonly data?: WebOrigin | null } = {},
  view: ViewName = "train",
  design: AblationDesign | null = null,
): string {
  const difference = configDifference(config);
  const pairs: [string, string][] = [["v", String(linkVersion)]];
  for (const name of settingNames)
    if (name === "seed" || difference[name] !== undefined) pairs.push([name, String(config[name])]);
  if (view !== "train") pairs.push(["view", view]);
  if (backend !== "auto") pairs.push(["backend", backend]);
  if (dataset !== null) {
    const { name, fingerprint } = linkedDatasetOf(dataset);
    pairs.push(["dataset", `${name}:${fingerprint}`]);
  }
  let link = joinPairs(pairs);
  const designText = design === null ? usualDesign : formatDesign(design);
  if (designText !== usualDesign) link = ifShort(link, [["ablation", designText]]);
  for (const use of ["teacher", "data"] as const) {
    const origin = web[use];
    if (origin === null || origin === undefined) continue;
    const more: [string, string][] = [[`${use}From`, origin.address]];
    if (origin.sha256 !== null) more.push([`${use}Hash`, origin.sha256]);
    link = ifShort(link, more);
  }
  return link;
}

/** The link with more at its end. What is too long for a link is left out rather than cut. */
function ifShort(link: string, more: readonly [string, string][]): string {
  const longer = `${link}&${joinPairs(more)}`;
  return longer.length <= longestLink ? longer : link;
}

/** A set of images as a link names it. */
export function linkedDatasetOf({ name, fingerprint }: LinkedDataset): LinkedDataset {
  return { name: shorten(name.replaceAll(":", " "), longestName), fingerprint: fingerprint.slice(0, 12) };
}

function joinPairs(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
}

/** Reads what `formatLink` or a person wrote. What is understood is kept, the rest reported. Never throws. */
export function parseLink(hash: string): SharedLink {
  const nothing = {
    patch: {},
    backend: null,
    dataset: null,
    teacher: null,
    data: null,
    view: null,
    design: null,
  };
  const text = hash.startsWith("#") ? hash.slice(1) : hash;
  if (text === "") return { ...nothing, problems: [] };
  if (text.length > longestLink) {
    const message = `${text.length} characters, at most ${longestLink} are read`;
    return { ...nothing, problems: [{ name: "link", message }] };
  }

  const pairs = [...new URLSearchParams(text)];
  const problems: ConfigProblem[] = [];
  const given = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (given.has(name)) problems.push({ name, message: "is given twice; the first counts" });
    else given.set(name, value);
  }

  const version = given.get("v");
  given.delete("v");
  if (version !== undefined && version !== "1" && version !== String(linkVersion)) {
    const message = `version ${shorten(version, 20)} is not known here, only ${linkVersion}; what is understood is kept`;
    problems.push({ name: "v", message });
  }

  const backend = takeBackend(given, problems);
  const view = viewNamed(given.get("view") ?? "");
  if (view !== null) given.delete("view"); // another is reported with the unknown settings
  const design = takeDesign(given, problems);
  const dataset = takeDataset(given, problems);
  const teacher = takeOrigin(given, "teacher", problems);
  const data = takeOrigin(given, "data", problems);
  const parsed = parseConfigPatch(Object.fromEntries(given));
  return {
    patch: version === "1" ? inTermsOfFirstLinks(parsed.patch) : parsed.patch,
    backend,
    dataset,
    teacher,
    data,
    view,
    design,
    problems: [...problems, ...parsed.problems],
  };
}

function takeOrigin(
  given: Map<string, string>,
  use: "teacher" | "data",
  problems: ConfigProblem[],
): WebOrigin | null {
  const address = given.get(`${use}From`);
  const hash = given.get(`${use}Hash`) ?? null;
  given.delete(`${use}From`);
  given.delete(`${use}Hash`);
  if (hash !== null && !/^[0-9a-f]{64}$/.test(hash)) {
    problems.push({ name: `${use}Hash`, message: "is not 64 hex digits, so the address is not used either" });
    return null;
  }
  if (address === undefined) return null;
  try {
    return { address: parseWebAddress(address).href, sha256: hash };
  } catch (error) {
    problems.push({ name: `${use}From`, message: error instanceof Error ? error.message : String(error) });
    return null;
  }
}

function takeBackend(given: Map<string, string>, problems: ConfigProblem[]): BackendChoice | null {
  const value = given.get("backend");
  given.delete("backend");
  if (value === undefined) return null;
  const known = backendChoices.find((choice) => choice === value);
  if (known === undefined)
    problems.push({ name: "backend", message: `is none of ${backendChoices.join(", ")}` });
  return known ?? null;
}

function takeDesign(given: Map<string, string>, problems: ConfigProblem[]): AblationDesign | null {
  const text = given.get("ablation");
  given.delete("ablation");
  if (text === undefined) return null;
  const parsed = parseDesign(text);
  if ("design" in parsed) return parsed.design;
  problems.push({ name: "ablation", message: parsed.problem });
  return null;
}

function takeDataset(given: Map<string, string>, problems: ConfigProblem[]): LinkedDataset | null {
  const value = given.get("dataset");
  given.delete("dataset");
  if (value === undefined) return null;
  const match = /^([^:]{1,40}):([0-9a-f]{12})$/u.exec(value);
  if (match === null) {
    problems.push({ name: "dataset", message: "is not a name and 12 hex digits" });
    return null;
  }
  return { name: match[1]!, fingerprint: match[2]! };
}

const mostProblems = 6;

/** What to tell about a link's problems: few lines, each short, whatever the link held. */
export function describeProblems(problems: readonly ConfigProblem[]): readonly string[] {
  const lines = problems
    .slice(0, mostProblems)
    .map(({ name, message }) => `${shorten(name, 40)}: ${shorten(message, 160)}`);
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** Well-formed, without control characters, at most `longest` characters. */
function shorten(text: string, longest: number): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is removed
  const plain = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069]/g, " ");
  const characters = Array.from(plain.replaceAll(/\p{Surrogate}/gu, "\ufffd"));
  return characters.length <= longest ? characters.join("") : `${characters.slice(0, longest - 1).join("")}…`;
}
