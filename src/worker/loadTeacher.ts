import { AppError } from "../contract/errors.ts";
import type { TeacherSource } from "../contract/protocol.ts";
import { readCheckpoint } from "../formats/checkpoint.ts";
import { hasTfjsModel, readTfjsModel, readTfjsZip } from "../formats/tfjsModel.ts";
import { openZip } from "../formats/zip.ts";
import { createCheckpointTeacher } from "../ml/teachers/checkpointTeacher.ts";
import type { Teacher } from "../ml/teachers/teacher.ts";
import { TfjsTeacher } from "../ml/teachers/tfjsTeacher.ts";

/**
 * A teacher from whatever the visitor gave: a checkpoint, or a TensorFlow.js model as files or as a zip. What it is
 * is told by content, not by extension.
 *
 * @throws AppError with what was wrong and what to do.
 */
export async function loadTeacher(
  source: TeacherSource,
  readBundled: () => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Teacher> {
  if (source.kind === "bundled") {
    const bytes = await readBundled();
    const checkpoint = await readCheckpoint(bytes, "teacher.safetensors");
    return createCheckpointTeacher(checkpoint, {
      name: "Bundled teacher",
      bytes: bytes.length,
      source: "bundled",
    });
  }
  const { files } = source;
  if (files.length === 0) throw new AppError("not-found", "No file was given");
  const paths = files.map(pathOf);
  if (hasTfjsModel(paths)) {
    const named = files.map((file) => ({ path: pathOf(file), read: () => bytesOf(file) }));
    return TfjsTeacher.load(await readTfjsModel(named, "TensorFlow.js model"));
  }
  const [file] = files;
  if (files.length > 1 || file === undefined) {
    throw new AppError(
      "file-unsupported",
      `${files.length} files were given, but no model.json is among them`,
      {
        hint: "Give one checkpoint, or all files of a TensorFlow.js model: model.json and its shards.",
        details: files.map(({ name }) => name),
      },
    );
  }
  if (await isTfjsZip(file)) return TfjsTeacher.load(await readTfjsZip(file, file.name));
  return createCheckpointTeacher(await readCheckpoint(file, file.name), {
    name: file.name,
    bytes: file.size,
  });
}

/** PyTorch's own format is a zip too, so a zip is opened to see. */
async function isTfjsZip(file: File): Promise<boolean> {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const isZip = start[0] === 0x50 && start[1] === 0x4b;
  if (!isZip) return false;
  const archive = await openZip(file);
  return hasTfjsModel(archive.entries.map(({ path }) => path));
}

/** The path inside a chosen folder, where there is one. */
function pathOf(file: File): string {
  return file.webkitRelativePath || file.name;
}

async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}
