import { spawnSync } from "node:child_process";

/** Whether Python has these packages here; where it has not, says what is not tested for that. */
export function hasPython(...packages: readonly string[]): boolean {
  const found = spawnSync("python3", ["-c", `import ${packages.join(", ")}`]).status === 0;
  if (!found) console.warn(`Not run, for want of Python with ${packages.join(" and ")}: what it would read.`);
  return found;
}
