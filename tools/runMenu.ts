import type { Locator } from "playwright";

/**
 * Opens the menu of a run in the list of runs.
 *
 * @returns the button in it that has this name.
 */
export async function inRunMenu(row: Locator, name: string | RegExp): Promise<Locator> {
  await row.getByRole("button", { name: /^What to do with/ }).click();
  return row.getByRole("button", { name });
}
