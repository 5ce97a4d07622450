/**
 * `dvault compact`: gives back room. A vault file becomes as short as what stands in it; on a remote vault it is `gc`.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { UsageError } from "../../core/base/errors.ts";
import {
  type CompactionPlan,
  compactPages,
  planCompaction,
} from "../../core/fs/move/compact-pages.ts";
import { listMounts } from "../../mount/registry.ts";
import { FileStore } from "../../stores/file/file-store.ts";
import { HEADER_SLOT_SIZE, HEADER_SLOTS, PAGE_STRIDE } from "../../stores/file/layout.ts";
import { type Command, defineCommand } from "../command.ts";
import { type CliContext, warn, writeTo } from "../context.ts";
import { Questions } from "../discord/questions.ts";
import type { ExitCode } from "../exit-code.ts";
import type { OpenVault } from "../open-vault.ts";
import { type OpeningChoice, openingOptions } from "../opening-options.ts";
import { counted, humanSize } from "../output/human.ts";
import { StatusLine } from "../output/status-line.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { readVault, writeVault } from "../vault-access.ts";
import { findWorkTarget, type WorkTarget } from "../work-target.ts";
import { clean } from "./gc.ts";

/** Pages that compacting itself may take: where no more is to be gained, nothing is done. */
const LEAST_GAIN = 32;

/** Compacts. */
export const compactCommand: Command = defineCommand({
  names: ["compact"],
  summary: "Make a vault file as short as what stands in it; on a remote vault, the same as gc",
  usage: "[mountpoint|vault]",
  operands: [0, 1],
  options: {
    "dry-run": { alias: "n", type: "boolean", default: false, describe: "Only say what it gains" },
    yes: { alias: "y", type: "boolean", default: false, describe: "Do not ask" },
    json: { type: "boolean", default: false, describe: "Print an object" },
    ...openingOptions,
  },
  examples: [
    ["dvault compact --dry-run work", "how much shorter the file would be"],
    ["dvault compact work", "says so, asks, and does it"],
  ],
  notes: `Pages at the end of the file move into free places by commits like any other, so it needs next to no room and may be stopped at any time; what was done stays. The vault must not be mounted. Pages that snapshots have stay where they are. JSON: vault, dryRun, bytes, bytesAfter, pinnedBytes. ${PASSWORD_NOTE}`,
  async run(context, { operands: [text = ""], options }) {
    const target = await findWorkTarget(context, text);
    if (await isRemote(target)) return clean(context, target, options);
    if (target.kind === "mount") {
      throw new UsageError("USAGE", `${target.label} is mounted: unmount it first`);
    }
    return compactFile(context, text, options);
  },
});

interface Choice extends OpeningChoice {
  readonly "dry-run": boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

async function isRemote(target: WorkTarget): Promise<boolean> {
  if (target.kind === "vault") return target.reference.place.kind !== "file";
  const mounts = await listMounts();
  return mounts.find(({ mountpoint }) => mountpoint === target.mountpoint)?.remote !== undefined;
}

async function compactFile(context: CliContext, vault: string, choice: Choice): Promise<ExitCode> {
  const access = { vault, opening: choice };
  if (choice["dry-run"]) {
    return readVault(context, access, async (open) => {
      const file = fileOf(open);
      const plan = await planCompaction(open.vault);
      const sizes = { bytes: file.size, bytesAfter: bytesOf(plan.pagesAfter) };
      return tell(context, { file, plan, ...sizes }, choice);
    });
  }
  let done: Omit<Outcome, "bytesAfter"> | undefined;
  const publication = { "no-wait": false };
  const exitCode = await writeVault(context, { ...access, publication }, async (open) => {
    const file = fileOf(open);
    // Free pages at its end need not be in the file.
    const bytes = file.size;
    const plan = await planCompaction(open.vault);
    done = { file, plan, bytes };
    if (plan.pages - plan.pagesAfter < LEAST_GAIN) return undefined;
    await confirm(context, Math.max(0, bytes - bytesOf(plan.pagesAfter)), choice);
    await compact(context, open, { file, plan });
    return undefined;
  });
  if (done === undefined) throw new Error("the vault was not opened");
  await tell(context, { ...done, bytesAfter: bytesOf(done.file.end) }, choice);
  return exitCode;
}

/** What compacting came to, or would. */
interface Outcome {
  readonly file: FileStore;
  readonly plan: CompactionPlan;
  readonly bytes: number;
  readonly bytesAfter: number;
}

async function tell(
  context: CliContext,
  { file: { name }, plan, bytes, bytesAfter }: Outcome,
  { "dry-run": dryRun, json }: Choice,
): Promise<undefined> {
  const pinnedBytes = plan.pinned === 0 ? 0 : bytesOf(plan.pinned);
  const words = dryRun ? "would be" : "is now";
  const line = json
    ? JSON.stringify({ vault: name, dryRun, bytes, bytesAfter, pinnedBytes })
    : `${name}: was ${humanSize(bytes)}, ${words} ${humanSize(bytesAfter)}`;
  await writeTo(context.stdout, `${line}\n`);
  if (!json) tellPinned(context, plan);
}

function fileOf({ pages }: OpenVault): FileStore {
  if (pages instanceof FileStore) return pages;
  throw new Error("a place of the kind file gave another store");
}

/** @throws UsageError CANCELLED */
async function confirm(context: CliContext, gain: number, { yes }: Choice): Promise<void> {
  const questions = new Questions(context);
  if (yes || !questions.canAsk) return;
  try {
    if (await questions.confirm(`The file gets ${humanSize(gain)} shorter. Go on?`)) return;
    throw new UsageError("CANCELLED", "nothing was moved");
  } finally {
    await questions.close();
  }
}

async function compact(
  context: CliContext,
  { vault }: OpenVault,
  { file, plan }: { readonly file: FileStore; readonly plan: CompactionPlan },
): Promise<void> {
  const line = new StatusLine(context.stderr);
  try {
    await compactPages(vault, file, plan, {
      signal: context.signal,
      breathe: () => nextTurn(),
      onProgress: ({ movedPages, totalPages }) =>
        line.show(() => `compacting  ${movedPages} of ${counted(totalPages, "page")} moved`),
    });
  } finally {
    line.clear();
  }
}

function tellPinned(context: CliContext, { pinned, pagesAfter }: CompactionPlan): void {
  if (pinned < pagesAfter || pinned === 0) return;
  warn(
    context,
    `snapshots have pages up to ${humanSize(bytesOf(pinned))} of the file, which stay where they are`,
  );
}

function bytesOf(pages: number): number {
  return HEADER_SLOTS * HEADER_SLOT_SIZE + pages * PAGE_STRIDE;
}
