/**
 * What the header log says: which commits count, and who may write.
 *
 * Message order decides; every client that sees the same records comes to the same answer, without a clock of its own:
 *
 * 1. A lease record that asks is granted when nobody holds the lease, when its holder is the same writer, or when the
 *    time the server gave the record is past the holder's expiry. One that takes over is always granted.
 * 2. Whoever holds the lease is known by the position of the record that granted it, the token. Renewals and commits
 *    carry it; one with an older token than a record before it does not count, so a writer that lost the lease cannot
 *    commit any more, however late its message arrives. One with a newer token counts: whoever carries a token has
 *    seen that it was granted, and the record that granted it may be deleted since.
 * 3. A commit counts only with a publication number above all before, so a retried message that arrives twice counts once.
 *
 * Records are deleted as they become outdated; claims that were refused must go before the signs of life for which they
 * were refused. The records may also be a window of the newest ones: where nothing older is known, the first is believed.
 *
 * @module
 */
import { FormatError } from "../../../core/base/errors.ts";
import type { LogRecord } from "../../objects/object-store.ts";
import { type Claim, sameWriter } from "./claim.ts";
import { type CommitRecord, decodeCommitRecord } from "./commit-record.ts";
import { decodeLeaseRecord, type LeaseRecord } from "./lease-record.ts";

/** A commit that counts. */
export interface AcceptedCommit {
  readonly record: LogRecord;
  readonly commit: CommitRecord;
}

/** Who holds the lease. */
export interface Holder {
  readonly claim: Claim;
  /** Position of the record that granted it. */
  readonly token: string;
  /** Server time from which others may have it, ms. */
  readonly expiresMs: number;
}

/** See the head of this file. */
export interface LogView {
  /** Commits that count, newest first. */
  readonly commits: readonly AcceptedCommit[];
  readonly holder: Holder | undefined;
  /** Positions of lease records without effect: refused, or followed by a newer one. */
  readonly idleLeases: readonly string[];
  /** Positions of commits that do not count. */
  readonly idleCommits: readonly string[];
  /** Server time of the newest record, ms; 0 when there is none. */
  readonly timeMs: number;
}

/** The state while the log is gone through, oldest first. */
interface Replay {
  holder: Holder | undefined;
  /** No commit under an older token counts any more. */
  fence: string;
  publication: number;
  /** The lease record that counts now. */
  lease: string | undefined;
  readonly commits: AcceptedCommit[];
  readonly idleLeases: string[];
  readonly idleCommits: string[];
}

/**
 * Reads the log.
 * @param records - newest first, without gaps
 * @throws FormatError VERSION_UNKNOWN when a newer program wrote to it
 */
export function viewLog(records: readonly LogRecord[]): LogView {
  const replay: Replay = {
    holder: undefined,
    fence: "",
    publication: 0,
    lease: undefined,
    commits: [],
    idleLeases: [],
    idleCommits: [],
  };
  for (const record of [...records].reverse()) {
    try {
      if (record.kind === "lease") replayLease(replay, record, decodeLeaseRecord(record.body));
      else replayCommit(replay, record, decodeCommitRecord(record.body));
    } catch (error) {
      const isForeign = error instanceof FormatError && error.code === "RECORD_MALFORMED";
      if (!isForeign) throw error;
    }
  }
  const { holder, idleLeases, idleCommits } = replay;
  const timeMs = records.reduce((latest, record) => Math.max(latest, record.timeMs), 0);
  return { commits: replay.commits.reverse(), holder, idleLeases, idleCommits, timeMs };
}

function replayLease(replay: Replay, record: LogRecord, lease: LeaseRecord): void {
  const token = grantedToken(replay, record, lease);
  if (token === undefined) {
    replay.idleLeases.push(record.position);
    return;
  }
  if (replay.lease !== undefined) replay.idleLeases.push(replay.lease);
  replay.lease = record.position;
  replay.fence = token;
  replay.holder = lease.action === "release" ? undefined : holderOf(record, lease.claim, token);
}

/** The token under which a lease record takes effect, if it does. */
function grantedToken(replay: Replay, record: LogRecord, lease: LeaseRecord): string | undefined {
  const { holder, fence } = replay;
  const { claim } = lease;
  if (claim.token !== "") return claim.token >= fence ? claim.token : undefined;
  if (lease.action === "release") return undefined;
  const isFree =
    lease.action === "take over" ||
    holder === undefined ||
    sameWriter(holder.claim, claim) ||
    record.timeMs > holder.expiresMs;
  return isFree ? record.position : undefined;
}

function replayCommit(replay: Replay, record: LogRecord, commit: CommitRecord): void {
  const { token } = commit.claim;
  if (token < replay.fence || commit.publication <= replay.publication) {
    replay.idleCommits.push(record.position);
    return;
  }
  replay.fence = token;
  replay.publication = commit.publication;
  replay.holder = holderOf(record, commit.claim, token);
  replay.commits.push({ record, commit });
}

function holderOf(record: LogRecord, claim: Claim, token: string): Holder {
  return { claim, token, expiresMs: record.timeMs + claim.leaseMs };
}
