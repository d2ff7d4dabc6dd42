import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricColumns } from "../../src/contract/metrics.ts";
import { formatRunFile } from "../../src/contract/runFile.ts";
import { readRunCheckpoint, type RunCheckpoint } from "../../src/formats/runCheckpoint.ts";
import { clusterSteps, type ClusterSample } from "../../src/worker/export/testing/clusterRun.ts";

/** What PyTorch made of a recorded run. */
export interface Continued {
  readonly checkpoint: RunCheckpoint;
  /** `run.zip`. */
  readonly bundle: Blob;
  /** Rows of loss, contrastive, distillation and cosine of the steps that it took. */
  readonly scalars: readonly (readonly number[])[];
}

export const continuePy = join(import.meta.dirname, "../../src/worker/export/files/continue.py");

/** For one process: importing PyTorch takes longer than the steps. */
const inEachFolder = `
import runpy, sys
for folder in sys.argv[1:]:
    sys.argv = ["continue.py", "--batches", f"{folder}/batches.safetensors", "--out", f"{folder}/result"]
    runpy.run_path(f"{folder}/continue.py", run_name="__main__")
`;

/** Has `continue.py` take the recorded steps of runs. */
export function continueInPyTorch(
  samples: readonly ClusterSample[],
  processes: number,
): readonly Continued[] {
  const folders = samples.map(clusterFolder);
  if (processes === 1) python(["-c", inEachFolder, ...folders]);
  else
    for (const folder of folders) {
      const options = ["--batches", join(folder, "batches.safetensors"), "--out", join(folder, "result")];
      python([...launcher(processes), join(folder, "continue.py"), ...options]);
    }
  return folders.map((folder) => {
    const read = (name: string): Uint8Array<ArrayBuffer> =>
      new Uint8Array(readFileSync(join(folder, "result", name)));
    const checkpoint = readRunCheckpoint(read("checkpoint.safetensors"));
    const { before } = clusterSteps;
    return {
      checkpoint,
      bundle: new Blob([read("run.zip")]),
      scalars: Array.from({ length: checkpoint.facts.step - before }, (_, i) => {
        const start = (before + i) * metricColumns.length;
        return [...checkpoint.metrics.subarray(start + 1, start + 5)];
      }),
    };
  });
}

/** A folder like an unpacked `cluster.zip`, and the recorded batches. Vite, which the packer needs, need not be there. */
export function clusterFolder({ pack, batches }: ClusterSample): string {
  const folder = mkdtempSync(join(tmpdir(), "cluster-"));
  const write = (file: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, file), content);
  const { checkpoint, networks, teacher, heldOut, run, name, note, startedAt } = pack;
  write("continue.py", readFileSync(continuePy));
  write("checkpoint.safetensors", checkpoint);
  write("networks.json", networks);
  if (teacher !== null) write("teacher.safetensors", teacher);
  write("run.json", formatRunFile(run));
  write("about.json", JSON.stringify({ name, note, startedAt }));
  write("held_out.json", JSON.stringify(heldOut));
  write("batches.safetensors", batches);
  return folder;
}

/** What starts a script on so many processes of this machine, as `torchrun` does. */
export function launcher(processes: number): readonly string[] {
  return ["-m", "torch.distributed.run", "--standalone", `--nproc_per_node=${processes}`];
}

/** @returns what Python printed. @throws Error with all it said, when it ended with a fault. */
export function python(command: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("python3", command, {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1" },
    input,
    maxBuffer: 64e6,
    timeout: 240_000,
  });
  if (status !== 0) throw new Error(`python3 ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}
