import { describe, expect, it } from "vitest";
import { readCheckpoint } from "./checkpoint.ts";
import { writeSafetensors } from "./safetensors.ts";
import { refusalOf } from "./testing/refusal.ts";
import { pickle } from "./testing/torchWriter.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (c) => c.charCodeAt(0));
const good = writeSafetensors([{ name: "x", shape: [2], values: Float32Array.of(1, 2) }], { format: "pt" });

describe("readCheckpoint", () => {
  it("tells the kind by the bytes, not by the name", async () => {
    const checkpoint = await readCheckpoint(new Blob([good]), "surprise.pth");
    expect(checkpoint.format).toBe("safetensors");
    expect(checkpoint.metadata.get("format")).toBe("pt");
    expect([...checkpoint.tensors.get("x")!.toFloat32()]).toEqual([1, 2]);
  });

  it.each([
    ["nothing", new Uint8Array(0), /empty \(0 bytes\)/],
    ["a web page", bytes("\n<!DOCTYPE html><html><body>404</body></html>"), /a web page/],
    ["an XML error", bytes('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), /XML document/],
    [
      "a Git LFS pointer",
      bytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"),
      /Git LFS/,
    ],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0), /gzip/],
    ["HDF5", bytes("\x89HDF\r\n\x1a\n\0\0"), /HDF5/],
    ["a model.json", bytes('{"modelTopology": {}}'), /JSON file/],
    ["a PNG", bytes("\x89PNG\r\n\x1a\n"), /PNG/],
    [
      "a tar",
      Uint8Array.from({ length: 600 }, (_, i) => (i >= 257 && i < 262 ? "ustar".charCodeAt(i - 257) : 97)),
      /tar/,
    ],
    ["another pickle", pickle("hello"), /pickle that torch.save did not write/],
    [
      "noise",
      Uint8Array.from({ length: 500 }, (_, i) => (i * 97 + 13) % 256),
      /not a kind of file that is known/,
    ],
    ["text", bytes("hello"), /not a kind of file that is known/],
  ])("says what a file is when it is %s", async (_, content, message) => {
    const refusal = await refusalOf(() => readCheckpoint(content, "weights.pth"));
    expect(refusal.message).toMatch(message);
    expect(refusal.message).toContain('"weights.pth"');
    expect(refusal.hint).toBeTruthy();
  });

  it("gives the exact fault of a file that is safetensors by name only", async () => {
    const cut = good.slice(0, good.length - 3);
    expect((await refusalOf(() => readCheckpoint(cut, "x.safetensors"))).message).toMatch(
      /"x" lies at bytes 0 to 8 of 5/,
    );
    expect((await refusalOf(() => readCheckpoint(good.slice(0, 6), "x.safetensors"))).message).toMatch(
      /6 bytes/,
    );
  });

  it("says that a file vanished since it was chosen", async () => {
    const gone = new Blob([good]);
    Object.defineProperty(gone, "slice", {
      value: () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotFoundError")) }),
    });
    expect((await refusalOf(() => readCheckpoint(gone, "x.pth"))).message).toMatch(/could not be opened/);
  });
});
