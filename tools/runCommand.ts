/** What commands that train without a window have in common. */
import { UsageError } from "./trainArguments.ts";
import { TrainError } from "./trainInBrowser.ts";

export const exitCodes = { failed: 1, usage: 2, interrupted: 130 } as const;

/** The first Ctrl+C asks for an orderly end, the second ends at once. */
export function firstInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
  });
  return controller.signal;
}

/**
 * Sets the exit code, and says what went wrong: a fault of the world by its message, one of ours with its stack.
 *
 * @param name as npm knows it.
 * @param command the exit code comes of it.
 */
export async function runCommand(name: string, command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\nSee \`npm run ${name} -- --help\`.`);
      process.exitCode = exitCodes.usage;
    } else {
      console.error(error instanceof TrainError ? error.message : error);
      process.exitCode = exitCodes.failed;
    }
  }
}
