import { methodNames, methods, type MethodName } from "./methods.ts";

/**
 * Everything a run is made of, as one flat value: with the data and the teacher it reproduces the run.
 *
 * This table is the only place that knows a setting's default, range, unit, published value and help text. The
 * panels, the address bar, `--config`, `run.json` and the docs are all read from it.
 */
export type SettingGroup =
  "data" | "teacher" | "student" | "objective" | "optimiser" | "augmentation" | "evaluation" | "run";

interface SettingBase {
  readonly group: SettingGroup;
  readonly label: string;
  /** One or two sentences for a newcomer: what it is, what it does. */
  readonly help: string;
  /** May change while a run is going. Everything else needs a restart. */
  readonly live?: true;
  /** The paper's (or the authors' code's) value, where there is one. */
  readonly published?: number | string;
  /** Name and value as one phrase, for values that do not read well after the label: see `settingPhrase`. */
  readonly phrases?: Readonly<Record<number | string, string>>;
  /** Shown first at its station; the rest is under "All settings". At most five a station. */
  readonly essential?: true;
}

export interface NumberSetting extends SettingBase {
  readonly kind: "number";
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly integer?: true;
  readonly unit?: string;
  /** How a slider or stepper should move. */
  readonly scale?: "linear" | "log";
  /** What a special value means, e.g. `{0: "no hidden layer"}`. */
  readonly meanings?: Readonly<Record<number, string>>;
}

export interface ChoiceSetting<T extends string = string> extends SettingBase {
  readonly kind: "choice";
  readonly default: T;
  readonly options: Readonly<Record<T, string>>; // value → what a person reads
  /** A line on each option, where the label does not say enough. */
  readonly explanations?: Readonly<Record<T, string>>;
}

export type Setting = NumberSetting | ChoiceSetting;

const number = <S extends Omit<NumberSetting, "kind">>(setting: S) => ({
  kind: "number" as const,
  ...setting,
});
const choice = <T extends string>(setting: Omit<ChoiceSetting<T>, "kind">): ChoiceSetting<T> => ({
  kind: "choice",
  ...setting,
});

