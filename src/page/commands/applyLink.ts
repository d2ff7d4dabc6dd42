import { linkStore, type LinkSource } from "../stores/linkStore.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { replaceConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { notify } from "../stores/noticeStore.ts";
import { showView } from "../stores/viewStore.ts";
import type { SharedLink } from "./shareLink.ts";

/**
 * Sets the page to what a link, or the file of a run, says: settings, and where to find images and teacher. It sets
 * controls; it never loads or starts anything.
 */
export function applyLink(
  { patch, dataset, teacher, data, view, design, problems }: Omit<SharedLink, "backend">,
  source: LinkSource,
): void {
  if (view !== null) showView(view);
  replaceConfig(patch, problems);
  if (design !== null) ablationStore.setState({ draft: design });
  linkStore.setState({ source, dataset, teacher, data });
  for (const [origin, what, where] of [
    [teacher, "teacher", "Teacher"],
    [data, "images", "Data"],
  ] as const) {
    if (origin === null) continue;
    notify(
      "info",
      `This ${source} names ${what === "teacher" ? "a teacher" : what} at ${new URL(origin.address).host}. Nothing has been loaded.`,
      {
        hint: `Look at “From the web” under “${where}” to see the size and to download.`,
        cause: what === "teacher" ? "linkedTeacher" : "linkedImages",
      },
    );
  }
  if (dataset !== null && data === null && datasetStore.getState().summary === null) {
    notify(
      "info",
      `This ${source} was made with the images “${dataset.name}”, which ${source === "link" ? "it" : "its file"} does not carry.`,
      {
        hint: "Drop that set (or one of yours) on the page to go on.",
        cause: "linkedImages",
      },
    );
  }
}

/** Says whether the visitor's own images are those that the link, or the run, was made with. */
export function compareWithLink(): void {
  const { dataset, source } = linkStore.getState();
  const { summary } = datasetStore.getState();
  if (dataset === null || summary?.kind !== "own") return;
  if (summary.fingerprint.startsWith(dataset.fingerprint)) {
    notify("info", `These are the images the ${source} was made with: “${dataset.name}”.`, {
      cause: "linkedImages",
    });
  } else {
    notify(
      "info",
      `These are not the images the ${source} was made with (“${dataset.name}”), so results will differ.`,
      { cause: "linkedImages" },
    );
  }
}
