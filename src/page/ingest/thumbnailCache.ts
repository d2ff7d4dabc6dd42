import type { Engine } from "../../contract/protocol.ts";

export interface Thumbnail {
  readonly picture: ImageData;
  readonly name: string;
  /** Index into the set's labels, or −1. */
  readonly label: number;
}

export interface ThumbnailCache {
  /** Of each picture in pixels. */
  readonly side: number;
  /**
   * Calls back with the image's thumbnail: soon if it is known, else once the engine has drawn it.
   *
   * @returns a function that ends the interest; images nobody waits for any more are not asked for.
   */
  watch(index: number, show: (thumbnail: Thumbnail) => void): () => void;
}

/** At 64 × 64 some 32 MB. */
const mostKept = 2000;
const mostAtOnce = 128;

/** Thumbnails of one set, asked for in batches and kept while they are likely to be seen again. */
export function createThumbnailCache(engine: Engine, side: number): ThumbnailCache {
  /** In the order of last use, oldest first. */
  const kept = new Map<number, Thumbnail>();
  const watchers = new Map<number, Set<(thumbnail: Thumbnail) => void>>();
  let asking = false;

  async function ask(): Promise<void> {
    asking = true;
    await Promise.resolve(); // so that all cells of a render are in one batch
    for (;;) {
      const wanted = [...watchers.keys()].filter((index) => !kept.has(index)).slice(0, mostAtOnce);
      if (wanted.length === 0) break;
      const { pixels, names, classes } = await engine.request("thumbnails", { indices: wanted, side });
      if (names.length !== wanted.length) break; // the set has changed under us; another cache is coming
      wanted.forEach((index, i) => {
        const rgba = pixels.slice(i * side * side * 4, (i + 1) * side * side * 4);
        const thumbnail = {
          picture: new ImageData(rgba, side, side),
          name: names[i] as string,
          label: classes[i] as number,
        };
        keep(index, thumbnail);
        for (const show of watchers.get(index) ?? []) show(thumbnail);
      });
    }
    asking = false;
  }

  function keep(index: number, thumbnail: Thumbnail): void {
    kept.delete(index);
    kept.set(index, thumbnail);
    for (const old of kept.keys()) {
      if (kept.size <= mostKept) break;
      if (!watchers.has(old)) kept.delete(old);
    }
  }

  return {
    side,
    watch(index, show) {
      const others = watchers.get(index) ?? new Set();
      watchers.set(index, others.add(show));
      const known = kept.get(index);
      if (known !== undefined) {
        keep(index, known);
        show(known);
      } else if (!asking) {
        // An engine that has lost its images, or is gone, leaves the cells empty; it says so elsewhere.
        ask().catch(() => (asking = false));
      }
      return () => {
        others.delete(show);
        if (others.size === 0) watchers.delete(index);
      };
    },
  };
}