export const settings = {
  data: choice<"demo" | "own">({
    group: "data",
    label: "Images",
    essential: true,
    default: "demo",
    options: { demo: "Built-in demo", own: "Your own" },
    phrases: { demo: "built-in images", own: "own images" },
    help: "The built-in demo is drawn by the program; your own images stay on this machine.",
  }),
  imageSize: number({
    group: "data",
    label: "View size",
    essential: true,
    unit: "px",
    default: 32,
    min: 16,
    max: 224,
    integer: true,
    published: 224,
    help: "Side of the square views the networks see. Cost grows with its square.",
  }),
  holdout: number({
    group: "evaluation",
    label: "Held out",
    default: 0.2,
    min: 0.05,
    max: 0.5,
    help: "Share of the images kept out of training and used for evaluation only.",
  }),
  teacher: choice<"bundled" | "own" | "none">({
    group: "teacher",
    label: "Teacher",
    essential: true,
    default: "bundled",
    options: { bundled: "Bundled", own: "From a file", none: "None" },
    phrases: { bundled: "bundled teacher", own: "teacher from a file", none: "no teacher" },
    help: "A network pretrained without labels. It is never changed; the student learns to put images where the teacher puts them.",
  }),
  teacherBatchNorm: choice<"eval" | "train">({
    group: "teacher",
    label: "Teacher BatchNorm",
    default: "eval",
    published: "train",
    options: { eval: "stored statistics", train: "batch statistics" },
    help: "Whether the frozen teacher normalises with its stored statistics or with those of each batch (as the authors' code does).",
  }),
  teacherInputSize: number({
    group: "teacher",
    label: "Teacher input",
    unit: "px",
    default: 0,
    min: 0,
    max: 256,
    integer: true,
    meanings: { 0: "the teacher's own size" },
    phrases: { 0: "teacher input of its own size" },
    help: "Views are resized to this side for the teacher. Smaller is faster; convolutional teachers with global pooling accept any size.",
  }),
  teacherViews: choice<"same" | "plain">({
    group: "teacher",
    label: "Teacher sees",
    essential: true,
    default: "plain",
    published: "same",
    options: { same: "the student's views", plain: "each image once, plain" },
    explanations: {
      same: "As in the paper: the teacher runs on both random views of every image at every step.",
      plain:
        "One embedding an image, of the whole image without augmentation, worked out once and kept in memory: no teacher passes after the first epoch.",
    },
    help: "With “plain”, both of the student's views are pulled to the teacher's embedding of the untouched image, which is worked out when the image first comes up and kept for later runs on the same images. Saves the teacher's passes, most of a step with a large teacher, which is why it is the default; but the target no longer follows the crop, as it does in the paper: with small crops a student learns less from it.",
  }),
  student: choice<
    | "resnet9"
    | "resnet18"
    | "resnet34"
    | "resnet50"
    | "mobilenetV3Small"
    | "mobilenetV3Large"
    | "efficientnetB0"
    | "efficientnetB1"
  >({
    group: "student",
    label: "Architecture",
    essential: true,
    default: "resnet9",
    published: "resnet18",
    options: {
      resnet9: "ResNet-9",
      resnet18: "ResNet-18",
      resnet34: "ResNet-34",
      resnet50: "ResNet-50",
      mobilenetV3Small: "MobileNetV3-Small",
      mobilenetV3Large: "MobileNetV3-Large",
      efficientnetB0: "EfficientNet-B0",
      efficientnetB1: "EfficientNet-B1",
    },
    help: "The small network that learns. The paper's students are ResNet-18/34, EfficientNet-B0/B1 and MobileNetV3; ResNet-9 is the default, since it learns small images in a tenth of the steps.",
  }),
  studentWidth: number({
    group: "student",
    label: "Width",
    essential: true,
    unit: "/64",
    default: 8,
    min: 4,
    max: 128,
    integer: true,
    scale: "log",
    published: 64,
    help: "64 is the published width. Every layer's channels scale with it (a ResNet's first stage has exactly this many); cost grows with its square.",
  }),
  studentStem: choice<"cifar" | "imagenet">({
    group: "student",
    label: "Stem",
    essential: true,
    default: "cifar",
    published: "imagenet",
    options: { cifar: "for small images", imagenet: "for ImageNet" },
    help: "The first layers. Those for ImageNet shrink the image by 2 to 4; those for small images (3×3, stride 1, no pooling) keep its full resolution.",
  }),
  hiddenWidth: number({
    group: "student",
    label: "Head hidden width",
    essential: true,
    unit: "units",
    default: 256,
    min: 0,
    max: 4096,
    integer: true,
    scale: "log",
    published: 2048,
    meanings: { 0: "a single linear layer" },
    phrases: { 0: "head of a single linear layer" },
    help: "Width of the student's projection head. Too narrow and the student cannot absorb the teacher's embedding: the paper's Distilling BottleNeck. The head is dropped afterwards, so width costs nothing at deployment.",
  }),
  embeddingDim: number({
    group: "student",
    label: "Embedding dimension",
    essential: true,
    unit: "dims",
    default: 0,
    min: 0,
    max: 2048,
    integer: true,
    scale: "log",
    published: 128,
    meanings: { 0: "auto, like the teacher" },
    phrases: { 0: "embedding dimension like the teacher's" },
    help: "Length of the vector matched between student and teacher. When it differs from the teacher's, the teacher's embedding is projected by a PCA fitted on the set.",
  }),
  method: choice<MethodName>({
    group: "objective",
    label: "Method",
    essential: true,
    default: "disco",
    published: "disco",
    options: Object.fromEntries(methodNames.map((name) => [name, methods[name].label])) as Record<
      MethodName,
      string
    >,
    explanations: Object.fromEntries(
      methodNames.map((name) => [name, `${methods[name].summary} ${methods[name].citation}.`]),
    ) as Record<MethodName, string>,
    help: "What the student is trained to do.",
  }),
  distillWeight: number({
    group: "objective",
    label: "Distillation weight w",
    essential: true,
    default: 16,
    min: 0,
    max: 4096,
    scale: "log",
    published: 32,
    live: true,
    help: "Weight of ‖teacher − student‖² per image. The authors sum over each GPU's 32 images, which equals 32 per image here (8 GPUs × 32); a plain mean-squared error would be 4096 times weaker. The default is half of that, which did best in short runs; Muon makes it a matter of the balance of the two losses alone. In DoGo, the weight of its divergence (published 100).",
  }),
  contrastiveWeight: number({
    group: "objective",
    label: "Contrastive weight λ",
    essential: true,
    default: 1,
    min: 0,
    max: 100,
    scale: "log",
    published: 1,
    live: true,
    help: "Weight of the InfoNCE loss. 0 leaves distillation alone.",
  }),
  nested: choice<"off" | "on">({
    group: "objective",
    label: "Nested embedding",
    default: "off",
    published: "off",
    options: { off: "off", on: "every prefix learns" },
    help: "Has the first 4, 8, 16 … dimensions of the embedding tell images apart as well (InfoNCE over every prefix), so that one run gives an embedding that can be cut to any of these lengths. Distillation stays with the whole embedding.",
  }),
  temperature: number({
    group: "objective",
    label: "Temperature τ",
    essential: true,
    default: 0.2,
    min: 0.01,
    max: 2,
    published: 0.2,
    live: true,
    help: "Divides the similarities in InfoNCE. Smaller looks harder at the nearest negatives.",
  }),
  teacherTemperature: number({
    group: "objective",
    label: "Teacher temperature",
    default: 0.01,
    min: 0.0001,
    max: 2,
    published: 0.01,
    help: "SEED divides the teacher's similarities by this; small values make the target one-hot. Other methods do not use it.",
  }),
  queueSize: number({
    group: "objective",
    label: "Queue",
    essential: true,
    unit: "keys",
    default: 1024,
    min: 16,
    max: 65536,
    integer: true,
    scale: "log",
    published: 65536,
    help: "How many past keys serve as negatives: the mean student's, in SEED and BINGO the teacher's. Rounded down to a multiple of the batch.",
  }),
  queueInit: choice<"random" | "teacher">({
    group: "objective",
    label: "Queue starts with",
    default: "random",
    published: "teacher",
    options: { random: "random unit vectors", teacher: "teacher embeddings" },
    help: "MoCo starts from random vectors. The authors' loader happens to start from the teacher's stored queue.",
  }),
  emaMomentum: number({
    group: "objective",
    label: "Mean student momentum",
    default: 0.99,
    min: 0,
    max: 0.99999,
    published: 0.999,
    help: "The mean student is a slow average of the student; it makes the keys, which so stay comparable while they wait in the queue. Its parameters follow the student's: m ← momentum·m + (1 − momentum)·s. Shorter runs want a smaller value.",
  }),
  optimiser: choice<"sgd" | "muon">({
    group: "optimiser",
    label: "Optimiser",
    essential: true,
    default: "muon",
    published: "sgd",
    options: { sgd: "SGD with momentum", muon: "Muon" },
    explanations: {
      sgd: "As in the paper; its learning rate there is 0.03.",
      muon: "Moves a weight matrix as far in every direction, where SGD follows the few with the largest gradients: its step is made orthogonal (Jordan et al., 2024). Adam does the biases and BatchNorm. A small student learns some three times as much in the same time; a good learning rate is 0.05.",
    },
    help: "How gradients become steps.",
  }),
  batchSize: number({
    group: "optimiser",
    label: "Batch",
    essential: true,
    unit: "images",
    default: 32,
    min: 2,
    max: 1024,
    integer: true,
    scale: "log",
    published: 256,
    help: "Images per step; the last partial batch of an epoch is dropped.",
  }),
  epochs: number({
    group: "optimiser",
    label: "Epochs",
    default: 20,
    min: 1,
    max: 2000,
    integer: true,
    scale: "log",
    published: 200,
    help: "Passes over the training images.",
  }),
  steps: number({
    group: "optimiser",
    label: "Steps",
    essential: true,
    default: 300,
    min: 0,
    max: 1_000_000,
    integer: true,
    scale: "log",
    meanings: { 0: "as many as the epochs need" },
    phrases: { 0: "as many steps as the epochs need" },
    help: "Exact length of the run in steps; overrides epochs.",
  }),
  learningRate: number({
    group: "optimiser",
    label: "Learning rate",
    essential: true,
    default: 0.05,
    min: 0,
    max: 10,
    scale: "log",
    published: 0.03,
    live: true,
    help: "Step size at the start; the schedule lowers it. The published value is for SGD; Muon's steps have another measure, and 0.05 does well. With SGD, a batch of 32 and a distillation weight of 32, use 0.004.",
  }),
  schedule: choice<"cosinePerStep" | "cosinePerEpoch" | "constant">({
    group: "optimiser",
    label: "Schedule",
    default: "cosinePerStep",
    published: "cosinePerEpoch",
    options: {
      cosinePerStep: "cosine, every step",
      cosinePerEpoch: "cosine, every epoch",
      constant: "constant",
    },
    help: "How the learning rate falls: lr · ½(1 + cos(π · progress)).",
  }),
  momentum: number({
    group: "optimiser",
    label: "Momentum",
    default: 0.9,
    min: 0,
    max: 0.999,
    published: 0.9,
    help: "SGD's as PyTorch defines it (no dampening, not Nesterov); Muon's with Nesterov's look ahead.",
  }),
  weightDecay: number({
    group: "optimiser",
    label: "Weight decay",
    default: 1e-4,
    min: 0,
    max: 1,
    published: 1e-4,
    help: "With SGD added to the gradient of every parameter, BatchNorm and biases included, as the authors do; with Muon it shrinks the matrices by learning rate times this.",
  }),
  batchNormGroups: number({
    group: "optimiser",
    label: "BatchNorm groups",
    default: 1,
    min: 1,
    max: 32,
    integer: true,
    published: 8,
    help: "Split BatchNorm: statistics over interleaved parts of the batch, as on several GPUs. Hides the shortcut of reading one's own batch.",
  }),
  cachedViews: number({
    group: "augmentation",
    label: "Stored views",
    unit: "an image",
    default: 0,
    min: 0,
    max: 64,
    integer: true,
    published: 0,
    meanings: { 0: "new views at every step" },
    phrases: { 0: "new views at every step" },
    help: "So many views of each image are drawn once for all runs, and a step takes two of them. A teacher that sees the student's views then embeds each only once, which makes long runs and ablations cheaper. At least 2.",
  }),
  cropScaleMin: number({
    group: "augmentation",
    label: "Crop, smallest area",
    essential: true,
    default: 0.5,
    min: 0.01,
    max: 1,
    published: 0.2,
    help: "Smallest share of the image's area a random crop may take. The default is milder than published: short runs of a small student learn faster, and the teacher's view of the whole image still fits.",
  }),
  cropScaleMax: number({
    group: "augmentation",
    label: "Crop, largest area",
    default: 1,
    min: 0.01,
    max: 1,
    published: 1,
    help: "Largest share of the image's area a random crop may take.",
  }),
  cropRatioMin: number({
    group: "augmentation",
    label: "Crop, narrowest",
    default: 3 / 4,
    min: 0.1,
    max: 1,
    published: 3 / 4,
    help: "Smallest width-to-height ratio of a random crop.",
  }),
  cropRatioMax: number({
    group: "augmentation",
    label: "Crop, widest",
    default: 4 / 3,
    min: 1,
    max: 10,
    published: 4 / 3,
    help: "Largest width-to-height ratio of a random crop.",
  }),
  jitterProbability: number({
    group: "augmentation",
    label: "Colour jitter, chance",
    essential: true,
    default: 0.8,
    min: 0,
    max: 1,
    published: 0.8,
    help: "How often brightness, contrast, saturation and hue are changed.",
  }),
  brightness: number({
    group: "augmentation",
    label: "Brightness",
    default: 0.4,
    min: 0,
    max: 1,
    published: 0.4,
    help: "Factor drawn from 1 ± this.",
  }),
  contrast: number({
    group: "augmentation",
    label: "Contrast",
    default: 0.4,
    min: 0,
    max: 1,
    published: 0.4,
    help: "Factor drawn from 1 ± this.",
  }),
  saturation: number({
    group: "augmentation",
    label: "Saturation",
    default: 0.4,
    min: 0,
    max: 1,
    published: 0.4,
    help: "Factor drawn from 1 ± this.",
  }),
  hue: number({
    group: "augmentation",
    label: "Hue",
    unit: "turns",
    default: 0.1,
    min: 0,
    max: 0.5,
    published: 0.1,
    help: "Shift drawn from ± this share of the colour circle.",
  }),
  grayscaleProbability: number({
    group: "augmentation",
    label: "Grayscale, chance",
    essential: true,
    default: 0.2,
    min: 0,
    max: 1,
    published: 0.2,
    help: "How often a view loses its colour.",
  }),
  blurProbability: number({
    group: "augmentation",
    label: "Blur, chance",
    essential: true,
    default: 0,
    min: 0,
    max: 1,
    published: 0.5,
    help: "How often a view is blurred. On 32-pixel images it is usually left out.",
  }),
  blurSigmaMin: number({
    group: "augmentation",
    label: "Blur σ, smallest",
    unit: "px",
    default: 0.1,
    min: 0.01,
    max: 10,
    published: 0.1,
    help: "Smallest standard deviation of the blur.",
  }),
  blurSigmaMax: number({
    group: "augmentation",
    label: "Blur σ, largest",
    unit: "px",
    default: 2,
    min: 0.01,
    max: 10,
    published: 2,
    help: "Largest standard deviation of the blur.",
  }),
  flipProbability: number({
    group: "augmentation",
    label: "Mirror, chance",
    default: 0.5,
    min: 0,
    max: 1,
    published: 0.5,
    help: "How often a view is mirrored left to right.",
  }),
  evaluateEvery: number({
    group: "evaluation",
    label: "Evaluate every",
    unit: "steps",
    default: 50,
    min: 0,
    max: 100_000,
    integer: true,
    meanings: { 0: "only at the start and the end" },
    phrases: { 0: "evaluated only at the start and the end" },
    help: "How often the student is measured on the held-out images: accuracy needs labels (sub-folders), similarity to the teacher and spread do not.",
  }),
  evaluationImages: number({
    group: "evaluation",
    label: "Images evaluated",
    unit: "images",
    default: 2000,
    min: 20,
    max: 100_000,
    integer: true,
    help: "At most this many training images form the kNN bank, and a quarter as many held-out ones are the queries, so that evaluation stays cheap.",
  }),
  knnNeighbours: number({
    group: "evaluation",
    label: "kNN neighbours",
    default: 0,
    min: 0,
    max: 1000,
    integer: true,
    meanings: { 0: "20 for small sets, 200 from 10 000 images on" },
    phrases: { 0: "as many kNN neighbours as suit the set" },
    help: "How many nearest training images vote on the class of a held-out one.",
  }),
  splitSeed: number({
    group: "evaluation",
    label: "Split",
    default: 1,
    min: 0,
    max: 4294967295,
    integer: true,
    help: "Chooses which images are held out, apart from the run's seed: runs of different seeds are evaluated on the same images.",
  }),
  seed: number({
    group: "run",
    label: "Seed",
    essential: true,
    default: 1,
    min: 0,
    max: 4294967295,
    integer: true,
    help: "One number behind initial weights, order and augmentation: the same seed gives the same run on the same device.",
  }),
} as const satisfies Record<string, Setting>;

