export const crypto: Crypto = globalThis.crypto;
