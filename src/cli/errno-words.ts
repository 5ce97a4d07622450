/**
 * What errno names say, in words.
 *
 * @module
 */

const words: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBADF: "it is not open",
  EBUSY: "it is in use",
  EEXIST: "it exists already",
  EFBIG: "too large",
  EINVAL: "not possible here",
  EIO: "it is damaged, or the device failed",
  EISDIR: "it is a directory",
  ELOOP: "too many levels of symbolic links",
  EMFILE: "too many open files",
  EMLINK: "too many hard links",
  ENAMETOOLONG: "the name is longer than 255 bytes",
  ENODATA: "no such attribute",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left",
  ENOTDIR: "it is no directory",
  ENOTEMPTY: "the directory is not empty",
  ENOTSUP: "not supported",
  EOPNOTSUPP: "not supported",
  EPERM: "not permitted",
  EROFS: "it is read-only",
  EXDEV: "it is on another file system",
};

/** The words for an errno name; the name itself when there are none. */
export function errnoWords(code: string): string {
  return words[code] ?? code;
}
