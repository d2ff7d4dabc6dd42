import { methods } from "../../contract/methods.ts";
import type { RunFile } from "../../contract/runFile.ts";
import type { ExportCheck, ExportPart, StudentSettings } from "../../contract/studentExport.ts";
import { timmName, torchvisionName } from "../../ml/export/studentConfig.ts";
import { outputNames, type TrainedNetwork } from "../../ml/export/trainedNetwork.ts";
import { stateDictSpec } from "../../ml/models/network.ts";
import { isBuffer } from "../../ml/models/parameterCount.ts";
import type { PackedFile } from "./packedFile.ts";
import { teacherLicence } from "./teacherLicence.ts";
import { madeBy } from "./versions.ts";

/** What a model card is written from. */
export interface CardFacts {
  readonly trained: TrainedNetwork;
  readonly settings: StudentSettings;
  readonly withHead: boolean;
  readonly parts: readonly ExportPart[];
  readonly run: RunFile;
  readonly checks: readonly ExportCheck[];
  readonly files: readonly PackedFile[];
}

/**
 * `README.md`: what the student is, how it is used, what it was trained on, how good it is and what it is not good for,
 * as Hugging Face's model cards have it. It names no file of the visitor's.
 */
export function modelCard(facts: CardFacts): string {
  const { trained, run, parts } = facts;
  const sections = [
    frontMatter(facts),
    `# ${trained.network.title}: an image encoder trained in a browser`,
    introduction(facts),
    "## How to use it",
    ...parts.map((part) => usage[part](facts)),
    "## What it takes",
    preprocessing(trained),
    "## What it was trained on",
    training(run),
    "## How good it is",
    quality(run),
    "## Teacher and licences",
    licences(run),
    "## What it is not good for",
    limits(run),
    "## Checked before it was handed over",
    checked(facts.checks),
    "## Files",
    fileTable(facts.files),
  ];
  return `${sections.join("\n\n")}\n`;
}

function frontMatter({ settings, run }: CardFacts): string {
  const licence = teacherLicence(run)?.licence ?? null;
  return [
    "---",
    `library_name: ${timmName(settings) === null ? "pytorch" : "timm"}`,
    "pipeline_tag: image-feature-extraction",
    "license: other",
    "license_name: yours-to-choose-see-teacher-and-licences",
    "license_link: README.md#teacher-and-licences",
    "tags:",
    "  - image-feature-extraction",
    "  - self-supervised",
    "  - knowledge-distillation",
    "  - disco",
    ...(licence === null ? [] : [`  - teacher-licence-${licence.toLowerCase()}`]),
    "---",
  ].join("\n");
}

function introduction({ trained, settings, withHead, run }: CardFacts): string {
  const { network, imageSize } = trained;
  const method = methods[settings.method];
  const parameters = encoderParameters(trained).toLocaleString("en");
  const head =
    withHead && network.embedding !== network.features
      ? ` With the projection head that training used: \`${outputNames.embedding}\`, ${network.embeddingDim} numbers.`
      : "";
  return `It turns an image of ${imageSize} × ${imageSize} pixels into ${network.featureDim} numbers (\`${outputNames.features}\`); similar images get similar numbers, by cosine. ${parameters} parameters. Trained by ${method.label} (${method.citation}) in ${madeBy.name} ${madeBy.version}, on ${run.backend}.${head}`;
}

