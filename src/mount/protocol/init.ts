/**
 * INIT: what the kernel offers, what dvault wants of it, and the answer (`struct fuse_init_in`, `fuse_init_out`).
 *
 * @module
 */
import type { PermissionChecks } from "../permission-checks.ts";
import { InitFlag } from "./flags.ts";
import type { Reply } from "./reply.ts";
import type { Request } from "./request.ts";

/** Major version of the protocol. */
export const PROTOCOL_MAJOR = 7;
/** Oldest minor version dvault speaks: Linux 5.4. */
export const PROTOCOL_MINOR_MIN = 31;
/** Newest minor version dvault speaks: Linux 6.18. */
const PROTOCOL_MINOR_MAX = 45;

/** Largest read, write or directory listing, bytes. */
export const MAX_TRANSFER: number = 1 << 20;

const PAGE = 4096;
/** Requests the kernel may have under way that nobody waits for, read-ahead above all. */
const MAX_BACKGROUND = 64;
const CONGESTION_THRESHOLD = 48;
const INIT_OUT_SIZE = 64;

/** What the kernel says about itself. */
export interface KernelOffer {
  readonly major: number;
  readonly minor: number;
  /** Bytes. */
  readonly maxReadahead: number;
  readonly flags: number;
}

/** What holds for the life of a connection. */
export interface Agreement {
  readonly minor: number;
  readonly maxReadahead: number;
  readonly flags: number;
}

/** Decodes the body of an INIT. */
export function decodeInit(request: Request): KernelOffer {
  return {
    major: request.u32(0),
    minor: request.u32(4),
    maxReadahead: request.u32(8),
    flags: request.u32(12),
  };
}

/** Whether dvault can speak with this kernel. */
export function isSpoken(offer: KernelOffer): boolean {
  return offer.major === PROTOCOL_MAJOR && offer.minor >= PROTOCOL_MINOR_MIN;
}

/** What not every mount wants. */
export interface Wishes {
  /** Let the kernel gather writes. */
  readonly writebackCache: boolean;
  readonly permissionChecks: PermissionChecks;
}

/** Picks from an offer. */
export function negotiate(
  offer: KernelOffer,
  { writebackCache, permissionChecks }: Wishes,
): Agreement {
  const wanted =
    wantedFlags |
    (writebackCache ? InitFlag.WRITEBACK_CACHE : 0) |
    (permissionChecks === "kernel" ? InitFlag.POSIX_ACL : 0);
  return {
    minor: Math.min(offer.minor, PROTOCOL_MINOR_MAX),
    maxReadahead: Math.min(offer.maxReadahead, MAX_TRANSFER),
    flags: (offer.flags & wanted) >>> 0,
  };
}

// ASYNC_DIO stays off: a program that reads past the cache could not be killed while it waits.
// Locks (POSIX_LOCKS, FLOCK_LOCKS) are left to the kernel, which alone sees all lockers of this mount. Data is
// invalidated by notification only, since nobody else writes. ATOMIC_O_TRUNC stays off, so that OPEN needs no answer.
// POSIX_ACL makes the kernel check modes, too; without it, lists pass by like other attributes.
const wantedFlags =
  InitFlag.ASYNC_READ |
  InitFlag.EXPORT_SUPPORT |
  InitFlag.BIG_WRITES |
  InitFlag.DONT_MASK |
  InitFlag.DO_READDIRPLUS |
  InitFlag.READDIRPLUS_AUTO |
  InitFlag.NO_OPEN_SUPPORT |
  InitFlag.PARALLEL_DIROPS |
  InitFlag.MAX_PAGES |
  InitFlag.CACHE_SYMLINKS |
  InitFlag.EXPLICIT_INVAL_DATA |
  InitFlag.HANDLE_KILLPRIV_V2 |
  InitFlag.SETXATTR_EXT |
  InitFlag.INIT_EXT;

/** Writes the body of the answer to INIT. */
export function encodeInit(reply: Reply, agreement: Agreement): void {
  reply.u32(PROTOCOL_MAJOR);
  reply.u32(agreement.minor);
  reply.u32(agreement.maxReadahead);
  reply.u32(agreement.flags);
  reply.u16(MAX_BACKGROUND);
  reply.u16(CONGESTION_THRESHOLD);
  reply.u32(MAX_TRANSFER);
  reply.u32(1); // granularity of times, ns
  reply.u16(MAX_TRANSFER / PAGE);
  reply.zeros(INIT_OUT_SIZE - 30);
}
