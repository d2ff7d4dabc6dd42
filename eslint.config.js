import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Folders under src, from the ground up, and what each may import. */
const zones = {
  lib: {
    above: ["contract", "formats", "ml", "worker", "page", "serviceWorker"],
    reason: "lib knows nothing of this project",
  },
  contract: {
    above: ["formats", "ml", "worker", "page", "serviceWorker"],
    reason: "contract is what both threads share, so it may rest on lib alone",
  },
  formats: {
    above: ["contract", "ml", "worker", "page", "serviceWorker"],
    allow: ["contract"],
    reason: "formats turns bytes into objects and must run anywhere",
  },
  ml: {
    above: ["worker", "page", "serviceWorker"],
    reason: "the mathematics runs in Node, in a worker and in tests alike",
  },
  worker: { above: ["page", "serviceWorker"], reason: "the engine must not depend on how it is shown" },
  serviceWorker: {
    above: ["formats", "ml", "worker", "page"],
    reason: "the service worker hands files on and knows nothing of what is in them",
  },
  page: {
    above: ["ml", "worker", "serviceWorker"],
    reason: "the UI thread holds no tensors; ask the engine through contract/protocol.ts",
  },
};

/** Outside src: slow second ways to compute, and comparisons with other implementations. */
const verification = {
  regex: "^(\\.\\./)+verify(/|$)",
  message: "The product does not import its own verification; tests and tools may.",
};

const doorToTfjs = {
  regex: "^@tensorflow/",
  message:
    "Import tfjs through src/ml/tfjs/tf.ts: tfjs-core alone has ops without gradients, and a second copy is a second engine.",
};

const doorToOnnx = {
  regex: "^onnxruntime-",
  message:
    "ONNX Runtime is opened by src/worker/onnx/openOnnxSession.ts alone, which fetches it only when it is needed.",
};

function zoneRules(zone, { above, allow = [], reason }, inside = { patterns: [] }) {
  const forbidden = above.filter((other) => !allow.includes(other));
  const patterns = [
    { regex: `^(\\.\\./)+(${forbidden.join("|")})(/|$)`, message: `Imports point down only: ${reason}.` },
    verification,
    doorToTfjs,
    doorToOnnx,
    ...inside.patterns,
  ];
  if (zone === "page") {
    patterns.push({
      regex: "ml/tfjs/tf(\\.ts)?$",
      message: "The page never imports tfjs: it would block the first paint and split the engine in two.",
    });
  } else {
    patterns.push({
      regex: "^(react|react-dom|zustand|uplot)(/|$)",
      message: `No user interface here: ${reason}.`,
    });
  }
  return {
    files: [inside.files ?? `src/${zone}/**/*.{ts,tsx}`],
    rules: { "no-restricted-imports": ["error", { patterns }] },
  };
}

/**
 * Inside a zone: what its folders may import of each other, from the ground up, so that there are no circles. The door to
 * tfjs is open to all of ml but wgsl.
 */
const folders = {
  ml: {
    wgsl: [[], "kernels are data, which the compiled step and tfjs's own kernels launch alike"],
    tensors: [[], "arithmetic on tensors knows of no network"],
    data: [[], "images are bytes"],
    models: [[], "a network is data, and executors run it"],
    losses: [["tensors"], "a loss is a pure function of embeddings"],
    eval: [["tensors"], "a measure is a function of embeddings"],
    wasm: [[], "kernels over the heap are called, and call nothing"],
    optim: [["wasm"], "an optimiser knows parameters and gradients only"],
    tfjs: [["wgsl", "wasm"], "what tfjs lacks is registered with it, and knows of no network"],
    augment: [["data"], "views come before whatever looks at them"],
    executors: [["models", "tfjs", "wasm"], "an executor runs whatever network it is given"],
    teachers: [
      ["tensors", "models", "eval", "augment", "executors"],
      "a teacher answers, whichever method asks",
    ],
    methods: [
      ["tensors", "models", "losses", "eval", "optim", "augment", "executors", "teachers"],
      "a method is the paper, and leaves to others how it is compiled and how long it runs",
    ],
    compiled: [
      ["wgsl", "tensors", "data", "models", "losses", "optim", "tfjs", "augment", "teachers", "methods"],
      "the compiled step stands in for a method and does not know who pulls it",
    ],
    export: [
      ["tensors", "data", "models"],
      "what is taken away is written from the description of a network, and runs elsewhere",
    ],
    training: [
      ["tensors", "data", "models", "eval", "optim", "augment", "executors", "teachers", "methods"],
      "training pulls steps and does not know how they are computed",
    ],
  },
  worker: {
    decode: [[], "decoders are workers of their own"],
    download: [[], "the one worker that reads other sites knows nothing of what they are for"],
    onnx: [[], "ONNX Runtime is opened for whoever asks"],
    teacher: [[], "teachers are read the same way by the engine and by tools"],
    kept: [[], "what is kept knows of no run that is going"],
    engine: [["onnx", "teacher", "kept"], "the engine leaves decoding and downloads to other workers"],
    export: [["onnx", "engine"], "exports are packed and tried away from engine and page"],
  },
  page: {
    widgets: [[], "widgets know of no feature"],
    metrics: [[], "logs grow outside React"],
    engine: [[], "the client passes requests on, whatever they are for"],
    ingest: [["engine"], "files are read the same way whoever gave them"],
    stores: [["ingest"], "stores are plain data"],
    download: [["stores"], "the client of the download worker knows no panel"],
    offline: [["stores"], "the client of the service worker knows no panel"],
    plots: [["widgets", "metrics", "stores"], "plots draw what they are given"],
    verdict: [["metrics", "stores"], "a verdict is a function of the numbers, whoever shows it"],
    trials: [
      ["widgets", "stores"],
      "what several runs come to is worked out the same way by command and view",
    ],
    commands: [
      ["widgets", "metrics", "engine", "ingest", "stores", "download", "offline", "verdict", "trials"],
      "a command is the same from a button, a key or a link",
    ],
    web: [
      ["widgets", "engine", "stores", "commands"],
      "addresses are asked for the same way by every feature",
    ],
    settings: [["widgets", "engine", "stores", "commands"], "settings are shown from their table"],
    data: [["widgets", "engine", "ingest", "stores", "commands", "web", "settings"], "features stay apart"],
    teacher: [
      ["widgets", "engine", "ingest", "stores", "commands", "web", "settings"],
      "features stay apart",
    ],
    explore: [["widgets", "engine", "ingest", "stores", "commands", "data"], "features stay apart"],
    method: [["widgets", "metrics", "stores", "plots", "commands"], "the diagram is fed by the drawing loop"],
    run: [
      ["widgets", "metrics", "engine", "stores", "plots", "verdict", "commands", "settings", "method"],
      "features stay apart",
    ],
    runs: [
      ["widgets", "metrics", "engine", "stores", "plots", "trials", "commands", "settings"],
      "features stay apart",
    ],
    report: [
      ["widgets", "metrics", "stores", "plots", "commands", "settings"],
      "a report is written from what there is, whoever asks for it",
    ],
    export: [["widgets", "engine", "stores", "commands", "report"], "features stay apart"],
    ablation: [
      ["widgets", "metrics", "engine", "stores", "plots", "trials", "commands", "report"],
      "features stay apart",
    ],
    stations: [
      ["widgets", "engine", "stores", "offline", "commands", "settings", "data", "teacher", "explore"],
      "a station puts panels of features together",
    ],
    embed: [
      [
        ...["widgets", "engine", "ingest", "stores", "plots", "commands", "settings"],
        ...["explore", "method", "run"],
      ],
      "the embedded view puts parts of others together",
    ],
  },
};

