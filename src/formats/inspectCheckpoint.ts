import { recogniseArchitecture, type Architecture } from "./architecture.ts";
import { readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { recogniseLayout } from "./stateDictLayout.ts";

/** What is known of a checkpoint before it is used: printed by `npm run inspect`, shown by the page. Plain data. */
export interface CheckpointReport {
  readonly file: string;
  readonly bytes: number;
  readonly format: Checkpoint["format"];
  readonly layout: { readonly name: string; readonly title: string; readonly wrappers: readonly string[] };
  readonly architecture: Architecture | null;
  /** Every tensor of the file under its own name; `as` is its torchvision name where it belongs to the network. */
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly as?: string;
    readonly ignored?: string;
  }[];
  readonly nonFinite: Checkpoint["nonFinite"];
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  readonly notes: readonly string[];
}

/** @throws AppError when the file is refused. */
export async function inspectCheckpoint(
  file: Blob | Uint8Array<ArrayBuffer>,
  name: string,
): Promise<CheckpointReport> {
  const checkpoint = await readCheckpoint(file, name);
  const layout = recogniseLayout(checkpoint.tensors);
  const ignored = new Map(layout.ignored.map((entry) => [entry.name, entry.reason]));
  return {
    file: name,
    bytes: file instanceof Uint8Array ? file.length : file.size,
    format: checkpoint.format,
    layout: { name: layout.layout, title: layout.title, wrappers: layout.wrappers },
    architecture: recogniseArchitecture(layout.tensors.values()),
    tensors: [...checkpoint.tensors.values()].map((tensor) => {
      const reason = ignored.get(tensor.name);
      const as = layout.names.get(tensor.name);
      return {
        name: tensor.name,
        dtype: tensor.dtype,
        shape: tensor.shape,
        ...(as === undefined ? {} : { as }),
        ...(reason === undefined ? {} : { ignored: reason }),
      };
    }),
    nonFinite: checkpoint.nonFinite,
    metadata: Object.fromEntries(checkpoint.metadata),
    notes: [...checkpoint.notes, ...layout.notes],
  };
}
