import type { BackendChoice } from "../../contract/backend.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { LinkedDataset } from "../../contract/linkedDataset.ts";
import { describeProblems, formatLink, parseLink } from "../commands/shareLink.ts";
import { openBackend } from "../commands/openBackend.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { configStore, replaceConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { linkStore } from "../stores/linkStore.ts";
import { notify, withdrawNotices } from "../stores/noticeStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { showView, viewStore } from "../stores/viewStore.ts";

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
  return formatLink(config, choice, currentDataset(), currentOrigins(), viewStore.getState().view);
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
  const { patch, backend, dataset, teacher, data, view, problems } = parseLink(location.hash);
  if (view !== null) showView(view);
  replaceConfig(patch, problems);
  linkStore.setState({ dataset, teacher, data });
  if (problems.length > 0) {
    notify("info", "Parts of the link were not understood and are ignored.", {
      details: describeProblems(problems),
      cause: "link",
    });
  }
  for (const [origin, what, where] of [
    [teacher, "teacher", "Teacher"],
    [data, "images", "Data"],
  ] as const) {
    if (origin === null) continue;
    notify(
      "info",
      `This link names ${what === "teacher" ? "a teacher" : what} at ${new URL(origin.address).host}. Nothing has been loaded.`,
      {
        hint: `Look at “From the web” under “${where}” to see the size and to download.`,
        cause: what === "teacher" ? "linkedTeacher" : "linkedImages",
      },
    );
  }
  if (dataset !== null && data === null && datasetStore.getState().summary === null) {
    notify("info", `This link was made with the images “${dataset.name}”, which it does not carry.`, {
      hint: "Drop that set (or one of yours) on the page to go on.",
      cause: "linkedImages",
    });
  }
  return backend ?? "auto";
}

function compareWithLink(): void {
  const { dataset } = linkStore.getState();
  const { summary } = datasetStore.getState();
  if (dataset === null || summary?.kind !== "own") return;
  if (summary.fingerprint.startsWith(dataset.fingerprint)) {
    notify("info", `These are the images the link was made with: “${dataset.name}”.`, {
      cause: "linkedImages",
    });
  } else {
    notify(
      "info",
      `These are not the images the link was made with (“${dataset.name}”), so results will differ.`,
      { cause: "linkedImages" },
    );
  }
}
