/** A key that the shim has scheduled; opaque. */
export type AeadHandle = object & { readonly __handle: "aead" };
