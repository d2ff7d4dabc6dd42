import type { Config } from "../../contract/config.ts";
import type { Engine } from "../../contract/protocol.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { lookAtViews } from "./lookAtViews.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { sightStore, stepPicturesStore, type GivenPicture } from "../stores/sightStore.ts";

/** Neighbours asked for; the page shows fewer where it is narrow. */
export const neighbourCount = 10;

/** Asks again for the neighbours of the picture that is looked at; of questions asked meanwhile only the last counts. */
async function askNeighbours(engine: Engine): Promise<void> {
  const { summary } = datasetStore.getState();
  if (summary === null) return;
  const question = ++lastQuestion;
  const { index, given, view } = sightStore.getState();
  const foreign = view ?? given;
  try {
    const lists = await engine.request("neighbours", {
      query:
        foreign === null
          ? { kind: "image", index: Math.min(index, summary.count - 1) }
          : { kind: "picture", side: foreign.side, rgb: foreign.rgb.slice() },
      config: lookedAtConfig(),
      count: neighbourCount,
    });
    if (question === lastQuestion) sightStore.setState({ lists });
  } catch {
    // Asked too early or too late: the next change asks again.
  }
}
let lastQuestion = 0;

/** Of the earlier run whose student is looked through, of the run, or of the one that would begin. */
function lookedAtConfig(): Config {
  const { runId, hasStudent } = shownRunStore.getState();
  const earlier = hasStudent ? runHistory.getState().runs.find((run) => run.runId === runId) : undefined;
  return earlier?.config ?? runStore.getState().config ?? configStore.getState().config;
}

export function lookAtImage(engine: Engine, index: number): void {
  sightStore.setState({ index, given: null, view: null, lists: null });
  void askNeighbours(engine);
}

export function lookAtGiven(engine: Engine, given: GivenPicture): void {
  sightStore.setState({ given, view: null, lists: null });
  void askNeighbours(engine);
}

/** @param view of the picture that is looked at; null = the picture itself again. */
export function lookAtView(engine: Engine, view: GivenPicture | null): void {
  sightStore.setState({ view, lists: null });
  void askNeighbours(engine);
}

/** Before the first step of a run: two views of an image as the present settings would draw them. */
async function previewPictures(engine: Engine): Promise<void> {
  const { summary } = datasetStore.getState();
  if (summary === null || runStore.getState().state !== "idle") return;
  const { config } = configStore.getState();
  const index = Math.min(sightStore.getState().index, summary.count - 1);
  try {
    const { name, label, whole, side, views } = await lookAtViews(
      engine,
      config,
      { index, wholeSide: config.imageSize },
      0,
    );
    if (runStore.getState().state !== "idle") return;
    stepPicturesStore.setState({
      pictures: { step: 0, index, name, label, side, views, plain: whole },
    });
  } catch {
    // Only a preview.
  }
}

/** Keeps neighbours and preview up to date. @returns a function that ends it. */
export function followSight(engine: Engine): () => void {
  const neighbours = atRest(() => askNeighbours(engine));
  const preview = atRest(() => previewPictures(engine));
  const stops = [
    engine.subscribe((event) => {
      if (event.type === "neighboursChanged") neighbours.soon();
      if (event.type === "pictures" && event.runId === runStore.getState().runId) {
        stepPicturesStore.setState({ pictures: event.pictures });
      }
    }),
    datasetStore.subscribe((state, before) => {
      if (state.summary === before.summary) return;
      sightStore.setState({ index: 0, given: null, view: null, lists: null });
      stepPicturesStore.setState({ pictures: null });
      neighbours.soon();
      preview.soon();
    }),
    configStore.subscribe((state, before) => {
      if (state.config === before.config) return;
      neighbours.soon();
      preview.soon();
    }),
    neighbours.cancel,
    preview.cancel,
  ];
  neighbours.soon();
  preview.soon();
  return () => {
    for (const stop of stops) stop();
  };
}

/** Changes that come together are answered once. */
const restMs = 60;

function atRest(task: () => Promise<void>): { readonly soon: () => void; readonly cancel: () => void } {
  let pending: ReturnType<typeof setTimeout> | undefined;
  const cancel = (): void => clearTimeout(pending);
  return {
    soon: () => {
      cancel();
      pending = setTimeout(() => void task(), restMs);
    },
    cancel,
  };
}
