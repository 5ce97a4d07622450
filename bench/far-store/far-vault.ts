/**
 * What the benchmark does with a vault, whichever way it is reached.
 *
 * @module
 */

/** A vault far away. Paths have no slash at the beginning. */
export interface FarVault {
  /** Makes the vault and opens it. */
  create(): Promise<void>;
  /** Opens it on a machine that knows nothing of it but where it is. */
  openCold(): Promise<void>;
  close(): Promise<void>;
  /** CPU time used so far by the process that has it open. */
  cpuSeconds(): number;
  /** Most memory that process has had so far, MiB. */
  peakMemoryMib(): number;
  mkdir(path: string): Promise<void>;
  /** Names in a directory, in its order. */
  list(path: string): Promise<readonly string[]>;
  /** Writes a file from its beginning to its end. */
  write(path: string, pieces: Iterable<Uint8Array>): Promise<void>;
  /** Returns when all is published. */
  flush(): Promise<void>;
  open(path: string): Promise<FarFile>;
}

/** An open file. */
export interface FarFile {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
