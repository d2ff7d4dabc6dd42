import type { BackendChoice } from "../../contract/backend.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { LinkedDataset } from "../../contract/linkedDataset.ts";
import { applyLink, compareWithLink } from "../commands/applyLink.ts";
import { describeProblems, formatLink, parseLink } from "../commands/shareLink.ts";
import { openBackend } from "../commands/openBackend.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { linkStore } from "../stores/linkStore.ts";
import { notify, withdrawNotices } from "../stores/noticeStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { viewStore } from "../stores/viewStore.ts";

const writeAfterMs = 300;

/**
 * Keeps address and configuration the same: reads what the page was opened with, writes what changes, and reads
 * again when another link is put into the address bar. A link sets controls; it never starts anything.
 *
 * @returns the backend the link asks for.
 */
export function followAddress(engine: EngineClient): BackendChoice {
  const backend = readAddress();

  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, "", `#${currentLink()}`), writeAfterMs);
  };
  configStore.subscribe(write);
  engineStore.subscribe((state, before) => {
    if (state.choice !== before.choice) write();
  });
  datasetStore.subscribe((state, before) => {
    if (state.summary === before.summary) return;
    if (state.summary?.kind === "own") withdrawNotices("linkedImages");
    compareWithLink();
    write();
  });
  teacherStore.subscribe((state, before) => {
    if (state.origin !== before.origin) write();
    if (state.card !== before.card && state.card !== null) withdrawNotices("linkedTeacher");
  });
  viewStore.subscribe(write);
  ablationStore.subscribe((state, before) => {
    if (state.draft !== before.draft) write();
  });
  addEventListener("hashchange", () => {
    const choice = readAddress();
    if (choice !== engineStore.getState().choice) void openBackend(engine, choice);
  });
  return backend;
}

/** The whole address that brings someone else to the same settings. */
export function shareAddress(): string {
  return `${location.origin}${location.pathname}#${currentLink()}`;
}

function currentLink(): string {
  const { config } = configStore.getState();
  const { choice } = engineStore.getState();
  const { view } = viewStore.getState();
  const { draft } = ablationStore.getState();
  return formatLink(config, choice, currentDataset(), currentOrigins(), view, draft);
}

/** Where the teacher and the images in use came from; before any are loaded, where the opened link says they are. */
function currentOrigins(): { teacher: WebOrigin | null; data: WebOrigin | null } {
  const { config } = configStore.getState();
  const { teacher, data } = linkStore.getState();
  const { card, origin } = teacherStore.getState();
  const { summary, origin: dataOrigin } = datasetStore.getState();
  return {
    teacher: config.teacher !== "own" ? null : card === null ? teacher : origin,
    data: config.data !== "own" ? null : summary?.kind === "own" ? dataOrigin : data,
  };
}

function currentDataset(): LinkedDataset | null {
  if (configStore.getState().config.data !== "own") return null;
  const { summary } = datasetStore.getState();
  if (summary?.kind !== "own") return linkStore.getState().dataset;
  return { name: summary.name, fingerprint: summary.fingerprint };
}

function readAddress(): BackendChoice {
  const { backend, ...link } = parseLink(location.hash);
  applyLink(link, "link");
  if (link.problems.length > 0) {
    notify("info", "Parts of the link were not understood and are ignored.", {
      details: describeProblems(link.problems),
      cause: "link",
    });
  }
  return backend ?? "auto";
}
