/**
 * What can be wrong with the world. (What can be wrong with *us* is an `InvariantError`; what is not wrong at
 * all, such as a run that diverged, is a value.)
 */
export type ErrorCode =
  | "file-unreadable" // not the kind of file it claims to be, truncated, corrupt
  | "file-unsupported" // a real file of a kind we do not read
  | "file-refused" // hostile or over a limit
  | "image-rejected"
  | "dataset-too-small"
  | "teacher-mismatch" // tensors missing, unexpected or of the wrong shape
  | "config-invalid"
  | "backend-unavailable"
  | "backend-lost"
  | "out-of-memory"
  | "network-failed" // the connection broke, or nobody answered
  | "network-offline"
  | "network-blocked" // the site does not let other pages read it, or cannot be reached: a page cannot tell which
  | "network-status" // the site answered, and refused
  | "hash-mismatch" // a whole file, but not the one that was meant
  | "storage-failed"
  | "busy" // the engine is doing something that excludes this request
  | "not-found"
  | "cancelled"
  | "internal"; // an InvariantError or unknown exception, carried across the worker boundary

export interface ErrorWire {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: readonly string[];
}

/** A fault of the outside world, told so that a person can act: what was wrong (with values) and what to do. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  /** The next move, in one sentence. */
  readonly hint: string | undefined;
  /** Lists that belong to the message, e.g. the names of missing tensors. */
  readonly details: readonly string[];

  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string; details?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
    this.details = more.details ?? [];
  }
}

/** Any thrown value as plain data that survives `postMessage`. */
export function toWire(error: unknown): ErrorWire {
  if (error instanceof AppError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details.length === 0 ? {} : { details: error.details }),
    };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "internal", message, hint: "This is a fault in the playground. Reload the page to go on." };
}

export function fromWire(wire: ErrorWire): AppError {
  return new AppError(wire.code, wire.message, {
    ...(wire.hint === undefined ? {} : { hint: wire.hint }),
    ...(wire.details === undefined ? {} : { details: wire.details }),
  });
}
