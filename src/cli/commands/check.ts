/**
 * `dvault check`: looks whether a vault is whole.
 *
 * @module
 */
import { StoreError } from "../../core/base/errors.ts";
import {
  type CheckProgress,
  type CheckReport,
  checkVault,
  type LocatedFinding,
} from "../../core/fs/check/check-vault.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { decodeName } from "../argument-bytes.ts";
import { type Command, defineCommand } from "../command.ts";
import { type CliContext, writeTo } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { findVault, writingMount } from "../find-vault.ts";
import { humanSize, printable } from "../output/human.ts";
import { StatusLine } from "../output/status-line.ts";
import { PASSWORD_NOTE, passwordOptions } from "../password/sources.ts";
import { readVault } from "../vault-access.ts";

/** Checks a vault. */
export const checkCommand: Command = defineCommand({
  names: ["check"],
  summary: "Look whether a vault is whole",
  usage: "[vault]",
  operands: [0, 1],
  options: {
    "read-data": {
      type: "boolean",
      default: false,
      describe: "Read every page of every file too, not only the structure",
    },
    json: { type: "boolean", default: false, describe: "Print one object" },
    ...passwordOptions,
  },
  examples: [
    ["dvault check work", "structure: names, links, extents, pages in use"],
    ["dvault check work --read-data", "every byte that can be read through a mount"],
    ["dvault check --json | jq -r '.findings[].path'", "what is hurt"],
  ],
  notes: `Exit code 0 when the vault is whole, 15 when it is not. Nothing is changed. JSON: vault, generation (commit that was checked), inodes, pages, bytes (of files that were read), leakedPages (room that is lost, no harm), warnings, findings (code, message, path, ino, start and end of the bytes that are hurt), more (findings beyond the first ten thousand).\n${PASSWORD_NOTE}`,
  async run(context, { operands, options }) {
    const vault = (operands[0] ?? "").replace(/:$/, "");
    await refuseMounted(context, vault);
    return readVault(context, { vault, password: options }, async (open) => {
      const line = new StatusLine(context.stderr);
      const report = await checkVault(open.vault, {
        readData: options["read-data"],
        compressor: nodePlatform.compressor,
        signal: context.signal,
        onProgress: (progress) => line.show(() => progressText(progress)),
      });
      line.clear();
      await refuseChanged(open.vault);
      const { warnings } = open.vault;
      const shown = { vault: open.place.key, report, warnings };
      await writeTo(context.stdout, options.json ? asJson(shown) : asText(shown));
      const isWhole = report.findings.length === 0 && warnings.length === 0;
      return isWhole ? ExitCode.done : ExitCode.damaged;
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

interface Checked {
  readonly vault: string;
  readonly report: CheckReport;
  readonly warnings: readonly string[];
}

function asJson({ vault, report, warnings }: Checked): string {
  const findings = report.findings.map(({ code, message, path, ino, span }) => ({
    code,
    message,
    ...(path === undefined ? {} : { path: decodeName(path) }),
    ...(ino === undefined ? {} : { ino }),
    ...span,
  }));
  return `${JSON.stringify({ vault, ...report, warnings, findings }, undefined, 2)}\n`;
}

function asText({ vault, report, warnings }: Checked): string {
  const { generation, inodes, pages, bytes, leakedPages, findings, more } = report;
  const read = bytes > 0 ? `, ${humanSize(bytes)} of data read` : "";
  const leaked = leakedPages > 0 ? `, ${leakedPages} pages of lost room` : "";
  const problems = findings.length + more + warnings.length;
  const verdict = problems === 0 ? "whole" : `${problems} problems`;
  const summary = `${vault}: ${verdict} (commit ${generation}: ${inodes} files and directories, ${pages} pages${read}${leaked})`;
  const rest = more > 0 ? [`… and ${more} more`] : [];
  return `${[...warnings, ...findings.map(findingLine), ...rest, summary].join("\n")}\n`;
}

function findingLine({ code, message, path, span }: LocatedFinding): string {
  const place = path === undefined ? "" : `${printable(decodeName(path))}: `;
  const range = span === undefined ? "" : `bytes ${span.start} to ${span.end - 1}: `;
  return `${code}: ${place}${range}${message}`;
}
