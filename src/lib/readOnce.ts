/** A file that is read when it is first wanted, and again only where that failed. */
export class ReadOnce {
  private bytes: Promise<Uint8Array<ArrayBuffer>> | null = null;

  constructor(private readonly readFile: () => Promise<Uint8Array<ArrayBuffer>>) {}

  read(): Promise<Uint8Array<ArrayBuffer>> {
    const bytes =
      this.bytes ??
      this.readFile().catch((error: unknown) => {
        this.bytes = null;
        throw error;
      });
    this.bytes = bytes;
    return bytes;
  }
}
