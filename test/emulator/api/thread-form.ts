/**
 * What requests say about threads.
 *
 * @module
 */
import type { ThreadState } from "../model/channel.ts";
import { fieldError } from "./api-error.ts";
import type { FormFields } from "./form-fields.ts";

const ARCHIVE_MINUTES: readonly number[] = [60, 1440, 4320, 10_080];
const DEFAULT_ARCHIVE_MINUTES = 4320;

/** After how many minutes of silence a thread is archived. */
export function decodeArchiveMinutes(
  fields: FormFields,
  standard: number = DEFAULT_ARCHIVE_MINUTES,
): number {
  const minutes = fields.integer("auto_archive_duration") ?? standard;
  if (ARCHIVE_MINUTES.includes(minutes)) return minutes;
  const message = `Value must be one of {${ARCHIVE_MINUTES.join(", ")}}.`;
  throw fieldError("auto_archive_duration", "BASE_TYPE_CHOICES", message);
}

/** A thread's state after a change; undefined for a channel that is no thread. */
export function decodeThreadChange(
  fields: FormFields,
  thread: ThreadState | undefined,
  now: number,
): ThreadState | undefined {
  if (!thread) return undefined;
  const isArchived = fields.boolean("archived") ?? thread.isArchived;
  return {
    ...thread,
    isArchived,
    isLocked: fields.boolean("locked") ?? thread.isLocked,
    autoArchiveMinutes: decodeArchiveMinutes(fields, thread.autoArchiveMinutes),
    activeAt: fields.has("archived") ? now : thread.activeAt,
  };
}
