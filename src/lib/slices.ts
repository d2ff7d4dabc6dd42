import { yieldToMessages } from "./yieldToMessages.ts";

/** How far some work is. */
export interface Progress {
  /** For a person: "Measuring the teacher". */
  readonly task: string;
  readonly done: number;
  readonly total: number;
}

/**
 * Long work in slices of some tens of milliseconds, to go between a run's steps: pulling does a slice and tells how far
 * it is, the last pull gives the result. Given up with `return()`, it leaves nothing behind.
 */
export type Sliced<T> = AsyncGenerator<Progress, T, undefined>;

/**
 * Does all slices, one after another, letting the thread's messages through in between.
 *
 * @param report told of every slice.
 * @param cancelled asked after every slice; if true the rest is left out.
 * @returns null if cancelled.
 */
export async function finish<T>(
  work: Sliced<T>,
  report: (progress: Progress) => void = () => undefined,
  cancelled: () => boolean = () => false,
): Promise<T | null> {
  for (;;) {
    const next = await work.next();
    if (next.done === true) return next.value;
    report(next.value);
    await yieldToMessages();
    if (!cancelled()) continue;
    await work.return(undefined as never);
    return null;
  }
}

/** What a slice should take, milliseconds: well below what an eye takes for a standstill. */
const sliceMs = 50;
/** Images pushed through a network at once: more is no more efficient. */
const mostImages = 64;

/** How many images go into a slice: as many as the last ones let expect to fill it. */
export class Pace {
  private msPerImage: number | null = null;
  private startMs = 0;

  /** Of the next slice; the clock starts. */
  begin(left: number): number {
    this.startMs = performance.now();
    // The first shows how long one takes.
    const wanted = this.msPerImage === null ? 8 : Math.floor(sliceMs / this.msPerImage);
    return Math.min(left, mostImages, Math.max(1, wanted));
  }

  end(images: number): void {
    const latest = (performance.now() - this.startMs) / images;
    this.msPerImage = this.msPerImage === null ? latest : 0.5 * (this.msPerImage + latest);
  }
}
