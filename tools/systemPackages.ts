/** Programs that come as packages of the system: Debian's and Ubuntu's, where we may install them. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** What to put before a command that needs root; null when we cannot become root without being asked. */
export function rootPrefix(): readonly string[] | null {
  if (process.getuid?.() === 0) return [];
  if (process.platform !== "linux") return null;
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo", "-n"] : null;
}

/** The command that installs packages; null where there is none, or we may not. */
export function installCommand(packages: readonly string[]): readonly string[] | null {
  const prefix = rootPrefix();
  if (!existsSync("/usr/bin/apt-get") || prefix === null) return null;
  const names = packages.join(" ");
  return [
    ...prefix,
    "sh",
    "-c",
    `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y ${names}`,
  ];
}

/** Where mirrors are slow, or there is no network: tests that need the package are named as skipped then. */
const installLimitMs = 150_000;

/** @returns why they could not be installed; empty when they were. */
export function installPackages(packages: readonly string[]): string {
  const command = installCommand(packages);
  if (command === null)
    return "packages of the system can be installed on Debian and Ubuntu only, and by root";
  const { status, error } = spawnSync(command[0]!, command.slice(1), {
    stdio: "inherit",
    timeout: installLimitMs,
  });
  return status === 0 ? "" : `${command.join(" ")} failed (${error?.message ?? `exit code ${status}`})`;
}
