/**
 * The age library, loaded when it is first needed: its curves take as long as the rest of the program, and most vaults open
 * by a password.
 *
 * @module
 */

/** What the library offers. */
export type Age = typeof import("age-encryption");

/** Loads the library, once. */
export function loadAge(): Promise<Age> {
  return import("age-encryption");
}
