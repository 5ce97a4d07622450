/**
 * Who writes a vault: part of every record of the header log (FORMAT.md §8.4).
 *
 *     size  field
 *       16  writer: random, one per local database
 *        1  length of the token, then the token: position of the lease record under which this was written, or nothing
 *        4  how long the lease holds after this record, ms
 *        4  process id
 *        8  since when it runs, ms since the epoch by its own clock
 *        1  length of the host name, then the name in ASCII
 *
 * @module
 */
import type { RecordReader } from "../../../core/format/record-reader.ts";
import type { RecordWriter } from "../../../core/format/record-writer.ts";
import { readText, writeText } from "./ascii.ts";

/** Bytes that name a writer. */
export const WRITER_SIZE = 16;

/** Longest host name kept. */
const HOST_MAX = 64;

/** A writer and its right to write. */
export interface Claim {
  /** 32 hexadecimal digits. */
  readonly writer: string;
  /** Position of the lease record the claim began with; empty in that record itself. */
  readonly token: string;
  readonly leaseMs: number;
  readonly pid: number;
  readonly sinceMs: number;
  readonly host: string;
}

export function writeClaim(writer: RecordWriter, claim: Claim): void {
  for (let i = 0; i < WRITER_SIZE; i++)
    writer.u8(Number.parseInt(claim.writer.slice(2 * i, 2 * i + 2), 16));
  writeText(writer, claim.token);
  writer.u32(claim.leaseMs);
  writer.u32(claim.pid);
  writer.u64(claim.sinceMs);
  writeText(writer, claim.host.replace(/[^\x20-\x7e]/g, "?").slice(0, HOST_MAX));
}

/** @throws FormatError RECORD_MALFORMED */
export function readClaim(reader: RecordReader): Claim {
  const id = reader.bytes(WRITER_SIZE);
  const writer = Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const token = readText(reader);
  const leaseMs = reader.u32();
  const pid = reader.u32();
  const sinceMs = reader.u64();
  return { writer, token, leaseMs, pid, sinceMs, host: readText(reader) };
}

/** Whether two claims are by the same writer on the same machine: a database that was copied is another. */
export function sameWriter(a: Claim, b: Claim): boolean {
  return a.writer === b.writer && a.host === b.host;
}
