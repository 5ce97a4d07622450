/**
 * Where the emulator's records (guilds, channels, messages, ...) are kept between runs.
 *
 * @module
 */

/** Kinds of record, and so the names of the folders they are kept in. */
export type RecordKind = "guilds" | "accounts" | "channels" | "webhooks" | "messages";

/** Small JSON values by kind and id. Synchronous: a change is kept before anyone can see it. */
export interface Records {
  load(kind: RecordKind): readonly unknown[];
  save(kind: RecordKind, id: string, value: unknown): void;
  remove(kind: RecordKind, id: string): void;
}

/** Keeps nothing: what an emulator without a directory knows ends with it. */
export const FORGETFUL_RECORDS: Records = {
  load: () => [],
  save: () => {},
  remove: () => {},
};
