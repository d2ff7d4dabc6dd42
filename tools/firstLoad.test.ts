import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { checkFirstLoad, firstChunks, mostFirstBytes, type BuiltChunk, type Bundle } from "./firstLoad.ts";

function chunk(name: string, change: Partial<BuiltChunk> = {}): BuiltChunk {
  const rest = { imports: [], dynamicImports: [], moduleIds: [], isEntry: false, code: `// ${name}` };
  return { type: "chunk", name, fileName: `assets/${name}.js`, ...rest, ...change };
}

/** Text that does not get smaller. */
const bulk = (bytes: number): string =>
  randomBytes(bytes)
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, "x");

function bundle(changes: Readonly<Record<string, Partial<BuiltChunk>>> = {}): Bundle {
  const chunks = [
    chunk("boot", { isEntry: true, dynamicImports: ["assets/main.js"], ...changes["boot"] }),
    chunk("main", { imports: ["assets/shared.js"], dynamicImports: ["assets/Work.js"], ...changes["main"] }),
    chunk("shared", { imports: ["assets/main.js"], ...changes["shared"] }), // a circle
    chunk("Work", changes["Work"]),
  ];
  return {
    ...Object.fromEntries(chunks.map((one) => [one.fileName, one])),
    "assets/x.css": { type: "asset" },
  };
}

test("the first load is the entry, main, and what those import, each once", () => {
  expect(firstChunks(bundle()).map(({ name }) => name)).toEqual(["boot", "main", "shared"]);
  expect(() => firstChunks({})).toThrow("no boot.ts");
});

test("too much in the first scripts fails the build, more of what comes later does not", () => {
  const large = { code: bulk(3 * mostFirstBytes) };
  expect(() => checkFirstLoad(bundle({ Work: large }))).not.toThrow();
  for (const name of ["boot", "main", "shared"])
    expect(() => checkFirstLoad(bundle({ [name]: large })), name).toThrow("170 kB is the limit");
});

test("tfjs in any script of the page fails the build", () => {
  const moduleIds = ["/x/node_modules/@tensorflow/tfjs-core/dist/index.js"];
  expect(() => checkFirstLoad(bundle({ Work: { moduleIds } }))).toThrow(/Work\.js .* tfjs/);
});
