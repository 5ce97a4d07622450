/**
 * Programs that tests start, as their users start them. Tap has every process below it report what it loads, which takes
 * Node half a second each time, and which an ordinary user may not.
 *
 * @module
 */

/** Options with which Node runs TypeScript. */
export const TYPESCRIPT: readonly string[] = process.execArgv.filter((option) =>
  option.includes("typescript"),
);

/**
 * Command and arguments, for `spawn` and its like, of a program that tap does not trace; nor what it starts.
 *
 * @param program - looked for in the `PATH` that it is given
 */
export function untraced(
  program: string,
  args: readonly string[],
): [command: string, args: string[]] {
  return ["/usr/bin/env", ["-u", "NODE_OPTIONS", program, ...args]];
}
