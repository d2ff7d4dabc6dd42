import type { Sliced } from "../../lib/slices.ts";
import { yieldToMessages } from "../../lib/yieldToMessages.ts";

/** Work that nobody waits for, a slice at a time while nothing else is to be done. Only the latest counts. */
export class SpareTime {
  private work: { readonly key: string; readonly slices: Sliced<void> } | null = null;
  private holds = 0;
  private pulling: Promise<void> | null = null;

  /** Gives up what was to be done before, unless it is the same. */
  async use(key: string, begin: () => Sliced<void>): Promise<void> {
    if (this.work?.key === key) return;
    const release = await this.hold();
    try {
      await this.drop();
      this.work = { key, slices: begin() };
    } finally {
      release();
    }
  }

  /** Begins no slice until released. Resolves when none is under way. */
  async hold(): Promise<() => void> {
    this.holds++;
    await this.pulling;
    return () => {
      this.holds--;
      this.goOn();
    };
  }

  /** Leaves out what is not done; to be called while held. */
  async drop(): Promise<void> {
    const { work } = this;
    this.work = null;
    await work?.slices.return();
  }

  private goOn(): void {
    if (this.pulling !== null || this.work === null || this.holds > 0) return;
    this.pulling = this.pull().finally(() => {
      this.pulling = null;
      this.goOn();
    });
  }

  private async pull(): Promise<void> {
    while (this.work !== null && this.holds === 0) {
      const { work } = this;
      try {
        if ((await work.slices.next()).done === true) this.work = null;
      } catch (error) {
        console.warn("What was to be worked out ahead is left out.", error);
        this.work = null;
      }
      await yieldToMessages();
    }
  }
}
