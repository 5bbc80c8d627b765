import { createHmac } from "node:crypto";

// What an authenticator app shows, by RFC 6238.
export function appCode(secret, step) {
  let bits = "";
  for (const letter of secret.replace(/\s/g, "")) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(count).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

export const now = () => Math.floor(Date.now() / 30_000);
