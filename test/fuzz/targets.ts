/**
 * All targets: a decoder of outside bytes each.
 *
 * @module
 */
import type { FuzzTarget } from "./engine/target.ts";
import { apiAnswerTarget } from "./targets/api-answer.ts";
import { backReferenceTarget } from "./targets/back-reference.ts";
import { catalogTarget } from "./targets/catalog.ts";
import { commitRootTarget } from "./targets/commit-root.ts";
import { controlAnswerTarget } from "./targets/control-answer.ts";
import { controlRequestTarget } from "./targets/control-request.ts";
import { dentryTarget } from "./targets/dentry.ts";
import { extentTarget } from "./targets/extent.ts";
import { extractTarget } from "./targets/extract.ts";
import { framesTarget } from "./targets/frames.ts";
import { fuseRequestTarget } from "./targets/fuse-request.ts";
import { headerTarget } from "./targets/header.ts";
import { headerLogTarget } from "./targets/header-log.ts";
import { inodeRecordTarget } from "./targets/inode-record.ts";
import { jsonFilesTarget } from "./targets/json-files.ts";
import { keyDirectoryTarget } from "./targets/key-directory.ts";
import { localDatabaseTarget } from "./targets/local-database.ts";
import { logPagesTarget } from "./targets/log-pages.ts";
import { mountWordsTarget } from "./targets/mount-words.ts";
import { namesTarget } from "./targets/names.ts";
import { packTarget } from "./targets/pack.ts";
import { pageTarget } from "./targets/page.ts";
import { placeTarget } from "./targets/place.ts";
import { recipientSlotTarget } from "./targets/recipient-slot.ts";
import { recordFileTarget } from "./targets/record-file.ts";
import { recordTextTarget } from "./targets/record-text.ts";
import { recoveryCodeTarget } from "./targets/recovery-code.ts";
import { sealedPageTarget } from "./targets/sealed-page.ts";
import { signedUrlTarget } from "./targets/signed-url.ts";
import { spacePageTarget } from "./targets/space-page.ts";
import { tocTarget } from "./targets/toc.ts";
import { treeNodeTarget } from "./targets/tree-node.ts";
import { vaultFileTarget } from "./targets/vault-file.ts";
import { xattrTarget } from "./targets/xattr.ts";

/** In the order of docs/FORMAT.md, then what comes from Discord, this machine, its kernel and its people. */
export const targets: readonly FuzzTarget[] = [
  headerTarget,
  pageTarget,
  sealedPageTarget,
  keyDirectoryTarget,
  commitRootTarget,
  logPagesTarget,
  spacePageTarget,
  treeNodeTarget,
  inodeRecordTarget,
  dentryTarget,
  extentTarget,
  packTarget,
  backReferenceTarget,
  xattrTarget,
  tocTarget,
  vaultFileTarget,
  catalogTarget,
  headerLogTarget,
  framesTarget,
  recordFileTarget,
  recordTextTarget,
  apiAnswerTarget,
  signedUrlTarget,
  recoveryCodeTarget,
  recipientSlotTarget,
  placeTarget,
  mountWordsTarget,
  namesTarget,
  localDatabaseTarget,
  jsonFilesTarget,
  controlRequestTarget,
  controlAnswerTarget,
  fuseRequestTarget,
  extractTarget,
];
