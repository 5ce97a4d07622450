/**
 * Holds what another thread works on until it is done: it takes the bytes themselves, and does not see who else refers to them.
 *
 * @param held - not empty
 * @returns what the work ends with
 */
export async function keepAlive<T>(held: readonly unknown[], work: Promise<T>): Promise<T> {
  const result = await work;
  if (held.length === 0) throw new Error("what is done on another thread borrows something");
  return result;
}
