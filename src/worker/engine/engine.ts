import type { BackendReport } from "../../contract/backend.ts";
import type { Config } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import { describeMatching, sharedEmbeddingDim } from "../../contract/matching.ts";
import { methods } from "../../contract/methods.ts";
import type {
  Engine,
  EngineEvent,
  MemoryReport,
  RequestName,
  Requests,
  RunPlan,
} from "../../contract/protocol.ts";
import { writeSafetensors } from "../../formats/safetensors.ts";
import { createPrng } from "../../lib/prng.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import { drawViews, plainViews } from "../../ml/augment/drawViews.ts";
import { StoredViews } from "../../ml/augment/storedViews.ts";
import type { ViewSource } from "../../ml/augment/viewSource.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { EpochSampler } from "../../ml/data/sampler.ts";
import { drawThumbnails } from "../../ml/data/thumbnails.ts";
import { nearestImages, rowOf, type LookedAt } from "../../ml/eval/lookedAt.ts";
import { Judge, type MeasuredTeacher } from "../../ml/training/judge.ts";
import { compileMethod } from "../../ml/compiled/compileMethod.ts";
import { openViewSource } from "../../ml/compiled/views/openViewSource.ts";
import { askAhead, lookUpAhead, lookUpStoredAhead, type AnswerAhead } from "../../ml/methods/answerAhead.ts";
import { createMethod, resolveQueueSize } from "../../ml/methods/createMethod.ts";
import { prepareMethod } from "../../ml/methods/prepareMethod.ts";
import { parameterCount } from "../../ml/models/parameterCount.ts";
import { saveWeights } from "../../ml/models/weights.ts";
import { fitProjection } from "../../ml/teachers/fitProjection.ts";
import { ProjectedTeacher } from "../../ml/teachers/projectedTeacher.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { openBackend } from "./backend.ts";
import type { RuntimeLoader } from "./browserLoader.ts";
import { givenFiles } from "../teacher/givenFiles.ts";
import { inspectTeacher } from "../teacher/inspectTeacher.ts";
import { loadTeacher } from "../teacher/loadTeacher.ts";
import type { Progress } from "../../lib/slices.ts";
import { DemoSet } from "./demoSet.ts";
import { fitToSet } from "./fitToSet.ts";
import { measureSpeed } from "./measureSpeed.ts";
import { hashOfTeacher } from "../teacher/hashOfTeacher.ts";
import { TeacherAnswers, type AnswerStore } from "../teacher/teacherAnswers.ts";
import { TrainingRun } from "./trainingRun.ts";
import { previewKey, SightPreview, type PreviewRows } from "./sightPreview.ts";
import { StepSight } from "./stepSight.ts";
import { toRgba } from "./toRgba.ts";
import { ReadOnce } from "../../lib/readOnce.ts";

/** What the engine needs of the place it runs in. */
export interface EngineSurroundings {
  readonly loader: RuntimeLoader;
  /** The bundled teacher's file. */
  readonly readBundledTeacher: () => Promise<Uint8Array<ArrayBuffer>>;
  /** What it says of the demo set (`npm run demo-answers`); null where that is not at hand. */
  readonly readDemoAnswers?: () => Promise<Uint8Array<ArrayBuffer> | null>;
  /** Where teachers' answers are kept from visit to visit; null where they cannot be. */
  readonly openAnswerStore?: () => Promise<AnswerStore | null>;
}

/**
 * The engine itself: images, teacher, and one run at a time. It holds every tensor there is and knows nothing of
 * threads; `entry.ts` puts it behind messages.
 */
