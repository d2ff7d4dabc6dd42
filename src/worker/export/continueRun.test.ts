import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { writePng } from "../../formats/png.ts";
import { createPrng } from "../../lib/prng.ts";
import { renderViews } from "../../ml/augment/renderViews.ts";
import { drawViewParameters, jitterOperations, viewAt } from "../../ml/augment/viewParameters.ts";
import { drawDemoImage } from "../../ml/data/demoSet.ts";
import { hasPython } from "../../../tools/testing/python.ts";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { improveBackend } from "../../ml/tfjs/improveBackend.ts";
import { readCheckpoint } from "../../formats/checkpoint.ts";
import { readRunCheckpoint } from "../../formats/runCheckpoint.ts";
import { readRunBundle } from "../../formats/runBundle.ts";
import { createCheckpointTeacher } from "../../ml/teachers/checkpointTeacher.ts";
import { relativeDifference } from "../../ml/export/certificate.ts";
import {
  clusterCases,
  clusterSample,
  clusterSteps,
  stepFrom,
  type ClusterCase,
  type ClusterSample,
} from "./testing/clusterRun.ts";
import {
  clusterFolder,
  continueInPyTorch,
  continuePy,
  launcher,
  python,
  type Continued,
} from "../../../tools/testing/continueInPyTorch.ts";

/** Of losses, as a share: some fifteen times the worst that was seen over four steps. */
const tolerance = 1e-4;

const names = Object.keys(clusterCases) as ClusterCase[];
const golden = JSON.parse(
  readFileSync(new URL("testing/clusterGolden.json", import.meta.url), "utf8"),
) as Record<ClusterCase, Record<"oneProcess" | "twoProcesses", number[][]>>;
const samples = new Map<ClusterCase, ClusterSample>();

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
  for (const name of names) samples.set(name, await clusterSample(name));
}, 120_000);

function expectAgreement(
  found: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((row, step) =>
    row.forEach((value, i) => {
      const other = expected[step]![i]!;
      expect(Math.abs(value - other), `step ${step}, scalar ${i}`).toBeLessThan(
        tolerance * Math.max(0.1, Math.abs(other)),
      );
    }),
  );
}

describe.each(names)("a run of %s that goes on from its checkpoint", (name) => {
  it("has the losses that PyTorch has on the same batches, with one process and with two", () => {
    const { scalars } = samples.get(name)!;
    expect(scalars).toHaveLength(clusterSteps.after);
    expectAgreement(scalars, golden[name].oneProcess);
    expectAgreement(scalars, golden[name].twoProcesses);
    const [first, last] = [scalars[0]![0]!, scalars.at(-1)![0]!];
    expect(Math.abs(first - last) / first).toBeGreaterThan(50 * tolerance); // no comparison of a standstill
  });
});

describe.runIf(hasPython("torch")).each([1, 2])("continue.py on %i processes", (processes) => {
  const continued = new Map<ClusterCase, Continued>();
  beforeAll(() => {
    const results = continueInPyTorch(
      names.map((name) => samples.get(name)!),
      processes,
    );
    names.forEach((name, i) => continued.set(name, results[i]!));
  }, 300_000);

  it.each(names)("%s: has the engine's losses", (name) => {
    expectAgreement(continued.get(name)!.scalars, samples.get(name)!.scalars);
  });

  it.each(names)("%s: ends with the engine's weights, optimiser and queue", (name) => {
    const { tensors, facts } = continued.get(name)!.checkpoint;
    const { end } = samples.get(name)!;
    const own = [...tensors].filter(([tensor]) => !tensor.startsWith("projection/"));
    expect(own.map(([tensor]) => tensor).sort()).toEqual([...end.tensors.keys()].sort());
    expect(facts.counts).toEqual(end.counts);
    for (const [tensor, { data }] of own)
      expect(relativeDifference(data, end.tensors.get(tensor)!.data), tensor).toBeLessThan(1e-2);
  });

  it.each(names)("%s: leaves a checkpoint that the engine goes on from as from its own", async (name) => {
    const { checkpoint } = continued.get(name)!;
    const { facts } = checkpoint;
    expect(facts.step).toBe(clusterSteps.before + clusterSteps.after);
    const { end, next } = samples.get(name)!;
    expectAgreement([await stepFrom(name, checkpoint, end)], [next]);
  });

  it.each(names)("%s: leaves a run for the page, with its checkpoint", async (name) => {
    const { bundle, checkpoint } = continued.get(name)!;
    const { run, metrics, student, checkpoint: within, name: title } = await readRunBundle(bundle);
    expect(title).toBe("A run that goes on");
    expect(run.metrics).toMatchObject({ end: { kind: "stopped" }, steps: checkpoint.facts.step });
    expect(metrics).toEqual(checkpoint.metrics);
    const teacher = createCheckpointTeacher(await readCheckpoint(student!, "student"), {
      name: "s",
      bytes: 1,
    });
    expect(teacher.card.embeddingDim).toBe(checkpoint.tensors.get("queue/keys")!.shape[1]);
    teacher.dispose();
    expect(readRunCheckpoint(within!).facts).toEqual(checkpoint.facts);
  });
});

