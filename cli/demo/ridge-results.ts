import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import * as z from "zod";
import { artifact } from "../../shared/pipeline/job.ts";
import type { FoundStep } from "../../shared/state/step-record.ts";

const score = z.object({ alpha: z.number(), r2: z.number(), model: artifact, report: artifact });
const selection = z.object({ best: score });

export type Score = z.infer<typeof score>;
export type RidgeResults = { scores: Score[]; best: Score };

/** An object as the bucket's listing shows it. */
export type ListedObject = { key: string; bytes: number };

/** A step's result: from the record or, if it's too large for that, from S3. */
async function outputOf(s3: S3Client, record: FoundStep): Promise<unknown> {
  if (record.state !== "SUCCEEDED") return undefined;
  if ("value" in record.output) return record.output.value;
  const { hostname, pathname } = new URL(record.output.uri);
  const object = await s3.send(
    new GetObjectCommand({ Bucket: hostname, Key: decodeURIComponent(pathname.slice(1)) }),
  );
  return JSON.parse((await object.Body?.transformToString()) ?? "null");
}

/** What a ridge-sweep run found: the score of each model, strongest regularisation first, and the best model. */
export async function ridgeResults(s3: S3Client, records: readonly FoundStep[]): Promise<RidgeResults> {
  const outputs = (step: string) =>
    Promise.all(
      records.filter((each) => each.step === step && each.index !== "map").map((each) => outputOf(s3, each)),
    );
  const scores = z.array(score).parse(await outputs("evaluate_model"));
  const [chosen] = await outputs("select_best");
  return { scores: scores.toSorted((a, b) => b.alpha - a.alpha), best: selection.parse(chosen).best };
}

/** Every object under a prefix. */
export async function listObjects(s3: S3Client, bucket: string, prefix: string): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  let from: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(from && { ContinuationToken: from }) }),
    );
    objects.push(...(page.Contents ?? []).map(({ Key = "", Size = 0 }) => ({ key: Key, bytes: Size })));
    from = page.NextContinuationToken;
  } while (from !== undefined);
  return objects;
}