/** A learning rate to begin with, by optimiser: the paper's, and what does well with small students. */
export const usualRates: Readonly<Record<"sgd" | "muon", number>> = { sgd: 0.03, muon: 0.05 };

export type SettingName = keyof typeof settings;
/** Those that may change while a run is going. */
export type LiveSettingName = {
  [K in SettingName]: (typeof settings)[K] extends { readonly live: true } ? K : never;
}[SettingName];
type ValueOf<S> = S extends ChoiceSetting<infer T> ? T : number;
export type Config = { readonly [K in SettingName]: ValueOf<(typeof settings)[K]> };
export type ConfigPatch = { readonly [K in SettingName]?: Config[K] };

export const settingNames = Object.keys(settings) as readonly SettingName[];
export const defaultConfig: Config = Object.fromEntries(
  settingNames.map((name) => [name, settings[name].default]),
) as Config;
/** The published value of every setting that has one. */
export const publishedConfig: ConfigPatch = Object.fromEntries(
  settingNames.flatMap((name) => {
    const setting: Setting = settings[name];
    return setting.published === undefined ? [] : [[name, setting.published]];
  }),
);

export interface ConfigProblem {
  readonly name: string;
  readonly message: string;
}

/**
 * Outside data (a link, a file, storage) as a valid patch: what is understood is kept, the rest is reported.
 * Numbers may come as strings. Never throws.
 */
