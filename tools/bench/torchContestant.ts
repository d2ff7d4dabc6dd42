import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { StepBrowser } from "./stepPart.ts";

const program = join(import.meta.dirname, "torch/step.py");

/** A Python that has PyTorch. */
export interface FoundTorch {
  readonly python: string;
  readonly version: string;
  readonly cuda: boolean;
}

/** What it computes on. */
export type TorchDevice = { readonly device: "cuda" } | { readonly device: "cpu"; readonly threads: number };

/** @returns the Python with PyTorch, or why there is none. The variable PYTHON names another one than `python3`. */
export function findTorch(python = process.env.PYTHON ?? "python3"): FoundTorch | string {
  const question = "import torch; print(torch.__version__, torch.cuda.is_available())";
  const { status, stdout, stderr, error } = spawnSync(python, ["-c", question], { encoding: "utf8" });
  if (error !== undefined) return `${python} could not be started (${error.message})`;
  const [version, cuda] = stdout.trim().split(" ");
  if (status !== 0 || version === undefined)
    return `${python} has no PyTorch (${stderr.trim().split("\n").at(-1) ?? ""})`;
  return { python, version, cuda: cuda === "True" };
}

/** A browser whose workers of the contestant "pytorch" are Python processes instead. */
export function withTorch(browser: StepBrowser, python: string, on: TorchDevice): StepBrowser {
  const processes = new Map<string, TorchProcess>();
  const belongs = (worker: string): boolean => worker.endsWith(" pytorch");
  const ask = async (kind: "step", worker: string, name: string, body: unknown): Promise<unknown> => {
    if (!belongs(worker)) return browser.ask(kind, worker, name as never, body);
    let asked = processes.get(worker);
    if (asked === undefined) processes.set(worker, (asked = new TorchProcess(python, on)));
    return asked.ask(name, body);
  };
  return {
    ask: ask as StepBrowser["ask"],
    end: async (worker) => {
      if (!belongs(worker)) return browser.end(worker);
      processes.get(worker)?.end();
      processes.delete(worker);
    },
  };
}

/** `torch/step.py --serve`: one line of JSON for each question, and one for its answer. */
class TorchProcess {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly lines: AsyncIterator<string>;
  /** The last it complained. */
  private complaint = "";

  constructor(python: string, on: TorchDevice) {
    const threads = on.device === "cpu" ? ["--threads", String(on.threads)] : [];
    this.child = spawn(python, [program, "--serve", "--device", on.device, ...threads], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stderr.on("data", (data: Buffer) => {
      this.complaint = data.toString().trim().split("\n").at(-1) ?? "";
    });
    this.child.stdin.on("error", () => undefined); // it has ended, which the missing answer tells
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error with what it said. */
  async ask(name: string, body: unknown): Promise<unknown> {
    this.child.stdin.write(`${JSON.stringify({ name, body })}\n`);
    const line = await this.lines.next();
    if (line.done === true) throw new Error(`Python ended: ${this.complaint}`);
    const reply = JSON.parse(line.value) as { result: unknown } | { problem: string };
    if ("problem" in reply) throw new Error(reply.problem);
    return reply.result;
  }

  end(): void {
    this.child.kill();
  }
}
