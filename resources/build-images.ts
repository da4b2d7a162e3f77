import { Command } from "commander";
import { execa } from "execa";
import { identify } from "./images/commands.ts";
import { contentHash, imageFiles } from "./images/content-hash.ts";
import { listFamilies } from "./images/family.ts";
import { CommandError, publishImage, type RunCommand } from "./images/publish-image.ts";
import { type ImageRecord, recordPath, writeRecord } from "./images/record.ts";

// `npm run images -- --stage prod`: pushes missing images, and writes the digests where `sls` finds them.

const run: RunCommand = async ([program = "", ...args], input) => {
  const isBuild = program === "docker";
  const result = await execa(program, args, {
    reject: false,
    input: input ?? "",
    // A build takes minutes: show its output while it runs.
    stderr: isBuild ? ["pipe", "inherit"] : "pipe",
  });
  return {
    exitCode: result.exitCode ?? 127,
    stdout: result.stdout,
    stderr: result.stderr || (result.message ?? ""),
  };
};

async function buildImages(root: string, stage: string, region: string): Promise<void> {
  const identity = await run(identify());
  if (identity.exitCode !== 0) throw new CommandError(identify(), identity);
  const registry = { account: identity.stdout.trim(), region };

  const record: ImageRecord = { ...registry, families: {} };
  for (const family of listFamilies(root)) {
    const tag = contentHash(imageFiles(root, family));
    const { digest, built } = await publishImage(registry, family, tag, run);
    record.families[family] = { contentHash: tag, digest };
    console.log(`${family} ${tag} ${built ? "built and pushed" : "already there"}: ${digest}`);
  }
  writeRecord(root, stage, record);
  console.log(
    `Wrote ${recordPath(root, stage)}. Deploy with: npx sls deploy --stage ${stage} --region ${region}`,
  );
}

const { stage, region } = new Command("images")
  .description("Builds and pushes the images of all job families that are not in the registry yet.")
  .requiredOption("--stage <stage>", "stage whose deployment is to use them: dev or prod")
  .option("--region <region>", "region of the registry and of the deployment", "us-east-1")
  .parse()
  .opts<{ stage: string; region: string }>();

try {
  await buildImages(process.cwd(), stage, region);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
