/**
 * The newest part of the header log, far enough back to hold a commit.
 *
 * @module
 */
import type { LogRecord, ObjectStore } from "../../objects/object-store.ts";
import { type LogView, viewLog } from "../format/log-view.ts";

/** Records one request gives. */
const WINDOW = 100;

/**
 * Reads the log: one request as long as there are commits among the newest hundred records.
 * @throws StoreError STORE_DOWN, STORE_DENIED; FormatError VERSION_UNKNOWN
 */
export async function readLog(objects: ObjectStore, signal?: AbortSignal): Promise<LogView> {
  const records: LogRecord[] = [];
  for (;;) {
    const older = await objects.records(WINDOW, records.at(-1)?.position, signal ? { signal } : {});
    records.push(...older);
    const view = viewLog(records);
    if (view.commits.length > 0 || older.length < WINDOW) return view;
  }
}
