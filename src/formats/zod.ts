/**
 * The one door to zod, set up for a strict Content-Security-Policy: compiled schemas would need `new Function`,
 * and even probing for it is reported as a violation.
 */
import * as z from "zod";

z.config({ jitless: true });

export { z };

/**
 * A list that is read up to its first wrong element. `z.array` goes on: of a million wrong ones it collects the
 * complaints for minutes, and overflows the stack when it hands them on.
 */
export function listOf<T>(element: z.ZodType<T>) {
  return z.array(z.unknown()).transform((values, context): readonly T[] => {
    const read: T[] = [];
    for (const [i, value] of values.entries()) {
      const result = element.safeParse(value);
      if (!result.success) return refuse(context, i, result.error);
      read.push(result.data);
    }
    return read;
  });
}

/** The same of an object with any keys. */
export function recordOf<T>(element: z.ZodType<T>) {
  return z.record(z.string(), z.unknown()).transform((values, context): Readonly<Record<string, T>> => {
    const read: [string, T][] = [];
    for (const [key, value] of Object.entries(values)) {
      const result = element.safeParse(value);
      if (!result.success) return refuse(context, key, result.error);
      read.push([key, result.data]);
    }
    return Object.fromEntries(read);
  });
}

function refuse(context: z.RefinementCtx, key: string | number, { issues }: z.ZodError): never {
  for (const { path, message } of issues) context.addIssue({ code: "custom", path: [key, ...path], message });
  return z.NEVER;
}

/** Of a name in a file, or of what is said about it: enough to find it by. */
const longestPart = 100;

/** A schema's complaints, one a line: "weightsManifest[0].paths: expected array, received string". */
export function zodProblems(error: z.ZodError, most = 20): readonly string[] {
  return error.issues.slice(0, most).map(({ path, message }) => {
    const where = path
      .map((part) => (typeof part === "number" ? `[${part}]` : `.${shorten(String(part))}`))
      .join("");
    return `${where.replace(/^\./, "") || "the whole"}: ${shorten(message)}`;
  });
}

function shorten(text: string): string {
  return text.length > longestPart ? `${text.slice(0, longestPart)}…` : text;
}
