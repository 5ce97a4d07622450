/**
 * Who writes a vault: part of every record of the header log (FORMAT.md §8.4).
 *
 *     size  field
 *       16  writer: random, one per local database
 *        1  length of the token, then the token: position of the lease record under which this was written, or nothing
 *        4  how long the lease holds after this record, ms
 *        8  machine: names the boot of a machine on which the process id means something; zero when unknown
 *        4  process id
 *        8  since when it runs, ms since the epoch by its own clock
 *        1  length of the host name, then the name in ASCII
 *
 * @module
 */
import type { RecordReader } from "../../../core/format/record-reader.ts";
import type { RecordWriter } from "../../../core/format/record-writer.ts";
import { readText, writeText } from "./ascii.ts";

/** Bytes that name a writer, and a machine. */
export const WRITER_SIZE = 16;
const MACHINE_SIZE = 8;

/** Longest host name kept. */
const HOST_MAX = 64;

/** A writer and its right to write. */
export interface Claim {
  /** 32 hexadecimal digits. */
  readonly writer: string;
  /** Position of the lease record the claim began with; empty in that record itself. */
  readonly token: string;
  readonly leaseMs: number;
  /** 16 hexadecimal digits. */
  readonly machine: string;
  readonly pid: number;
  readonly sinceMs: number;
  readonly host: string;
}

/** Appends a claim, as {@link readClaim} reads it. */
export function writeClaim(writer: RecordWriter, claim: Claim): void {
  writer.bytes(fromHex(claim.writer, WRITER_SIZE));
  writeText(writer, claim.token);
  writer.u32(claim.leaseMs);
  writer.bytes(fromHex(claim.machine, MACHINE_SIZE));
  writer.u32(claim.pid);
  writer.u64(claim.sinceMs);
  writeText(writer, claim.host.replace(/[^\x20-\x7e]/g, "?").slice(0, HOST_MAX));
}

/** @throws FormatError RECORD_MALFORMED */
export function readClaim(reader: RecordReader): Claim {
  const writer = toHex(reader.bytes(WRITER_SIZE));
  const token = readText(reader);
  const leaseMs = reader.u32();
  const machine = toHex(reader.bytes(MACHINE_SIZE));
  const pid = reader.u32();
  const sinceMs = reader.u64();
  return { writer, token, leaseMs, machine, pid, sinceMs, host: readText(reader) };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(digits: string, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Whether two claims are by the same writer on the same machine: a database that was copied is another. */
export function sameWriter(a: Claim, b: Claim): boolean {
  return a.writer === b.writer && a.host === b.host;
}

/** Whether a claim says on which machine its process runs, and it is this one. */
export function isOnMachine(claim: Claim, machine: string): boolean {
  return claim.machine === machine && /[^0]/.test(machine);
}
