/**
 * Brings paths of a snapshot back into the vault.
 *
 * First the two states are compared, then what is missing or different is copied where nobody sees it, and in the end all
 * names change in one transaction, which one commit makes safe.
 *
 * @module
 */
import { compareBytes } from "../../../base/bytes.ts";
import { FsError } from "../../../base/errors.ts";
import type { TransactionalVault } from "../../../vault/transaction.ts";
import { checkNewName, type Dentry } from "../../dentry.ts";
import { ROOT_INO, S_IFDIR } from "../../file-system.ts";
import type { FsContext } from "../../fs-context.ts";
import { reclaim, reclaimOrphans } from "../../orphans.ts";
import { joinPath, ROOT_PATH } from "../../path-bytes.ts";
import type { PathChange } from "../path-change.ts";
import { type LinkStep, takeSteps } from "./link-restored.ts";
import { setLargeXattrs } from "./put-xattrs.ts";
import { find, findAt, RestorePlanner, type RestoreStep, type TwoStates } from "./restore-plan.ts";
import { type PathNames, selectPaths } from "./selection.ts";
import { readInode } from "./stored-inode.ts";
import { TreeCopy } from "./tree-copy.ts";

/** What is to be brought back, and how. */
export interface RestoreRequest {
  /** Paths in the snapshot; the root, which is everything, has no names. */
  readonly paths: readonly PathNames[];
  /** Where the only path is to go instead of its own place. */
  readonly to?: PathNames | undefined;
  /** Whether what is there and different is replaced. */
  readonly force: boolean;
  /** Whether names are removed that directories of the snapshot do not have. */
  readonly delete: boolean;
  /** Whether it is only told what would be done. */
  readonly dryRun: boolean;
}

/** What was done, or would be. */
export interface Restoration {
  /** What was added, changed and removed, by path; what stands below a directory that was added or removed is not told by itself. */
  readonly changes: readonly PathChange[];
  /** False when nothing was done: it was only asked for, or something is in the way. */
  readonly isDone: boolean;
  /** Directories with changed entries or attributes. */
  readonly directories: ReadonlySet<number>;
  /** Names that lead elsewhere now. */
  readonly names: readonly { readonly parent: number; readonly name: Uint8Array }[];
}

const ROOT: Dentry = { ino: ROOT_INO, type: S_IFDIR };

/** Names that change in one transaction; only a restore of more takes several. */
const STEPS_MAX = 10_000;

/**
 * Restores; what is done is safe when the promise ends. Meanwhile the snapshot must stay. Its pages come back under the
 * vault keys they were sealed with, of which {@link KeyRing.expectOlder} must know first.
 *
 * @param source - the snapshot
 * @throws FsError ENOENT, ENOTDIR, EINVAL, EROFS, EBUSY when the vault was changed meanwhile; PageError; StoreError
 */
export async function restoreTree(
  context: FsContext,
  source: TransactionalVault,
  request: RestoreRequest,
): Promise<Restoration> {
  const { vault } = context;
  if (vault.readOnly) throw new FsError("EROFS", "the vault is open read-only");
  await vault.commit();
  const planner = new RestorePlanner({ source, live: vault }, request);
  await plan(planner, { source, live: vault }, request);
  const { steps } = planner;
  const isInTheWay = steps.some((step) => step.kind === "put" && step.replaces !== undefined);
  const isDone = !request.dryRun && (request.force || !isInTheWay);
  if (isDone && steps.length > 0) await takeAll(context, source, planner);
  const names = steps.flatMap((step) => (step.kind === "attributes" ? [] : [step.at]));
  const directories = new Set(
    steps.map((step) => (step.kind === "attributes" ? step.ino : step.at.parent)),
  );
  const changes = steps.flatMap(changeOf).sort((a, b) => compareBytes(a.path, b.path));
  return { changes, isDone, directories, names };
}

async function plan(
  planner: RestorePlanner,
  states: TwoStates,
  { paths, to }: RestoreRequest,
): Promise<void> {
  if (to === undefined) {
    const root = { source: ROOT_INO, live: ROOT_INO, path: ROOT_PATH };
    await planner.directory(root, selectPaths(paths));
    return;
  }
  const [path] = paths;
  const name = to.at(-1);
  if (path === undefined || paths.length > 1 || name === undefined) {
    throw new FsError("EINVAL", "one path at a time goes to another place, which is not the root");
  }
  checkNewName(name);
  const parent = await findAt(states.live, to.slice(0, -1), ROOT);
  const at = { parent: parent.ino, name };
  const meeting = {
    path: joinPath(ROOT_PATH, ...to),
    at,
    source: await findAt(states.source, path, ROOT),
    live: await find(states.live, parent.ino, name),
  };
  await planner.entry(meeting, "all");
}

/** Copies, then changes all names at once, directories last; what was copied goes again when that fails. */
async function takeAll(
  context: FsContext,
  source: TransactionalVault,
  { steps, same }: RestorePlanner,
): Promise<void> {
  const copy = new TreeCopy(context, source, same);
  try {
    const links: LinkStep[] = [];
    for (const step of steps) links.push(await prepare(copy, source, step));
    const inOrder = [
      ...links.filter(({ kind }) => kind === "link"),
      ...links.filter(({ kind }) => kind === "attributes"),
    ];
    for (let first = 0; first < inOrder.length; first += STEPS_MAX) {
      const part = inOrder.slice(first, first + STEPS_MAX);
      await context.change((transaction) => takeSteps(context, transaction, part));
    }
    for (const link of links) {
      if (link.kind !== "attributes") continue;
      await setLargeXattrs(context, link.ino, link.stored.xattrs);
    }
  } catch (error) {
    for (const ino of copy.roots) await reclaim(context, ino);
    throw error;
  }
  await context.vault.commit();
  await reclaimOrphans(context);
}

async function prepare(
  copy: TreeCopy,
  source: TransactionalVault,
  step: RestoreStep,
): Promise<LinkStep> {
  switch (step.kind) {
    case "put": {
      const copied = await copy.copy(step.source, step.below, step.at.parent);
      return { kind: "link", at: step.at, replaces: step.replaces, copy: copied };
    }
    case "remove":
      return { kind: "link", at: step.at, replaces: step.replaces, copy: undefined };
    case "attributes":
      return { kind: "attributes", ino: step.ino, stored: await readInode(source, step.source) };
  }
}

function changeOf(step: RestoreStep): readonly PathChange[] {
  const { path } = step;
  if (step.kind === "attributes") return step.isChange ? [{ kind: "changed", path }] : [];
  if (step.kind === "remove") return [{ kind: "removed", path }];
  return [{ kind: step.replaces === undefined ? "added" : "changed", path }];
}
