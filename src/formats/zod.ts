/**
 * The one door to zod, set up for a strict Content-Security-Policy: compiled schemas would need `new Function`,
 * and even probing for it is reported as a violation.
 */
import * as z from "zod";

z.config({ jitless: true });

export { z };

/** A schema's complaints, one a line: "weightsManifest[0].paths: expected array, received string". */
export function zodProblems(error: z.ZodError, most = 20): readonly string[] {
  return error.issues.slice(0, most).map(({ path, message }) => {
    const where = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
    return `${where.replace(/^\./, "") || "the whole"}: ${message}`;
  });
}
