import { AppError } from "../contract/errors.ts";
import { readPickle } from "./pickle.ts";
import type { TorchFile } from "./torchFile.ts";
import { TorchHost, type TorchStorage } from "./torchObjects.ts";
import { attachStorages, flattenTree } from "./torchTree.ts";
import type { ZipArchive, ZipEntry } from "./zip.ts";

const maxPickleBytes = 64 * 1024 * 1024;

/**
 * Reads a checkpoint as PyTorch writes it since 1.6: a zip with one top folder of any name, holding the object
 * tree in `data.pkl` and each storage as `data/KEY`. Only the storages that tensors use are unpacked.
 *
 * @throws AppError naming what is missing, contradictory or not permitted.
 */
export async function readPytorchZip(archive: ZipArchive): Promise<TorchFile> {
  const [refused] = archive.refused;
  if (refused !== undefined)
    throw new AppError(
      "file-refused",
      `The checkpoint's record ${JSON.stringify(refused.path)} was refused: ${refused.reason}.`,
      {
        hint: "PyTorch stores records uncompressed and once. Save the checkpoint again with torch.save.",
      },
    );
  const records = new Map(archive.entries.map((entry) => [entry.path, entry]));
  const pickles = archive.entries.filter(({ path }) => /^[^/]+\/data\.pkl$/.test(path));
  const [pickle] = pickles;
  if (pickle === undefined)
    throw new AppError("file-unreadable", "This zip holds no data.pkl, so it is not a PyTorch checkpoint.", {
      hint: "If it holds images, drop it under Data; if it holds a checkpoint, unpack it first.",
    });
  if (pickles.length > 1)
    throw new AppError("file-refused", `The checkpoint was refused: it holds ${pickles.length} data.pkl.`);
  if (pickle.size > maxPickleBytes)
    throw new AppError(
      "file-refused",
      `The checkpoint's object tree of ${pickle.size} bytes is over the limit of 64 MiB.`,
    );
  const folder = pickle.path.slice(0, -"data.pkl".length);
  if (records.has(`${folder}constants.pkl`))
    throw new AppError("file-unsupported", "This is a TorchScript program, not a checkpoint.", {
      hint: "Save a state dict: torch.save(model.state_dict(), path).",
    });

  const host = new TorchHost();
  const tree = flattenTree(readPickle(await pickle.read(), host).value);
  const bigEndian = await readByteOrder(records.get(`${folder}byteorder`));
  const bytes = new Map<TorchStorage, Uint8Array<ArrayBuffer>>();
  for (const storage of host.storages.values()) {
    const record = records.get(`${folder}data/${storage.key}`);
    if (record === undefined) throw unreadable(`storage ${storage.key} has no record`);
    if (record.size !== storage.byteLength)
      throw unreadable(
        `storage ${storage.key} declares ${storage.byteLength} bytes, but its record has ${record.size}`,
      );
    bytes.set(storage, await record.read());
  }
  return {
    format: "pytorch-zip",
    tensors: attachStorages(
      tree.tensors,
      (storage) => bytes.get(storage) as Uint8Array<ArrayBuffer>,
      bigEndian,
    ),
    metadata: tree.metadata,
    notes: tree.notes,
  };
}

/** Absent before PyTorch 2.1, when everybody wrote little-endian. */
async function readByteOrder(record: ZipEntry | undefined): Promise<boolean> {
  if (record === undefined) return false;
  const order = record.size > 16 ? "" : new TextDecoder().decode(await record.read());
  if (order !== "little" && order !== "big") throw unreadable(`its byte order is ${JSON.stringify(order)}`);
  return order === "big";
}

function unreadable(why: string): AppError {
  return new AppError("file-unreadable", `The checkpoint cannot be read: ${why}.`, {
    hint: "The file is incomplete or damaged. Download or save it again.",
  });
}
