/**
 * `dvault gc`: gives back room that a remote vault does not need any more.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { Asker, CleaningResult } from "../../mount/control-messages.ts";
import { requestCleaning } from "../../mount/registry.ts";
import { type Command, defineCommand } from "../command.ts";
import type { VaultReference } from "../config/vault-reference.ts";
import { type CliContext, writeTo } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { counted, humanSize } from "../output/human.ts";
import { visibly } from "../publish.ts";
import { cleanUp } from "../remote-work.ts";
import { openVaultStore } from "../vault-store.ts";
import { findWorkTarget, type WorkTarget } from "../work-target.ts";

/** Cleans. */
export const gcCommand: Command = defineCommand({
  names: ["gc"],
  summary: "Rewrite objects of a remote vault that are mostly dead, and delete what nothing needs",
  usage: "[mountpoint|vault]",
  operands: [0, 1],
  options: {
    "dry-run": { alias: "n", type: "boolean", default: false, describe: "Only say what would go" },
    json: { type: "boolean", default: false, describe: "Print an object" },
  },
  examples: [
    ["dvault gc --dry-run work", "how much there is to clean"],
    ["dvault gc ~/vault", "clean the vault that is mounted there"],
  ],
  notes:
    "Publishes first; a dry run changes nothing and needs no right to write. New objects are written and proven readable before old ones are deleted, so it may be stopped at any time and goes on the next time; no password is needed. Ends with 15 when pages in use cannot be read. JSON: vault, dryRun, rewritten, movedBytes, deleted, orphans, records, unreadable.",
  async run(context, { operands: [text = ""], options }) {
    return clean(context, await findWorkTarget(context, text), options);
  },
});

/** Cleans the objects of a remote vault. @throws UsageError USAGE for a vault in a file */
export async function clean(
  context: CliContext,
  target: WorkTarget,
  options: { readonly "dry-run": boolean; readonly json: boolean },
): Promise<ExitCode | undefined> {
  const dryRun = options["dry-run"];
  const result = await visibly(context, (asker) =>
    target.kind === "mount"
      ? requestCleaning(target.mountpoint, dryRun, asker)
      : cleanUnmounted(context, { reference: target.reference, dryRun }, asker),
  );
  const report = options.json
    ? JSON.stringify({ vault: target.label, dryRun, ...result })
    : `${target.label}: ${describeCleaning(result, dryRun)}`;
  await writeTo(context.stdout, `${report}\n`);
  return result.unreadable > 0 ? ExitCode.damaged : undefined;
}

/** Pages are moved as they are, sealed, so no password is needed. */
async function cleanUnmounted(
  context: CliContext,
  { reference, dryRun }: { readonly reference: VaultReference; readonly dryRun: boolean },
  asker: Asker,
): Promise<CleaningResult> {
  const { place, label } = reference;
  if (place.kind === "file") {
    throw new UsageError("USAGE", `${label} is a file, which uses its room again by itself`);
  }
  const { pages, remote } = await openVaultStore(context, place, { readOnly: dryRun });
  try {
    if (remote === undefined) throw new Error("a place of objects gave a store without any");
    return await cleanUp(remote, dryRun, asker);
  } finally {
    await pages.close();
  }
}

function describeCleaning(result: CleaningResult, dryRun: boolean): string {
  const { rewritten, movedBytes, deleted, orphans, records, unreadable } = result;
  const would = dryRun ? "would be " : "";
  const parts = [
    `${counted(rewritten, "object")} ${would}rewritten (${humanSize(movedBytes)} moved)`,
    `${deleted} ${would}deleted, ${orphans} of them orphans`,
    `${counted(records, "old record")} ${would}removed`,
  ];
  if (unreadable > 0) parts.push(`${counted(unreadable, "page")} in use cannot be read`);
  return parts.join("; ");
}
