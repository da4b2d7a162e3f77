import { batchJobsFolder, dockerfile, repositoryName } from "./family.ts";
import { registryHost } from "./image-uri.ts";

/** The registry that images are pushed to. */
export type Registry = { account: string; region: string };

/** Architecture of the instances in resources/batch.yml ; a queue can't mix two architectures. */
export const platform = "linux/amd64";

/** Asks for the account that the credentials belong to. */
export function identify(): string[] {
  return ["aws", "sts", "get-caller-identity", "--query", "Account", "--output", "text"];
}

/** Finds the digest of a tag. Fails with `ImageNotFoundException` or `RepositoryNotFoundException` if there is none. */
export function findDigest(registry: Registry, family: string, tag: string): string[] {
  return [
    ...ecr(registry, "describe-images"),
    ...["--repository-name", repositoryName(family), "--image-ids", `imageTag=${tag}`],
    ...["--query", "imageDetails[0].imageDigest", "--output", "text"],
  ];
}

/** Creates a family's repository. A tag is a hash of content, so no tag ever moves. */
export function createRepository(registry: Registry, family: string): string[] {
  return [
    ...ecr(registry, "create-repository"),
    ...["--repository-name", repositoryName(family), "--image-tag-mutability", "IMMUTABLE"],
    ...["--image-scanning-configuration", "scanOnPush=true"],
  ];
}

/** Prints a password for the registry that is valid for some hours. */
export function registryPassword(registry: Registry): string[] {
  return ecr(registry, "get-login-password");
}

/** Logs in with the password on standard input: every process on the machine could read it from an argument. */
export function login({ account, region }: Registry): string[] {
  return ["docker", "login", "--username", "AWS", "--password-stdin", registryHost(account, region)];
}

/**
 * Builds a family's image and pushes it. A record of how it was built would make it an index of images, and Lambda takes
 * no index.
 */
export function buildAndPush(registry: Registry, family: string, tag: string): string[] {
  const image = `${registryHost(registry.account, registry.region)}/${repositoryName(family)}:${tag}`;
  return [
    ...["docker", "buildx", "build", "--platform", platform, "--provenance", "false", "--push"],
    ...["--tag", image, "--label", `org.opencontainers.image.version=${tag}`],
    ...["--build-arg", `FAMILY=${family}`, "--file", `${batchJobsFolder}/${dockerfile}`, batchJobsFolder],
  ];
}

function ecr({ region }: Registry, action: string): string[] {
  return ["aws", "ecr", action, "--region", region];
}
