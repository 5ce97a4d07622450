/**
 * The status of a mount as people read it: its mount point, and below it a fact a line.
 *
 * @module
 */
import type {
  LaneStatus,
  MountStatus,
  RemoteStatus,
  RotationStatus,
} from "../../mount/mount-status.ts";
import { encodeName } from "../argument-bytes.ts";
import { counted, humanSize, printable } from "./human.ts";

/** Width of the column of what a fact is about. */
const TITLE_WIDTH = 10;

/** Parts of text; bytes are names. */
type Parts = readonly (string | Uint8Array)[];

/** One fact: what it is about, and the fact. */
type Fact = readonly [title: string, ...text: (string | Uint8Array)[]];

/** The lines of a mount, without the last line end. */
export function mountReport(mount: MountStatus): Parts {
  const { vault, mountpoint, pid, generation, readOnly, since, unsafeBytes } = mount;
  const { remote, rotation } = mount;
  const mode = readOnly ? "read-only" : "read-write";
  const facts: Fact[] = [
    ["vault", encodeName(vault)],
    ["mounted", `${mode}, process ${pid}, since ${since}`],
    ["local", `${safety(unsafeBytes)}, commit ${generation}`],
    ...(rotation === undefined ? [] : [["key", rotationWords(rotation)] as const]),
    ...(remote === undefined ? [] : remoteFacts(remote, readOnly)),
  ];
  const lines = facts.flatMap(([title, ...text]) => [`\n  ${title.padEnd(TITLE_WIDTH)}`, ...text]);
  return [encodeName(mountpoint), ...lines];
}

function rotationWords({ state, movedPages, totalPages, heldBy, problem }: RotationStatus): string {
  if (state === "held") return `the old key is kept for ${counted(heldBy ?? 0, "snapshot")}`;
  const waiting = problem === undefined ? "" : `, waiting: ${problem}`;
  return printable(
    `${movedPages} of ${counted(totalPages, "page")} written anew under it${waiting}`,
  );
}

function safety(unsafeBytes: number): string {
  return unsafeBytes === 0 ? "everything safe" : `${humanSize(unsafeBytes)} not yet safe`;
}

function remoteFacts(remote: RemoteStatus, readOnly: boolean): Fact[] {
  const { problem, traffic, lease, publication, objects, objectBytes, liveBytes } = remote;
  const facts: Fact[] = [["remote", `${published(remote)}, publication ${publication}`]];
  if (traffic.stopped !== undefined) facts.push(["stopped", printable(traffic.stopped)]);
  else if (problem !== undefined) facts.push(["problem", printable(problem)]);
  if (traffic.lanes.length > 0) facts.push(["lanes", traffic.lanes.map(lane).join(", ")]);
  if (traffic.limitedMs >= 1000) {
    facts.push(["limits", `waited ${Math.round(traffic.limitedMs / 1000)} s for the service`]);
  }
  if (!readOnly) facts.push(["lease", leaseWords(lease)]);
  const cache = `${humanSize(remote.cachedBytes)} of ${humanSize(remote.cacheBudgetBytes)}`;
  facts.push(["cache", cache]);
  const sizes = `${humanSize(objectBytes)}, ${humanSize(liveBytes)} of them in use`;
  facts.push(["objects", `${objects} with ${sizes}`]);
  return facts;
}

function published(remote: RemoteStatus): string {
  const { pendingBytes, pendingCommits, pendingBudgetBytes } = remote;
  if (pendingCommits === 0 && pendingBytes === 0) return "everything published";
  const commits = counted(pendingCommits, "commit");
  const room = humanSize(pendingBudgetBytes);
  return `${humanSize(pendingBytes)} in ${commits} not yet published, room for ${room}`;
}

function lane({ name, state, reason }: LaneStatus): string {
  return printable(`${name} ${state}${reason === undefined ? "" : ` (${reason})`}`);
}

function leaseWords(lease: RemoteStatus["lease"]): string {
  switch (lease.kind) {
    case "held":
      return `held since ${new Date(lease.sinceMs).toISOString()}`;
    case "lost":
      return printable(`lost to ${lease.to}; changes stay on this machine`);
    default:
      return "not held yet";
  }
}
