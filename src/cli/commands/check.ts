/**
 * `dvault check`: looks whether a vault is whole.
 *
 * @module
 */
import { StoreError } from "../../core/base/errors.ts";
import {
  type CheckProgress,
  checkVault,
  type LocatedFinding,
} from "../../core/fs/check/check-vault.ts";
import { findUsedPages } from "../../core/fs/check/find-used-pages.ts";
import { type RepairReport, repairVault } from "../../core/fs/check/repair-vault.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { decodeName } from "../argument-bytes.ts";
import { callerOf } from "../caller.ts";
import { type Command, defineCommand } from "../command.ts";
import type { VaultPlace } from "../config/vault-place.ts";
import { type CliContext, writeTo } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { findVault, writingMount } from "../find-vault.ts";
import type { OpenVault } from "../open-vault.ts";
import { openingOptions } from "../opening-options.ts";
import { counted, humanSize, printable } from "../output/human.ts";
import { StatusLine } from "../output/status-line.ts";
import { PASSWORD_NOTE } from "../password/sources.ts";
import { publishOptions } from "../publish.ts";
import { readVault, writeVault } from "../vault-access.ts";

/** Checks a vault, and repairs it. */
export const checkCommand: Command = defineCommand({
  names: ["check"],
  summary: "Look whether a vault is whole, and repair it",
  usage: "[vault]",
  operands: [0, 1],
  options: {
    "read-data": {
      type: "boolean",
      default: false,
      describe: "Read every page of every file and snapshot too, not only the structure",
    },
    repair: {
      type: "boolean",
      default: false,
      describe:
        "Mend what can be mended without guessing; what has lost its name goes to lost+found",
    },
    json: { type: "boolean", default: false, describe: "Print one object" },
    ...publishOptions,
    ...openingOptions,
  },
  examples: [
    ["dvault check work", "structure: names, links, extents, pages in use"],
    ["dvault check work --read-data", "every byte that can be read through a mount"],
    ["dvault check work --repair", "mends the structure, and says what was mended"],
    ["dvault check --json | jq -r '.findings[].path'", "what is hurt"],
  ],
  notes: `Exit code 0 when the vault is whole (in the end), 15 when it is not. JSON: vault, generation (commit that was checked), inodes, pages, bytes (of files that were read), leakedPages (room that is lost, no harm), warnings, mended and findings (code, message, snapshot, path, ino, start and end of the bytes that are hurt), more (findings beyond the first ten thousand).\n${PASSWORD_NOTE}`,
  async run(context, { operands: [vault = ""], options }) {
    const readsCache = !options["read-data"];
    const choice = { vault, opening: options, readsCache };
    await refuseMounted(context, vault);
    const line = new StatusLine(context.stderr);
    const checking = {
      readData: options["read-data"],
      compressor: nodePlatform.compressor,
      signal: context.signal,
      onProgress: (progress: CheckProgress) => line.show(() => progressText(progress)),
    };
    const answer = async (open: OpenVault & { place: VaultPlace }, done: RepairReport) => {
      line.clear();
      const { warnings } = open.vault;
      const shown = { vault: open.place.key, ...done, warnings };
      await writeTo(context.stdout, options.json ? asJson(shown) : asText(shown));
      const isWhole = done.after.findings.length === 0 && (options.repair || warnings.length === 0);
      return isWhole ? ExitCode.done : ExitCode.damaged;
    };
    if (options.repair) {
      const writing = { ...choice, publication: options, findPages: findUsedPages };
      return writeVault(context, writing, async (open) =>
        answer(open, await repairVault(open.vault, { ...checking, owner: callerOf() })),
      );
    }
    return readVault(context, choice, async (open) => {
      const after = await checkVault(open.vault, checking);
      await refuseChanged(open.vault);
      return answer(open, { mended: [], after });
    });
  },
});

/** @throws StoreError STORE_BUSY: pages that a mount uses again would look damaged */
async function refuseMounted(context: CliContext, vault: string): Promise<void> {
  const mount = await writingMount(findVault(context, vault));
  if (mount === undefined) return;
  throw new StoreError(
    "STORE_BUSY",
    `the vault is mounted on ${mount.mountpoint} and may change: unmount it to check it`,
  );
}

/** @throws StoreError STORE_BUSY */
async function refuseChanged(vault: { isNewest(): Promise<boolean> }): Promise<void> {
  if (await vault.isNewest()) return;
  throw new StoreError("STORE_BUSY", "the vault was changed while it was checked: check it again");
}

function progressText({ step, inodes, bytes }: CheckProgress): string {
  const data = bytes > 0 ? `  ${humanSize(bytes)} read` : "";
  return `checking ${step}  ${inodes} files and directories${data}`;
}

interface Checked extends RepairReport {
  readonly vault: string;
  readonly warnings: readonly string[];
}

function asJson({ vault, mended, after, warnings }: Checked): string {
  const findings = after.findings.map(findingRecord);
  const shown = { vault, ...after, warnings, mended: mended.map(findingRecord), findings };
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}

function findingRecord({ code, message, snapshot, path, ino, span }: LocatedFinding): object {
  return {
    code,
    message,
    ...(snapshot === undefined ? {} : { snapshot: decodeName(snapshot) }),
    ...(path === undefined ? {} : { path: decodeName(path) }),
    ...(ino === undefined ? {} : { ino }),
    ...span,
  };
}

function asText({ vault, mended, after, warnings }: Checked): string {
  const { generation, inodes, pages, bytes, leakedPages, findings, more } = after;
  const read = bytes > 0 ? `, ${humanSize(bytes)} of data read` : "";
  const leaked = leakedPages > 0 ? `, ${counted(leakedPages, "page")} of lost room` : "";
  const problems = findings.length + more;
  const verdict = problems === 0 ? "whole" : counted(problems, "problem");
  const summary = `${vault}: ${verdict} (commit ${generation}: ${inodes} files and directories, ${counted(pages, "page")}${read}${leaked})`;
  const lines = [
    ...warnings,
    ...mended.map((finding) => `mended ${findingLine(finding)}`),
    ...findings.map(findingLine),
    ...(more > 0 ? [`… and ${more} more`] : []),
    summary,
  ];
  return `${lines.join("\n")}\n`;
}

function findingLine({ code, message, snapshot, path, span }: LocatedFinding): string {
  const state = snapshot === undefined ? "" : `snapshot ${printable(decodeName(snapshot))}: `;
  const place = path === undefined ? "" : `${printable(decodeName(path))}: `;
  const range = span === undefined ? "" : `bytes ${span.start} to ${span.end - 1}: `;
  return `${code}: ${state}${place}${range}${message}`;
}
