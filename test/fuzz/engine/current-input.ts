/**
 * The input that is being run, where another thread can see it: a count of inputs, the length, the bytes.
 *
 * @module
 */
const HEAD = 8;

/** Room for an input, bytes. */
const LENGTH_MAX = 2 ** 21;

/** Memory that both threads have. */
export type CurrentInput = SharedArrayBuffer;

export function newCurrentInput(): CurrentInput {
  return new SharedArrayBuffer(HEAD + LENGTH_MAX);
}

export function tellInput(current: CurrentInput, input: Uint8Array): void {
  const head = new Uint32Array(current, 0, 2);
  new Uint8Array(current, HEAD).set(input);
  head[1] = input.length;
  Atomics.add(head, 0, 1);
}

/** The input that is being run, copied, and its number. */
export function seeInput(current: CurrentInput): {
  readonly number: number;
  readonly input: Uint8Array;
} {
  const [number = 0, length = 0] = new Uint32Array(current, 0, 2);
  return { number, input: new Uint8Array(current, HEAD, length).slice() };
}
