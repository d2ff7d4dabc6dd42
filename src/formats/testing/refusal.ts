import { AppError } from "../../contract/errors.ts";

/**
 * Runs a reader that must refuse.
 *
 * @returns the refusal. @throws whatever else was thrown: a crash is not a refusal.
 */
export async function refusalOf(read: () => unknown): Promise<AppError> {
  try {
    await read();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was read, but should have been refused");
}

/** Runs a reader on bytes of any kind: it may read them or refuse them, and nothing else. */
export async function readsOrRefuses(read: () => unknown): Promise<"read" | "refused"> {
  try {
    await read();
    return "read";
  } catch (error) {
    if (error instanceof AppError && error.message !== "") return "refused";
    throw error;
  }
}