function encoderParameters({ network }: TrainedNetwork): number {
  return stateDictSpec(network)
    .filter((spec) => !spec.name.startsWith("fc.") && !isBuffer(spec) && spec.role !== "batchesTracked")
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

const usage: Record<ExportPart, (facts: CardFacts) => string> = {
  torch: (facts) => `### PyTorch

\`\`\`bash
python3 -m pip install torch numpy pillow
python3 load.py example.png
python3 verify.py
\`\`\`

\`load.py\` prints the embedding of an image, \`verify.py\` compares the student with \`certificate.json\`; \`model.py\` builds it from PyTorch alone. \`convert.py\` is for LiteRT and Core ML and is **untested**: neither tool runs in a browser.${elsewhere(facts)}`,
  onnx: () => `### ONNX

\`\`\`bash
python3 -m pip install onnxruntime numpy pillow
python3 load_onnx.py example.png
\`\`\`

\`model.onnx\` takes \`pixel_values\`, float32 [batch, 3, height, width], normalised as below. \`model-uint8.onnx\` takes \`pixels\`, RGB bytes [batch, height, width, 3] of any size, and cuts, resizes and normalises them itself.`,
  transformersjs: () => `### transformers.js

\`\`\`bash
python3 -m http.server 8000
\`\`\`

Then open http://localhost:8000/transformersjs/: it embeds the pictures you drop and finds the most similar. In a program of your own:

\`\`\`js
import { pipeline } from "@huggingface/transformers";
const embed = await pipeline("image-feature-extraction", "path/to/transformersjs", { dtype: "fp32" });
const { data } = await embed("example.png", { pool: true });
\`\`\``,
  tfjs: () => `### TensorFlow.js

\`\`\`bash
python3 -m http.server 8000
\`\`\`

Then open http://localhost:8000/tfjs/. \`tfjs/model.json\` takes \`images\`, float32 [batch, height, width, 3], RGB from −1 to 1; its own normalisation is in the graph.`,
};

/** Libraries that know this very network by name. */
function elsewhere({ settings }: CardFacts): string {
  const torchvision = torchvisionName(settings);
  const timm = timmName(settings);
  const classifier = settings.student.startsWith("resnet") ? "fc" : "classifier";
  const lines: string[] = [];
  if (torchvision !== null)
    lines.push(`torchvision loads it as it is (\`python3 -m pip install torchvision safetensors\`):

\`\`\`python
import torch, torchvision
from safetensors.torch import load_file
student = torchvision.models.${torchvision}()
student.${classifier} = torch.nn.Identity()
student.load_state_dict(load_file("model.safetensors"))
student.eval()
\`\`\``);
  if (timm !== null)
    lines.push(`So does timm, from this folder (\`python3 -m pip install timm\`):

\`\`\`python
import timm
student = timm.create_model("local-dir:.", pretrained=True, num_classes=0).eval()
\`\`\``);
  return lines.map((line) => `\n\n${line}`).join("");
}

function preprocessing({ imageSize, preprocessing: { mean, std } }: TrainedNetwork): string {
  return `RGB, the square in the middle of the image, resized to ${imageSize} × ${imageSize} (bilinear, smoothed when it shrinks), as numbers from 0 to 1, less [${mean.join(", ")}], divided by [${std.join(", ")}].`;
}

function training({ config, dataset, plan, metrics, seed }: RunFile): string {
  const count = plan.trainImages.toLocaleString("en");
  const what =
    dataset.kind === "demo"
      ? "of the playground's drawn demo set"
      : "of its owner's, who has not published them with it";
  return [
    `${count} square images ${what}, ${dataset.size} × ${dataset.size} pixels, and ${plan.heldOutImages.toLocaleString("en")} held out to measure it. Labels were never used for training${dataset.labels.length > 1 ? `; ${dataset.labels.length} classes served to measure it` : ""}.`,
    `${metrics.steps} of ${plan.totalSteps} steps of ${config.batchSize} images, optimiser ${config.optimiser}, learning rate ${config.learningRate}, seed ${seed}. Everything else is in \`run.json\`, with which the playground repeats the run.`,
  ].join("\n\n");
}

function quality({ metrics, dataset }: RunFile): string {
  const last = metrics.evaluations.at(-1);
  const { baseline } = metrics;
  const lines: string[] = [];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const line = (label: string, share: number | null | undefined): void => {
    if (share !== null && share !== undefined) lines.push(`| ${label} | ${percent(share)} |`);
  };
  line("kNN accuracy of the student", last?.knn);
  line("kNN accuracy before training", baseline?.untrainedKnn);
  line("kNN accuracy of the teacher", baseline?.teacherKnn);
  line("kNN accuracy of guessing", baseline?.chance);
  line("Neighbours shared with the teacher", last?.overlap);
  line("The same before training", baseline?.untrainedOverlap);
  if (lines.length === 0) return "It was not measured.";
  const held = baseline === null ? "" : ` on ${baseline.queryImages} held-out images`;
  return `Measured${held} of ${dataset.kind === "demo" ? "the demo set" : "the same set"}, at step ${last?.step ?? 0}:\n\n| measure | value |\n| --- | --- |\n${lines.join("\n")}`;
}

function licences(run: RunFile): string {
  const about = teacherLicence(run);
  const images =
    run.dataset.kind === "demo"
      ? "The images are drawn by the playground (MIT)."
      : "The rights in the images it was trained on are their owner's to clear.";
  if (about === null) return `It was trained without a teacher. ${images}`;
  const { teacher, licence, meaning } = about;
  return `Teacher: ${teacher}. Its licence: **${licence ?? "not known"}**. ${meaning}\n\n${images}\n\nThe code in this folder is part of DisCo Playground, under the MIT licence (\`LICENSE-code.txt\`).`;
}

function limits({ dataset, teacher }: RunFile): string {
  return [
    `- Pictures unlike those it was trained on${dataset.kind === "demo" ? " (drawn shapes: photographs are unlike them)" : ""}.`,
    "- Decisions about people: nothing was done to find or to remove bias.",
    "- Fine detail and text: it sees small pictures.",
    ...(teacher === null ? [] : ["- What its teacher does not see: it learnt to agree with it."]),
  ].join("\n");
}

function checked(checks: readonly ExportCheck[]): string {
  const rows = checks.map(
    ({ file, runtime, largestDifference }) =>
      `| \`${file}\` | ${runtime} | ${largestDifference.toExponential(1)} |`,
  );
  const table =
    rows.length === 0
      ? ""
      : `\n\n| file | run by | largest difference |\n| --- | --- | --- |\n${rows.join("\n")}`;
  return `Eight drawn pictures were embedded by the student where it was trained and by each file (differences are shares of the largest value, where that is over 1).${table}\n\n\`certificate.json\` holds the pictures and the embeddings; \`verify.py\` repeats the comparison with PyTorch.`;
}

function fileTable(files: readonly PackedFile[]): string {
  const rows = files.map(({ path, bytes }) => `| \`${path}\` | ${bytes.length.toLocaleString("en")} |`);
  return `| file | bytes |\n| --- | --- |\n${rows.join("\n")}`;
}