function folderRules(zone, folder, [allowed, reason]) {
  const others = Object.keys(folders[zone]).filter((name) => name !== folder && !allowed.includes(name));
  if (zone === "page") others.push("shell");
  const isOpenToTfjs = zone === "ml" && folder !== "wgsl";
  return zoneRules(zone, zones[zone], {
    files: `src/${zone}/${folder}/**/*.{ts,tsx}`,
    patterns: [
      {
        regex: `^(\\.\\./)+(${others.join("|")})/${isOpenToTfjs ? "(?!tf\\.ts$)" : ""}`,
        message: `Not from ${zone}/${folder}: ${reason}.`,
      },
    ],
  });
}

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "out/",
      "node_modules/",
      "public/",
      "test-results/",
      "playwright-report/",
      "**/*.d.ts",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: [
          "src/lib/tsconfig.json",
          "src/contract/tsconfig.json",
          "src/formats/tsconfig.json",
          "src/ml/tsconfig.json",
          "src/worker/tsconfig.json",
          "src/serviceWorker/tsconfig.json",
          "src/page/tsconfig.json",
          "verify/tsconfig.json",
          "tsconfig.tests.json",
          "tsconfig.json",
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      // Numbers belong in messages; everything else is spelt out.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // `async` declares a promise even when today's body does not wait.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // The only way to assert what `noUncheckedIndexedAccess` cannot know inside a counted loop.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "ExportDefaultDeclaration",
          message:
            "Named exports only: a name that cannot change at the import is a name one can search for.",
        },
        {
          selector: "CallExpression[callee.property.name='dataSync']",
          message: "dataSync blocks the thread and throws for GPU tensors; await data().",
        },
      ],
    },
  },
  ...Object.entries(zones).map(([zone, rule]) => zoneRules(zone, rule)),
  // The narrower rule takes the place of its zone's, which it contains.
  ...Object.entries(folders).flatMap(([zone, rules]) =>
    Object.entries(rules).map(([folder, rule]) => folderRules(zone, folder, rule)),
  ),
  {
    files: ["verify/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^(\\.\\./)+src/(worker|page)(/|$)",
              message: "Verification compares the mathematics, which needs neither engine nor page.",
            },
            doorToTfjs,
            doorToOnnx,
          ],
        },
      ],
    },
  },
  {
    // The doors themselves.
    files: [
      "src/ml/tfjs/tf.ts",
      "src/worker/engine/backend.ts",
      "src/worker/engine/wasmBinaries.ts",
      "src/worker/onnx/cpuRuntime.ts",
      "src/worker/onnx/onnxOnGpu.ts",
      "src/worker/export/testing/nodeRuntimes.ts",
    ],
    rules: { "no-restricted-imports": "off" },
  },
  {
    files: ["src/page/**/*.{ts,tsx}"],
    plugins: { "react-hooks": reactHooks },
    rules: reactHooks.configs.recommended.rules,
  },
  {
    // Tests may reach across zones (the in-process engine, a slow second way to compute), and may block: in Node
    // there is no GPU to wait for.
    files: ["**/*.test.{ts,tsx}"],
    rules: { "no-restricted-imports": "off", "no-restricted-syntax": "off" },
  },
  {
    files: ["*.config.{ts,js}"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["**/*.{js,mjs}"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      parserOptions: { project: null },
      globals: { process: "readonly", console: "readonly", URL: "readonly" },
    },
  },
);
