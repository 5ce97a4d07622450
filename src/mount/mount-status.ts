/**
 * What a live mount says about itself over its control socket.
 *
 * @module
 */

/** One mount; `dvault status --json` shows these. */
export interface MountStatus {
  /** Name, path or URL of the vault, without secrets. */
  readonly vault: string;
  /** Absolute path. */
  readonly mountpoint: string;
  /** Process that serves it. */
  readonly pid: number;
  /** Last commit that was published. */
  readonly generation: number;
  /** Bytes that would be lost if the process died now. */
  readonly unsafeBytes: number;
  readonly readOnly: boolean;
  readonly driver: string;
  /** When it was mounted, ISO 8601. */
  readonly since: string;
}