export function parseConfigPatch(input: Readonly<Record<string, unknown>>): {
  patch: ConfigPatch;
  problems: readonly ConfigProblem[];
} {
  const patch: Record<string, number | string> = {};
  const problems: ConfigProblem[] = [];
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(settings, name)) {
      problems.push({ name, message: "there is no such setting" });
      continue;
    }
    const result = parseSetting(settings[name as SettingName], value);
    if ("problem" in result) problems.push({ name, message: result.problem });
    else patch[name] = result.value;
  }
  return { patch, problems };
}

/** No 0x10 and no Infinity: what a link says must be what a person reads in it. Each text is matched in one way only. */
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

function parseSetting(setting: Setting, value: unknown): { value: number | string } | { problem: string } {
  if (setting.kind === "choice") {
    if (typeof value === "string" && Object.hasOwn(setting.options, value)) return { value };
    return { problem: `${describe(value)} is not one of ${Object.keys(setting.options).join(", ")}` };
  }
  if (typeof value === "string" && !decimal.test(value.trim()))
    return { problem: `${describe(value)} is not a number${isNumeral(value) ? " in plain decimals" : ""}` };
  const parsed = typeof value === "string" ? Number(value) : value;
  if (typeof parsed !== "number" || !Number.isFinite(parsed))
    return { problem: `${describe(value)} is not a number` };
  if (setting.integer && !Number.isInteger(parsed)) return { problem: `${parsed} is not a whole number` };
  if (parsed < setting.min || parsed > setting.max)
    return { problem: `${parsed} is outside ${setting.min} … ${setting.max}` };
  return { value: parsed };
}

/** Whether it is a number in a notation that is not read. */
function isNumeral(text: string): boolean {
  return text.trim() !== "" && !Number.isNaN(Number(text));
}

function describe(value: unknown): string {
  // Not through String: what files hold may be nested without end, or have a toString of its own.
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** What `config` changes against the defaults: what a link carries and what names a run. */
export function configDifference(config: Config, base: Config = defaultConfig): ConfigPatch {
  return Object.fromEntries(
    settingNames.filter((name) => config[name] !== base[name]).map((name) => [name, config[name]]),
  );
}
