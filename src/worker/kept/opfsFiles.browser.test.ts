import { expect, test } from "vitest";

test("a file that is replaced meanwhile is read whole, and is in every list", async () => {
  const worker = new Worker(new URL("./testing/replaceAndRead.ts", import.meta.url), { type: "module" });
  try {
    const found = await new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
    expect(found).toMatchObject({ missing: 0, unlisted: 0 });
    expect(found).toHaveProperty(
      "reads",
      expect.toSatisfy((reads: number) => reads > 20),
    );
  } finally {
    worker.terminate();
  }
});