/** `continue.py`'s views of images with parameters drawn here. @returns the largest difference from those given. */
const compareViews = `
import json, runpy, sys, torch
script = runpy.run_path(sys.argv[1], run_name="continue")
given = json.load(sys.stdin)
pixels = torch.tensor(given["pixels"]).reshape(given["count"], given["side"], given["side"], 3)
expected = torch.tensor(given["views"]).reshape(given["count"], given["size"], given["size"], 3)
worst = 0.0
for image, view, found in zip(pixels, given["drawn"], expected):
    rendered = script["render_view"](image.permute(2, 0, 1).float() / 255, view, given["size"])
    worst = max(worst, (rendered.permute(1, 2, 0) - found).abs().max().item())
print(worst)
`;

describe.runIf(hasPython("torch"))("continue.py's views", () => {
  it("are the page's, of equal parameters", () => {
    const [count, side, size] = [24, 31, 16];
    const pixels = Array.from({ length: count }, (_, i) => [...drawDemoImage(5, i, side).pixels]).flat();
    const options = { ...defaultConfig, blurProbability: 0.6, grayscaleProbability: 0.3, cropScaleMin: 0.1 };
    const parameters = drawViewParameters(createPrng(4, "views"), options, side, count);
    const views = renderViews(Uint8Array.from(pixels), side, parameters, size);
    const drawn = Array.from({ length: count }, (_, i) => {
      const view = viewAt(parameters, i);
      const order = [view.jitter0, view.jitter1, view.jitter2, view.jitter3].filter((at) => at >= 0);
      return {
        crop: [view.cropTop, view.cropLeft, view.cropHeight, view.cropWidth],
        jitter: order.map((at) => [jitterOperations[at]!, view[jitterOperations[at]!]]),
        grayscale: view.grayscale === 1,
        blurSigma: view.blurSigma,
        flip: view.flip === 1,
      };
    });
    const given = JSON.stringify({ count, side, size, pixels, drawn, views: [...views] });
    expect(Number(python(["-c", compareViews, continuePy], given))).toBeLessThan(1e-5);
  }, 120_000);
});

describe.runIf(hasPython("torch", "PIL"))("continue.py on pictures", () => {
  it("goes on with two processes, leaves out what is held out, and goes on from what it left", async () => {
    const sample = samples.get("disco, muon")!;
    const folder = clusterFolder({
      ...sample,
      pack: { ...sample.pack, heldOut: ["set/b/3.png", "set/b/5.png"] },
    });
    mkdirSync(join(folder, "pictures/b"), { recursive: true });
    for (let i = 0; i < 22; i++) {
      const bytes = await writePng(drawDemoImage(5, i, 40).pixels, 40, 40);
      writeFileSync(join(folder, `pictures/b/${i}.png`), bytes);
    }
    const said = (steps: number): string => {
      const options = [
        "--images",
        join(folder, "pictures"),
        "--out",
        join(folder, "result"),
        "--steps",
        `${steps}`,
      ];
      return python([...launcher(2), join(folder, "continue.py"), ...options, "--workers", "1"]);
    };
    expect(said(6)).toContain("20 pictures, 2 batches of 8 an epoch, 2 processes");
    expect(said(7)).toContain("step 7/7");
    const checkpoint = readRunCheckpoint(
      new Uint8Array(readFileSync(join(folder, "result/checkpoint.safetensors"))),
    );
    expect(checkpoint.facts).toMatchObject({ step: 7, totalSteps: 7, config: { steps: 7 } });
    expect(() => said(7)).toThrow("The run has taken its 7 steps");
  }, 300_000);
});
