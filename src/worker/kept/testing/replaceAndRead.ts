/** A worker of a test, as files are only written in one: replaces a file, has another come and go, and reads meanwhile. */
import { OpfsFiles } from "../opfsFiles.ts";

const folder = "test-replace-and-read";
const times = 100;

/** @returns how often it was read, and how often it was not to be read, or in no list. */
async function replaceAndRead(): Promise<{ reads: number; missing: number; unlisted: number }> {
  const files = (await OpfsFiles.open(folder))!;
  await files.replace("record", new Uint8Array(1));
  let isDone = false;
  const write = async (): Promise<void> => {
    for (let i = 1; i <= times; i++) {
      await files.replace("record", new Uint8Array(i));
      await files.replace("other", new Uint8Array(i));
      await files.remove("other");
    }
    isDone = true;
  };
  const found = { reads: 0, missing: 0, unlisted: 0 };
  const read = async (): Promise<void> => {
    while (!isDone) {
      const bytes = await files.read("record");
      found.reads++;
      if (bytes === null || bytes.length === 0) found.missing++;
      if ((await files.list()).every(({ name }) => name !== "record")) found.unlisted++;
    }
  };
  await Promise.all([write(), read(), read()]);
  await (await navigator.storage.getDirectory()).removeEntry(folder, { recursive: true });
  return found;
}

replaceAndRead().then(
  (found) => postMessage(found),
  (error: unknown) => postMessage(String(error)),
);
