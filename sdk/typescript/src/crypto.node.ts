// Node.js 18 has no global one.
import { webcrypto } from "node:crypto";
export const crypto = webcrypto as unknown as Crypto;
