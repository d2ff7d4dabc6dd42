import type { DatasetSummary, ImageBlock } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import { invariant } from "../../lib/invariant.ts";
import { hex, sha256 } from "../../lib/sha256.ts";

/**
 * The set of images, as bytes, where the engine can reach it.
 *
 * Blocks are kept as they come and never copied together, so a set may be as large as memory allows; finding an
 * image is a binary search over blocks. Once sealed, nothing changes any more.
 */
export class ImageStore {
  readonly size: number;
  /** Of one image: size · size · 3. */
  readonly imageBytes: number;
  readonly #blocks: ImageBlock[] = [];
  /** Index of each block's first image. */
  readonly #starts: number[] = [];
  #count = 0;
  #summary: DatasetSummary | null = null;

  /** @param size side of every image in pixels. */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1 || size > 1024) {
      throw new AppError("config-invalid", `Images of ${size} × ${size} pixels cannot be stored`, {
        hint: "Choose a side between 1 and 1024 pixels.",
      });
    }
    this.size = size;
    this.imageBytes = size * size * 3;
  }

  get count(): number {
    return this.#count;
  }

  /** What `seal` found, or null before. */
  get summary(): DatasetSummary | null {
    return this.#summary;
  }

  get bytes(): number {
    return this.#count * this.imageBytes;
  }

  /** Takes the block over; its sender must not write into it any more. */
  append(block: ImageBlock): void {
    const images = block.names.length;
    invariant(this.#summary === null, "no images come after sealing");
    invariant(block.size === this.size, `a block of size ${block.size} in a store of size ${this.size}`);
    invariant(
      block.pixels.length === images * this.imageBytes && block.classes.length === images,
      `a block of ${images} names has ${block.pixels.length} pixel bytes and ${block.classes.length} classes`,
    );
    if (images === 0) return;
    this.#blocks.push(block);
    this.#starts.push(this.#count);
    this.#count += images;
  }

  /** [size · size · 3], a view: not to be written to. */
  pixelsOf(index: number): Uint8Array<ArrayBuffer> {
    const { block, at } = this.#find(index);
    return block.pixels.subarray(at * this.imageBytes, (at + 1) * this.imageBytes);
  }

  nameOf(index: number): string {
    const { block, at } = this.#find(index);
    return block.names[at] as string;
  }

  /** Index into the labels, or −1. */
  classOf(index: number): number {
    const { block, at } = this.#find(index);
    return block.classes[at] as number;
  }

  /** [count], a copy. */
  allClasses(): Int16Array<ArrayBuffer> {
    const classes = new Int16Array(this.#count);
    this.#blocks.forEach((block, i) => classes.set(block.classes, this.#starts[i]));
    return classes;
  }

  /**
   * Some images, one after another.
   *
   * @param indices [B]
   * @param into [B · size · size · 3], made if not given.
   * @returns `into`: [B, size, size, 3] row-major.
   */
  gather(
    indices: ArrayLike<number>,
    into: Uint8Array<ArrayBuffer> = new Uint8Array(indices.length * this.imageBytes),
  ): Uint8Array<ArrayBuffer> {
    invariant(into.length === indices.length * this.imageBytes, "room for exactly the images asked for");
    for (let i = 0; i < indices.length; i++) {
      into.set(this.pixelsOf(indices[i] as number), i * this.imageBytes);
    }
    return into;
  }

  /**
   * Closes the store and says what is in it.
   *
   * @param about.labels the name of each class the blocks used. Classes of the same name become one, a class
   * named "" becomes "no label" (−1); the rest are numbered anew in the order given. So whoever decodes may use
   * any classes it likes, such as one for each folder, and decide at the end what they mean.
   * @throws AppError "dataset-too-small" when it is empty.
   */
  async seal(about: Pick<DatasetSummary, "name" | "kind" | "labels">): Promise<DatasetSummary> {
    if (this.#summary !== null) return this.#summary;
    if (this.#count === 0) throw new AppError("dataset-too-small", "There is not one image in this set");
    const labels = [...new Set(about.labels)].filter((label) => label !== "");
    const indexOf = new Map(labels.map((label, index) => [label, index]));
    const renumbered = about.labels.map((label) => indexOf.get(label) ?? -1);
    const labelCounts = labels.map(() => 0);
    for (const { classes } of this.#blocks) {
      classes.forEach((given, i) => {
        invariant(given >= -1 && given < about.labels.length, `class ${given} has no label`);
        const label = given === -1 ? -1 : (renumbered[given] as number);
        classes[i] = label;
        if (label >= 0) labelCounts[label] = (labelCounts[label] as number) + 1;
      });
    }
    this.#summary = {
      name: about.name,
      kind: about.kind,
      labels,
      labelCounts,
      count: this.#count,
      size: this.size,
      bytes: this.bytes,
      fingerprint: await this.#fingerprint(this.allClasses()),
    };
    return this.#summary;
  }

  /**
   * SHA-256 (hex) of: the ASCII line "images {size} {count}\n", the SHA-256 of each image's bytes in order
   * (32 bytes each), the classes in order (16-bit little-endian). Names and how images were blocked do not count.
   */
  async #fingerprint(classes: Int16Array): Promise<string> {
    const header = new TextEncoder().encode(`images ${this.size} ${this.#count}\n`);
    const digestsAt = header.length;
    const classesAt = digestsAt + 32 * this.#count;
    const all = new Uint8Array(classesAt + 2 * this.#count);
    all.set(header);
    const atOnce = 64; // digests under way: enough to keep the hasher busy, little memory
    for (let first = 0; first < this.#count; first += atOnce) {
      const indices = Array.from({ length: Math.min(atOnce, this.#count - first) }, (_, i) => first + i);
      const digests = await Promise.all(indices.map((index) => sha256(this.pixelsOf(index))));
      digests.forEach((digest, i) => all.set(digest, digestsAt + 32 * (first + i)));
    }
    const view = new DataView(all.buffer);
    classes.forEach((label, i) => view.setInt16(classesAt + 2 * i, label, true));
    return hex(await sha256(all));
  }

  #find(index: number): { block: ImageBlock; at: number } {
    invariant(
      Number.isInteger(index) && index >= 0 && index < this.#count,
      `no image ${index} of ${this.#count}`,
    );
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    return { block: this.#blocks[low] as ImageBlock, at: index - (this.#starts[low] as number) };
  }
}
