import type { Engine } from "../../contract/protocol.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { runStore } from "../stores/runStore.ts";
import { sightStore, stepPicturesStore, type GivenPicture } from "../stores/sightStore.ts";

/** Neighbours asked for; the page shows fewer where it is narrow. */
export const neighbourCount = 10;

/** Asks again for the neighbours of the picture that is looked at; of questions asked meanwhile only the last counts. */
async function askNeighbours(engine: Engine): Promise<void> {
  const { summary } = datasetStore.getState();
  if (summary === null) return;
  const question = ++lastQuestion;
  const { index, given } = sightStore.getState();
  try {
    const lists = await engine.request("neighbours", {
      query:
        given === null
          ? { kind: "image", index: Math.min(index, summary.count - 1) }
          : { kind: "picture", side: given.side, rgb: given.rgb.slice() },
      config: runStore.getState().config ?? configStore.getState().config,
      count: neighbourCount,
    });
    if (question === lastQuestion) sightStore.setState({ lists });
  } catch {
    // Asked too early or too late: the next change asks again.
  }
}
let lastQuestion = 0;

export function lookAtImage(engine: Engine, index: number): void {
  sightStore.setState({ index, given: null, lists: null });
  void askNeighbours(engine);
}

export function lookAtGiven(engine: Engine, given: GivenPicture): void {
  sightStore.setState({ given, lists: null });
  void askNeighbours(engine);
}

/** Before the first step of a run: two views of an image as the present settings would draw them. */
async function previewPictures(engine: Engine): Promise<void> {
  const { summary } = datasetStore.getState();
  if (summary === null || runStore.getState().state !== "idle") return;
  const { config } = configStore.getState();
  const index = Math.min(sightStore.getState().index, summary.count - 1);
  try {
    const [{ side, views }, { pixels, names, classes }] = await Promise.all([
      engine.request("previewViews", { index, config, draw: 0 }),
      engine.request("thumbnails", { indices: [index], side: config.imageSize }),
    ]);
    const [first, second] = views;
    if (runStore.getState().state !== "idle" || first === undefined || second === undefined) return;
    const { imageSize } = config;
    const plain = pixels.slice(0, imageSize * imageSize * 4);
    const pictures = {
      step: 0,
      index,
      name: names[0] ?? "",
      label: classes[0] ?? -1,
      side,
      views: [first, second] as const,
      plain,
    };
    stepPicturesStore.setState({ pictures });
  } catch {
    // Only a preview.
  }
}

/** Keeps neighbours and preview up to date. @returns a function that ends it. */
export function followSight(engine: Engine): () => void {
  let pending: ReturnType<typeof setTimeout> | undefined;
  const soon = (): void => {
    clearTimeout(pending);
    pending = setTimeout(() => {
      void askNeighbours(engine);
      void previewPictures(engine);
    }, 60);
  };
  const stops = [
    engine.subscribe((event) => {
      if (event.type === "neighboursChanged" || event.type === "evaluation" || event.type === "baseline")
        soon();
      if (event.type === "pictures" && event.runId === runStore.getState().runId) {
        stepPicturesStore.setState({ pictures: event.pictures });
      }
    }),
    datasetStore.subscribe((state, before) => {
      if (state.summary === before.summary) return;
      sightStore.setState({ index: 0, given: null, lists: null });
      stepPicturesStore.setState({ pictures: null });
      soon();
    }),
    configStore.subscribe((state, before) => {
      if (state.config !== before.config) soon();
    }),
  ];
  soon();
  return () => {
    clearTimeout(pending);
    for (const stop of stops) stop();
  };
}
