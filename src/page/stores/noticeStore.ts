import { createStore } from "zustand/vanilla";
import { visibleText } from "../../lib/visibleText.ts";
import { AppError, toWire } from "../../contract/errors.ts";

/** What a notice is about. A new notice of a cause takes the place of the one before, and goes when its cause does. */
export type NoticeCause =
  | "run"
  | "ablation"
  | "engine"
  | "keeping"
  | "images"
  | "link"
  | "linkedTeacher"
  | "linkedImages"
  | "update"
  | "other";

/** What a notice's button does. */
export type NoticeAction = "takeUpdate";

/** Something a person should know, in words; stays until dismissed or until its cause is gone. */
export interface Notice {
  readonly id: number;
  readonly kind: "error" | "info";
  readonly cause: NoticeCause;
  readonly message: string;
  /** The next move; empty when there is none. */
  readonly hint: string;
  readonly details: readonly string[];
  /** Null without a button of its own. */
  readonly action: NoticeAction | null;
}

interface NoticeState {
  readonly notices: readonly Notice[];
}

const mostNotices = 3;

export const noticeStore = createStore<NoticeState>(() => ({ notices: [] }));

let lastId = 0;

/** Shows a notice in place of the one of the same cause; of no particular cause, of the same words. */
export function notify(
  kind: Notice["kind"],
  message: string,
  more: {
    hint?: string | undefined;
    details?: readonly string[] | undefined;
    cause?: NoticeCause | undefined;
    action?: NoticeAction | undefined;
  } = {},
): void {
  const shown = visibleText(message);
  const cause = more.cause ?? "other";
  const notice: Notice = {
    id: ++lastId,
    kind,
    cause,
    message: shown,
    hint: more.hint ?? "",
    details: (more.details ?? []).map(visibleText),
    action: more.action ?? null,
  };
  noticeStore.setState(({ notices }) => ({
    notices: [
      ...notices.filter((other) => other.message !== shown && (cause === "other" || other.cause !== cause)),
      notice,
    ].slice(-mostNotices),
  }));
}

/** Shows whatever was thrown. What the visitor cancelled is no news. */
export function notifyError(error: unknown, cause: NoticeCause = "other"): void {
  if (error instanceof AppError && error.code === "cancelled") return;
  const wire = toWire(error);
  notify("error", wire.message, { hint: wire.hint, details: wire.details, cause });
}

export function dismissNotice(id: number): void {
  noticeStore.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}

/** What was said of a cause that is gone. */
export function withdrawNotices(cause: NoticeCause): void {
  noticeStore.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.cause !== cause) }));
}
