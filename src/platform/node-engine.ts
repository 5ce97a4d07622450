/**
 * How V8 compiles this process.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";

/** Bytes of bytecode a function runs before it is optimised; V8's own default is 132 KiB. */
const OPTIMISE_AFTER_BYTES = 800_000;

/**
 * Lets V8 go from bytecode to plain machine code at once and optimise later, when types have settled. By default a third
 * of the CPU of a mount's first seconds goes into optimising functions, many of them twice, on a core its clients want.
 */
export function compileForBursts(): void {
  setFlagsFromString("--always-sparkplug");
  setFlagsFromString(`--interrupt-budget=${OPTIMISE_AFTER_BYTES}`);
}