export function createEngine(surroundings: EngineSurroundings): Engine {
  const listeners = new Set<(event: EngineEvent) => void>();
  let backend: BackendReport | null = null;
  let images: ImageStore | null = null;
  let teacher: Teacher | null = null;
  let projected: ProjectedTeacher | null = null;
  /** Of everything that decides what the teacher says; worked out while the visitor looks at the teacher. */
  let teacherHash: Promise<string | null> = Promise.resolve(null);
  const answers = new TeacherAnswers(
    surroundings.readDemoAnswers ?? (async () => null),
    surroundings.openAnswerStore ?? (async () => null),
  );
  const demo = new DemoSet();
  const preview = new SightPreview();
  let previewing = false;
  const bundledTeacher = new ReadOnce(surroundings.readBundledTeacher);
  let viewSource: ViewSource | null = null;
  let run: TrainingRun | null = null;
  /** Structural requests one after another: tfjs has one current backend and one scope stack. */
  let turn: Promise<unknown> = Promise.resolve();

  const emit = (event: EngineEvent): void => {
    for (const listener of [...listeners]) listener(event);
  };

  const handlers: {
    [K in RequestName]: (input: Requests[K]["in"]) => Promise<Requests[K]["out"]> | Requests[K]["out"];
  } = {
    async openBackend({ choice }) {
      refuseDuringRun("switch the backend");
      forgetRun();
      dropTeacher();
      const opened = await openBackend(choice, surroundings.loader);
      backend = opened.report;
      void opened.lost.then((reason) => {
        const error = new AppError("backend-lost", `The GPU was lost: ${reason}`, {
          hint: "Restart the engine. If it happens again, choose a smaller batch, width or view size.",
        });
        run?.stop();
        emit({ type: "backendLost", error: toWire(error) });
      });
      return opened.report;
    },

    clearImages({ size }) {
      refuseDuringRun("change the images");
      images = new ImageStore(size);
      demo.forget();
      return null;
    },
    addImages(block) {
      const store = requireImages();
      store.append(block);
      return { count: store.count };
    },
    sealImages({ name, labels }) {
      return requireImages().seal({ name, kind: "own", labels });
    },
    prepareDemo(set) {
      void demo.draw(set);
      bundledTeacher.read().catch(() => undefined); // whoever loads it will be told
      return null;
    },
    async drawDemo(set) {
      refuseDuringRun("change the images");
      images = await demo.draw(set, (done) =>
        emit({ type: "progress", task: "Drawing the demo images", done, total: set.count }),
      );
      return images.summary as DatasetSummary;
    },
    thumbnails({ indices, side }) {
      const store = requireImages();
      const known = indices.filter((index) => Number.isInteger(index) && index >= 0 && index < store.count);
      return {
        pixels: drawThumbnails(store, known, side),
        names: known.map((index) => store.nameOf(index)),
        classes: known.map((index) => store.classOf(index)),
      };
    },
    async previewViews({ index, config, draw }) {
      const store = requireImages();
      if (index < 0 || index >= store.count) throw new AppError("not-found", `There is no image ${index}`);
      const { first, second } = drawViews(
        new CpuViewSource(store, config.imageSize), // a single image is not worth a GPU's set-up
        Int32Array.of(index),
        createPrng(config.seed, `preview ${draw}`),
        config,
      );
      const views = await Promise.all(
        [first, second].map(async (view) => toRgba(await view.data<"float32">())),
      );
      tf.dispose([first, second]);
      return { side: config.imageSize, views };
    },

    neighbours: (question) => neighbours(question),
    replayStep: ({ runId }) => currentRun(runId).replay(),

    inspectTeacher: ({ files }) => inspectTeacher(givenFiles(files)),
    async loadTeacher(source) {
      refuseDuringRun("change the teacher");
      requireBackend();
      const loaded = await loadTeacher(source, () => bundledTeacher.read(), surroundings.loader.openOnnx);
      forgetRun();
      dropTeacher();
      teacher = loaded;
      teacherHash = hashOfTeacher(source).catch(() => null); // files that are gone: nothing to tell it by
      return loaded.card;
    },
    dropTeacher() {
      refuseDuringRun("change the teacher");
      forgetRun();
      dropTeacher();
      return null;
    },

    async probe({ config }) {
      refuseDuringRun("measure the speed");
      requireBackend();
      return measureSpeed(requireImages(), config);
    },
    async startRun({ runId, config, paused }) {
      refuseDuringRun("start another run");
      forgetRun();
      const started = await startRun(runId, config, paused);
      return started;
    },
    pauseRun: ({ runId }) => (currentRun(runId).pause(), null),
    resumeRun: ({ runId }) => (currentRun(runId).resume(), null),
    stepRun: ({ runId }) => (currentRun(runId).stepOnce(), null),
    stopRun: ({ runId }) => (currentRun(runId).stop(), null),
    adjustRun: ({ runId, patch }) => (currentRun(runId).adjust(patch), null),

    async exportStudent({ runId, withHead }) {
      if (run?.runId !== runId) throw new AppError("not-found", "That run's weights are no longer in memory");
      const { network, weights } = run.method.trainer;
      const state = await saveWeights(network, weights);
      const tensors = [...state]
        .filter(([name]) => withHead || !name.startsWith("fc."))
        .map(([name, { shape, data }]) => ({
          name,
          shape,
          values: data,
          dtype: name.endsWith("num_batches_tracked") ? ("int64" as const) : ("float32" as const),
        }));
      const metadata = {
        format: "pt",
        architecture: network.title,
        head: "projection",
        input_size: String(run.imageSize),
      };
      const bytes = writeSafetensors(tensors, metadata);
      return { name: "student.safetensors", bytes };
    },
    memory,
  };

  /** What changes images, teacher, backend or run takes turns; steering a run never waits. */
  const immediate: ReadonlySet<RequestName> = new Set([
    "pauseRun",
    "resumeRun",
    "stepRun",
    "stopRun",
    "adjustRun",
    "memory",
    "thumbnails",
    "inspectTeacher",
    "prepareDemo",
    "neighbours",
  ]);
  /** What waits for nothing, and what a preview need not make way for. */
  const undisturbing: ReadonlySet<RequestName> = new Set([...immediate, "previewViews"]);

  return {
    request(name, input) {
      const handle = async () => handlers[name](input);
      if (immediate.has(name)) return handle();
      if (!undisturbing.has(name)) preview.cancel();
      const answer = turn.then(handle);
      turn = answer.catch(() => undefined);
      return answer;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };

  async function startRun(runId: string, asked: Config, paused: boolean): Promise<RunPlan> {
    requireBackend();
    const store = requireImages();
    const { summary, split, config } = fitToSet(store, asked);
    const { usesTeacher, matchesEmbedding, label } = methods[asked.method];
    if (usesTeacher && asked.teacher === "none") {
      throw new AppError("config-invalid", `${label} needs a teacher, and “None” is chosen`, {
        hint: "Choose a teacher, or a method without one.",
      });
    }
    if (usesTeacher && teacher === null) {
      throw new AppError("not-found", "No teacher is loaded", {
        hint: "Load one, or choose a method without a teacher.",
      });
    }
    const source = await openViewSource(store, config.imageSize, { software: backend?.software ?? false });
    viewSource = source;
    const sampler = new EpochSampler(split.train, config.batchSize, config.seed);
    const totalSteps = config.steps > 0 ? config.steps : config.epochs * sampler.batchesPerEpoch;

    const report = (progress: Progress): void => emit({ type: "progress", ...progress });
    let matched = usesTeacher ? teacher : null;
    let measured: MeasuredTeacher | null = null;
    let projection = "";
    if (matched !== null) {
      const plain = await answers.about(matched, await teacherHash, summary, config);
      const embeddingDim = sharedEmbeddingDim(config, matched.card);
      if (matchesEmbedding && matched.card.embeddingDim !== embeddingDim) {
        const fitted = await fitProjection(matched, source, split.train, embeddingDim, config, plain, report);
        projected = new ProjectedTeacher(matched, fitted.projection);
        projection = fitted.description;
        matched = projected;
      }
      measured = { plain, see: projected?.project.bind(projected) ?? ((said) => said) };
    }
    const method = createMethod(config, matched);
    const judge = new Judge(store, source, split, config, measured);
    run = new TrainingRun(
      {
        runId,
        config,
        totalSteps,
        method,
        prepare: async (cancelled) => {
          const sources = { teacher: matched, source, train: split.train, config };
          await prepareMethod(method, sources, { report, cancelled });
          return answersAhead(config, matched, measured, source, summary, report);
        },
        compile: (method) =>
          compileMethod(
            method,
            { batch: config.batchSize, height: config.imageSize, width: config.imageSize },
            {
              software: backend?.software ?? false,
              answersAhead:
                config.teacherViews === "plain" || config.cachedViews > 0 || matched?.answers === "later",
            },
            (done, total) => emit({ type: "progress", task: "Compiling for the GPU", done, total }),
          ),
        source,
        sampler,
        judge,
        sight: new StepSight(
          store,
          config,
          () => performance.now(),
          (pictures) => emit({ type: "pictures", runId, pictures }),
        ),
        keepAnswers: () => answers.keep(),
        emit,
        memory,
        now: () => performance.now(),
      },
      paused,
    );
    const studentTotal = parameterCount(method.trainer.network);
    const head = headParameters(method.trainer.network);
    return {
      runId,
      config,
      totalSteps,
      stepsPerEpoch: sampler.batchesPerEpoch,
      trainImages: split.train.length,
      heldOutImages: split.heldOut.length,
      queueSize: resolveQueueSize(config),
      embeddingDim: method.trainer.network.embeddingDim,
      projection,
      matching: usesTeacher ? describeMatching(config, teacher?.card ?? null) : "",
      studentParameters: studentTotal - head,
      headParameters: head,
    };
  }

  /** What is known at once; what a run would not have to be begun for is worked out, and said when it is there. */
  async function neighbours({
    query,
    config,
    count,
  }: Requests["neighbours"]["in"]): Promise<Requests["neighbours"]["out"]> {
    const nothing = { index: null, before: null, now: null, teacher: null, step: null };
    const store = images;
    if (store === null || store.summary === null) return nothing;
    let before: LookedAt | null = null;
    let teachers: LookedAt | null = null;
    let now: { readonly step: number; readonly rows: LookedAt } | null = null;
    if (run !== null) {
      const { judge } = run;
      [before, teachers, now] = [judge.untrainedRows, judge.teacherRowsOfSet, judge.studentRows];
    }
    if (before === null || teachers === null) {
      const known = beginPreview(store, config);
      before ??= known?.before ?? null;
      teachers ??= known?.teacher ?? null;
    }
    if (query.kind === "picture") {
      const embedded = await embedPicture(store, query);
      const find = (rows: LookedAt | null, row: Float32Array | null) =>
        rows === null || row === null ? null : nearestImages(rows, row, count, -1);
      return {
        ...nothing,
        now: find(now?.rows ?? null, embedded.student),
        teacher: find(teachers, embedded.teacher),
        step: now?.step ?? null,
      };
    }
    const some = before ?? now?.rows ?? teachers;
    if (some === null) return nothing;
    const index =
      rowOf(some, query.index) === null ? some.indices[query.index % some.indices.length]! : query.index;
    const find = (rows: LookedAt | null) => {
      const row = rows === null ? null : rowOf(rows, index);
      return rows === null || row === null ? null : nearestImages(rows, row, count, index);
    };
    return {
      index,
      before: find(before),
      now: find(now?.rows ?? null),
      teacher: find(teachers),
      step: now?.step ?? null,
    };
  }

  /** What the untrained student sees, if it is known; if not, it is begun, where it takes seconds and nobody waits. */
  function beginPreview(store: ImageStore, config: Config): PreviewRows | null {
    const { summary } = store;
    if (summary === null) return null;
    const key = previewKey(summary.fingerprint, teacher?.card.name ?? "", config);
    const known = preview.known(key);
    // Without compiled steps a GPU, and plain JavaScript always, would take too long for a preview.
    const isQuick = backend?.chosen === "wasm";
    if (known !== null || !isQuick || previewing || (run !== null && !run.isOver)) return known;
    previewing = true;
    turn = turn
      .then(async () => {
        const { method, teacher: chosen } = config;
        const taught = teacher !== null && methods[method].usesTeacher && chosen !== "none";
        const plain = taught
          ? await answers.about(teacher as Teacher, await teacherHash, summary, config)
          : null;
        if (store !== images || (run !== null && !run.isOver)) return;
        if (await preview.workOut(key, store, config, plain)) emit({ type: "neighboursChanged" });
      })
      .catch(() => undefined) // only a preview: whoever starts a run is told what is wrong
      .finally(() => (previewing = false));
    return null;
  }

  /** A given picture as student and teacher see it: feature rows, null where there is no such network. */
  async function embedPicture(
    store: ImageStore,
    { side, rgb }: { readonly side: number; readonly rgb: Uint8Array },
  ): Promise<{ readonly student: Float32Array | null; readonly teacher: Float32Array | null }> {
    if (rgb.length !== 3 * side * side || side !== store.size)
      throw new AppError("image-rejected", `A picture of ${store.size} × ${store.size} was expected`);
    if (run === null) return { student: null, teacher: null };
    return run.judge.lookAtPicture(run.method, rgb, side);
  }

  /**
   * How the teacher's answers come before each step, where they do: from what it says of each plain image once, or,
   * of a teacher that answers later, by asking it.
   */
  function answersAhead(
    config: Config,
    matched: Teacher | null,
    measured: MeasuredTeacher | null,
    source: ViewSource,
    summary: DatasetSummary,
    report: (progress: Progress) => void,
  ): AnswerAhead | undefined {
    if (matched === null || measured === null) return undefined;
    const { method, teacherViews, teacherInputSize } = config;
    const render = (some: Int32Array): tf.Tensor4D => plainViews(source, some);
    if (teacherViews === "plain") return lookUpAhead(method, measured.plain, render, measured.see, report);
    if (config.cachedViews > 0 && teacher !== null) {
      const stored = new StoredViews(source, config);
      const known = answers.aboutViews(teacher, summary, config);
      return lookUpStoredAhead(method, known, (some) => stored.render(some), measured.see, report);
    }
    return matched.answers === "later" ? askAhead(method, matched, teacherInputSize) : undefined;
  }

  function headParameters(network: Parameters<typeof parameterCount>[0]): number {
    return parameterCount({
      ...network,
      layers: network.layers.filter((layer) => layer.kind === "linear" && layer.name.startsWith("fc")),
    });
  }

  function requireBackend(): void {
    if (backend === null) throw new AppError("backend-unavailable", "No backend has been opened yet");
  }
  function requireImages(): ImageStore {
    if (images === null)
      throw new AppError("not-found", "No images are loaded", { hint: "Drop a folder or use the demo." });
    return images;
  }
  function currentRun(runId: string): TrainingRun {
    if (run === null || run.isOver || run.runId !== runId)
      throw new AppError("not-found", "That run is over");
    return run;
  }
  function refuseDuringRun(what: string): void {
    if (run !== null && !run.isOver) {
      throw new AppError("busy", `A run is going; it is not possible to ${what} now`, {
        hint: "Stop the run first.",
      });
    }
  }
  function forgetRun(): void {
    run?.dispose();
    run = null;
    projected?.dispose();
    projected = null;
    viewSource?.dispose();
    viewSource = null;
  }
  function dropTeacher(): void {
    teacher?.dispose();
    teacher = null;
    answers.forget();
  }
  function memory(): MemoryReport {
    const { numTensors, numBytes } = tf.memory();
    return { tensors: numTensors, tensorBytes: numBytes, imageBytes: images?.bytes ?? 0 };
  }
}
