import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { execa } from "execa";
import * as z from "zod";
import { poems } from "../../../batch-jobs/poems/contract.ts";
import { REPOSITORY, VENV } from "../../../local/stack/paths.ts";
import type { Run } from "../../../shared/state/run.ts";
import type { DeployedService } from "../deployed-service.ts";
import { datasets } from "./service.ts";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-poems-"));
const manifest = z.object({
  lake: z.string(),
  files: z.number(),
  catalogue: z.object({ uri: z.string(), sha256: z.string() }),
});
let service: DeployedService;
beforeAll(() => {
  service = datasets();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A generated zip. `options` can add one dangerous entry. */
async function generated(name: string, ...options: string[]): Promise<Uint8Array> {
  const file = path.join(folder, name);
  await execa(path.join(VENV, "bin", "python"), ["-m", "data", "poems", ...options, "--out", file], {
    env: { PYTHONPATH: path.join(REPOSITORY, "local") },
  });
  return readFileSync(file);
}

/** Drops a zip, and returns the run that it started when that run has ended. */
async function dropped(name: string, body: Uint8Array): Promise<Run> {
  const key = `raw/zips/${name}`;
  await service.drop(key, body);
  const [run] = await service.runsFor(`s3://${service.bucket}/${key}`, 1);
  if (run === undefined) throw new Error(`no run was started by ${key}`);
  return service.finished(run.runId);
}

/** URIs of everything below a prefix, read page by page. */
async function listed(prefix: string): Promise<string[]> {
  const uris: string[] = [];
  const pages = paginateListObjectsV2({ client: service.s3 }, { Bucket: service.bucket, Prefix: prefix });
  for await (const page of pages) {
    uris.push(...(page.Contents ?? []).map(({ Key = "" }) => `s3://${service.bucket}/${Key}`));
  }
  return uris;
}

const newest = async () =>
  manifest.parse(JSON.parse(await service.read(`s3://${service.bucket}/results/poems/lake.json`)));

describe("poem-datalake", () => {
  it("makes a lake of a dropped zip, refuses a hostile one, and writes nothing twice", async () => {
    const zip = await generated("poems.zip", "--files", "150", "--seed", "1");
    const run = await dropped("poems.zip", zip);
    expect(run).toMatchObject({ state: "SUCCEEDED" });
    const first = poems.unzip.output.parse(await service.output(run.runId, "unzip"));
    expect(first).toMatchObject({ files: 150, written: 150 });

    const lake = await newest();
    expect(lake.lake).toBe(first.lake);
    const uris = await listed("lake/");
    const rows = (await service.read(lake.catalogue.uri)).trimEnd().split("\n").slice(1);
    const poemsByCatalogue = rows.map((row) => `${lake.lake}${row.split(",").slice(0, 2).join("/")}`);
    expect(uris.toSorted()).toEqual(
      [...poemsByCatalogue, `${lake.lake}_catalogue.csv`, `${lake.lake}_manifest.json`].toSorted(),
    );
    expect(await service.read(poemsByCatalogue[0] ?? "")).toMatch(/\w/);

    const hostile = await dropped(
      "bad.zip",
      await generated("bad.zip", "--files", "5", "--seed", "2", "--poison", "zip-slip"),
    );
    expect(hostile).toMatchObject({
      state: "FAILED",
      error: {
        step: "unzip",
        message: expect.stringMatching(/bad\.zip.*evil\.txt.* leads out of its folder/),
      },
    });
    const again = await dropped("copy.zip", zip);
    expect(again).toMatchObject({ state: "SUCCEEDED" });
    expect(await service.output(again.runId, "unzip")).toMatchObject({ written: 0, lake: first.lake });
    expect(await listed("lake/")).toEqual(uris);
    // Each drop starts a run; objects put into the lake raise no event.
    expect((await service.store.listRuns({}, 100)).runs).toHaveLength(3);
  });
});
