import { existsSync, readFileSync } from "node:fs";
import type { Browser, CDPSession } from "playwright";

/** What a browser takes of the machine, all its processes together. */
export class ChromiumUsage {
  private constructor(private readonly devtools: CDPSession) {}

  static async of(browser: Browser): Promise<ChromiumUsage> {
    return new ChromiumUsage(await browser.newBrowserCDPSession());
  }

  /** Seconds of processor time so far, of all threads; 2 in a second when two cores are busy. */
  async cpuSeconds(): Promise<number> {
    return (await this.processes()).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }

  /** Bytes of memory that hold data (neither programs nor files); null where the system does not tell. */
  async memoryBytes(): Promise<number | null> {
    const processes = await this.processes();
    const held = processes.map(({ id }) => dataBytes(id));
    return held.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
  }

  /** Calls for the memory again and again while `work` goes on. @returns the most there was. */
  async peakBytesDuring(work: () => Promise<void>): Promise<number | null> {
    let going = true;
    let peak: number | null = null;
    const watch = async (): Promise<void> => {
      while (going) {
        const bytes = await this.memoryBytes();
        if (bytes === null) return;
        peak = Math.max(peak ?? 0, bytes);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const watching = watch();
    try {
      await work();
    } finally {
      going = false;
      await watching;
    }
    return peak;
  }

  private async processes(): Promise<readonly { id: number; cpuTime: number }[]> {
    return (await this.devtools.send("SystemInfo.getProcessInfo")).processInfo;
  }
}

/** Linux only. Memory that processes share counts once for each. */
function dataBytes(processId: number): number | null {
  const path = `/proc/${processId}/status`;
  if (!existsSync(path)) return null;
  const status = readFileSync(path, "utf8");
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  return 1024 * (kilobytes("RssAnon") + kilobytes("RssShmem"));
}
