/**
 * The option of commands that write data.
 *
 * @module
 */

/** Whether new data is compressed. */
export const compressionOption = {
  compression: {
    choices: ["none", "deflate"] as const,
    describe: "Compress new data where that saves a quarter or more",
    requiresArg: true,
  },
} as const;
