import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Folders under src, from the ground up, and what each may import. */
const zones = {
  lib: {
    above: ["contract", "formats", "ml", "worker", "page"],
    reason: "lib knows nothing of this project",
  },
  contract: {
    above: ["formats", "ml", "worker", "page"],
    reason: "contract is what both threads share, so it may rest on lib alone",
  },
  formats: {
    above: ["contract", "ml", "worker", "page"],
    allow: ["contract"],
    reason: "formats turns bytes into objects and must run anywhere",
  },
  ml: { above: ["worker", "page"], reason: "the mathematics runs in Node, in a worker and in tests alike" },
  worker: { above: ["page"], reason: "the engine must not depend on how it is shown" },
  page: {
    above: ["ml", "worker"],
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

function zoneRules(zone, { above, allow = [], reason }) {
  const forbidden = above.filter((other) => !allow.includes(other));
  const patterns = [
    { regex: `^(\\.\\./)+(${forbidden.join("|")})(/|$)`, message: `Imports point down only: ${reason}.` },
    verification,
    doorToTfjs,
    doorToOnnx,
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
    files: [`src/${zone}/**/*.{ts,tsx}`],
    rules: { "no-restricted-imports": ["error", { patterns }] },
  };
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
      "src/worker/onnx/onnxOnCpu.ts",
      "src/worker/onnx/onnxOnGpu.ts",
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
