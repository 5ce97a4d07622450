/**
 * Values that are here now when what they need is cached, and promised when it must be fetched.
 *
 * The page cache answers most calls at once; handing such answers back without a promise spares a
 * trip through the microtask queue per layer. There is one function for both cases, never a
 * synchronous twin.
 *
 * @module
 */

/** A value, or the promise of one. */
export type MaybePromise<T> = T | Promise<T>;

/** Whether a {@link MaybePromise} still has to be awaited. */
export function isPending<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** Applies `next` to a value as soon as it is there: at once when it already is. */
export function chain<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return isPending(value) ? value.then(next) : next(value);
}

/** All values, in order: now when all of them are here. */
export function together<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  return values.some(isPending) ? Promise.all(values) : (values as readonly T[]);
}

/** What `body` gives, or what `handle` makes of its error, be that thrown or of its promise. */
export function rescue<T>(
  body: () => MaybePromise<T>,
  handle: (error: unknown) => MaybePromise<T>,
): MaybePromise<T> {
  try {
    const value = body();
    return isPending(value) ? value.catch(handle) : value;
  } catch (error) {
    return handle(error);
  }
}

/** What `body` gives; `last` is run when that has ended, well or not. */
export function finish<T>(body: () => MaybePromise<T>, last: () => void): MaybePromise<T> {
  let value: MaybePromise<T>;
  try {
    value = body();
  } catch (error) {
    last();
    throw error;
  }
  if (isPending(value)) return value.finally(last);
  last();
  return value;
}
