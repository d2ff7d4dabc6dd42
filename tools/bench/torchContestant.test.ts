import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StepBrowser } from "./stepPart.ts";
import { findTorch, withTorch } from "./torchContestant.ts";

/** Stands for Python: answers the question of `findTorch`, and each line with what it was asked, or with a problem. */
const script = `#!${process.execPath}
const [, , first] = process.argv;
if (first === "-c") console.log("2.9.1 False");
else if (process.argv.includes("7")) process.exit(1);
else require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { name, body } = JSON.parse(line);
  console.log(JSON.stringify(name === "movement" ? { problem: "no state" } : { result: [name, body, process.argv.slice(3)] }));
});
`;
let folder: string;
let python: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "torch-"));
  python = join(folder, "python.cjs");
  writeFileSync(python, script);
  chmodSync(python, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const noBrowser: StepBrowser = {
  ask: async (_kind, worker) => `the browser's ${worker}` as never,
  end: async () => undefined,
};

describe("PyTorch among the contestants", () => {
  test("is found, or it is told why not", () => {
    expect(findTorch(python)).toEqual({ python, version: "2.9.1", cuda: false });
    expect(findTorch(join(folder, "absent"))).toContain("could not be started");
    expect(findTorch(process.execPath)).toContain("has no PyTorch");
  });

  test("answers by a process of its own, the others by the browser", async () => {
    const hosts = withTorch(noBrowser, python, { device: "cpu", threads: 2 });
    expect(await hosts.ask("step", "STEP-XS ours-wasm", "run", { steps: 1 })).toBe(
      "the browser's STEP-XS ours-wasm",
    );
    const asked = await hosts.ask("step", "STEP-XS pytorch", "run", { steps: 3 });
    expect(asked).toEqual(["run", { steps: 3 }, ["--serve", "--device", "cpu", "--threads", "2"]]);
    await expect(hosts.ask("step", "STEP-XS pytorch", "movement", null)).rejects.toThrow("no state");
    await hosts.end("STEP-XS pytorch");
  });

  test("fails with a reason when Python ends", async () => {
    const hosts = withTorch(noBrowser, python, { device: "cpu", threads: 7 });
    await expect(hosts.ask("step", "STEP-XS pytorch", "run", { steps: 1 })).rejects.toThrow("Python ended");
  });
});
