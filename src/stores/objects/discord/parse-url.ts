/** @module */

/**
 * A URL out of text; undefined when it is none. `URL.canParse` is not asked: in code that has run often enough, it takes
 * some for URLs (with a host of Latin-1 characters, Node 20) that the constructor then refuses.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
