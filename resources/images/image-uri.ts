import { repositoryName } from "./family.ts";
import type { ImageRecord } from "./record.ts";

/** Address of an account's registry. */
export function registryHost(account: string, region: string): string {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return `${account}.dkr.ecr.${region}.${suffix}`;
}

/**
 * The image that a family's job definition names. It is named by digest, so that a definition always means the same
 * bytes.
 *
 * @returns an address that no registry can answer if the image was not built, or was built from other files. The
 * deployment refuses it, but a template can still be made and checked offline.
 */
export function jobImage(family: string, contentHash: string, record: ImageRecord | undefined): string {
  const built = record?.families[family];
  if (record === undefined || built === undefined)
    return `images.invalid/${repositoryName(family)}:not-built`;
  if (built.contentHash !== contentHash) return `images.invalid/${repositoryName(family)}:out-of-date`;
  return `${registryHost(record.account, record.region)}/${repositoryName(family)}@${built.digest}`;
}

/** Why an image cannot be deployed to an account and region, in a sentence; undefined if it can. */
export function undeployable(image: string, account: string, region: string): string | undefined {
  if (image.startsWith("images.invalid/")) {
    const [name, state] = image.slice("images.invalid/".length).split(":");
    return `the image ${name} is ${state === "out-of-date" ? "older than its files" : "not built"}`;
  }
  if (!image.startsWith(`${registryHost(account, region)}/`)) {
    return `the image ${image} is in another account or region than ${account} in ${region}`;
  }
  return /@sha256:[0-9a-f]{64}$/.test(image) ? undefined : `the image ${image} is not named by its digest`;
}
