import { demoBlocks } from "../../ml/data/demoBlocks.ts";
import { demoLabels } from "../../ml/data/demoSet.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { yieldToMessages } from "../../lib/yieldToMessages.ts";

interface DemoSize {
  readonly seed: number;
  readonly count: number;
  readonly size: number;
}

/** The built-in images, drawn once, some dozens at a time; whoever asks meanwhile waits for the same drawing. */
export class DemoSet {
  private drawn: { readonly key: string; readonly store: Promise<ImageStore> } | null = null;
  private finished: ImageStore | null = null;
  private readonly listeners = new Set<(done: number) => void>();

  /** @param report told how many images there are, as they come. */
  async draw(size: DemoSize, report: (done: number) => void = () => undefined): Promise<ImageStore> {
    const key = JSON.stringify([size.seed, size.count, size.size]);
    const drawn = this.drawn?.key === key ? this.drawn : { key, store: this.drawAll(size) };
    this.drawn = drawn;
    this.listeners.add(report);
    try {
      const store = await drawn.store;
      if (this.drawn === drawn) this.finished = store;
      return store;
    } finally {
      this.listeners.delete(report);
    }
  }

  /** The set that was drawn last, once it is whole. */
  get whole(): ImageStore | null {
    return this.finished;
  }

  /** Leaves the memory to others. */
  forget(): void {
    this.drawn = null;
    this.finished = null;
  }

  private async drawAll(size: DemoSize): Promise<ImageStore> {
    const store = new ImageStore(size.size);
    for (const block of demoBlocks(size)) {
      store.append(block);
      for (const report of this.listeners) report(store.count);
      await yieldToMessages();
    }
    await store.seal({ name: "Built-in demo", kind: "demo", labels: demoLabels });
    return store;
  }
}
