import { generateKeyPairSync, sign } from "node:crypto";

/** One value in DER (ITU-T X.690): a tag, a length, and what it holds. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const time = (text: string) => der(0x17, Buffer.from(text));
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2 (RFC 5758). */
const algorithm = sequence(der(0x06, Buffer.from("2a8648ce3d040302", "hex")));

/** A new key and a certificate that it signed itself, of nobody (RFC 5280, version 1): no client trusts it. */
export function selfSigned(): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const nobody = sequence();
  const tbs = sequence(
    der(0x02, Buffer.from([1])),
    algorithm,
    nobody,
    sequence(time("200101000000Z"), time("491231235959Z")),
    nobody,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", tbs, privateKey));
  const body = sequence(tbs, algorithm, signature).toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
  };
}
