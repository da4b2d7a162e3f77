import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { copyService } from "../local/stack/deploy-catalogue.ts";
import { templateReport } from "../resources/template-limits.ts";
import { type PackagedStage, packageStage } from "../test/packaged-template.ts";
import { generatedCatalogue } from "./generated-catalogue.ts";
import { bytesOf, importFunction, type PackagedFunction, packagedFunctions } from "./packaged-functions.ts";
import { type Cell, type MeasureOptions, type Report, spreadOf, type Table } from "./report.ts";
import { readsOfSchedules, requests } from "./schedule-reads.ts";

const few = { pipelines: 10, families: 6 };
const many = { pipelines: 100, families: 20 };
const heavyBytes = 5_000_000;
const kilobyte = 1024;
const importsEach = 15;
/** Max. ratio of the cold import with a hundred pipelines to that with ten. */
const importBudget = 1.2;
/** Max. number of seconds for the check of all definitions. */
const checkBudget = 10;
const ten = "pipeline-010";

/** The packages to compare, for one function. */
type Packages = { few: PackagedFunction; many: PackagedFunction; heavy: PackagedFunction };

/** Imports in turns, so that a busy machine slows both equally. */
async function importTimes({ few: a, many: b }: Packages, rounds: number) {
  const times = { few: [] as number[], many: [] as number[] };
  for (const packaged of [a, b]) await importFunction(packaged);
  for (let round = 0; round < rounds; round += 1) {
    times.few.push((await importFunction(a)).cpu);
    times.many.push((await importFunction(b)).cpu);
  }
  return { few: spreadOf(times.few), many: spreadOf(times.many) };
}

async function importTable(packages: readonly Packages[], rounds: number): Promise<Report> {
  const rows: Cell[][] = [];
  const overBudget: string[] = [];
  for (const each of packages) {
    const { name } = each.many;
    const loaded = async (packaged: PackagedFunction) =>
      bytesOf(packaged, (await importFunction(packaged)).files) / kilobyte;
    const times = await importTimes(each, rounds);
    const ratio = times.many.median / times.few.median;
    rows.push([name, await loaded(each.few), await loaded(each.many), times.few, times.many, ratio]);
    if (ratio > importBudget) overBudget.push(`cold import of ${name}: ${ratio}, budget ${importBudget}`);
  }
  const table = {
    title: `Cold imports with ${few.pipelines} and with ${many.pipelines} pipelines`,
    columns: ["function", "10: KB at start", "100: KB at start", "10: CPU ms", "100: CPU ms", "ratio"],
    rows,
    notes: [
      `CPU time of importing own code: median (min–max) of ${rounds}, in turns, each in a fresh process.`,
      `Ratio: of the medians; budget ${importBudget}.`,
    ],
  };
  return { tables: [table], overBudget };
}

/** What a 5 MB module that one step of one pipeline imports adds to what is packaged and to what is loaded. */
async function heavyTable(packages: readonly Packages[]): Promise<Report> {
  const rows: Cell[][] = [];
  const overBudget: string[] = [];
  for (const { many: light, heavy } of packages) {
    const packaged = bytesOf(heavy, heavy.files.keys()) - bytesOf(light, light.files.keys());
    const atStart = async (each: PackagedFunction) => bytesOf(each, (await importFunction(each)).files);
    const start = (await atStart(heavy)) - (await atStart(light));
    const hasCode = heavy.files.has(`${heavy.name}.parts/${ten}.js`) || heavy.name.startsWith("step");
    const other = async (each: PackagedFunction) =>
      bytesOf(each, hasCode ? (await importFunction(each, ten)).later : []);
    const another = (await other(heavy)) - (await other(light));
    rows.push([heavy.name, packaged / kilobyte, start / kilobyte, hasCode ? another / kilobyte : undefined]);
    const isCarrier = heavy.name.startsWith("step");
    // Names of shared parts are hashes of their contents, so sizes vary by a few bytes.
    if (start > kilobyte || another > kilobyte || (!isCarrier && packaged > kilobyte))
      overBudget.push(`${heavy.name}: a heavy import of one step costs others bytes`);
  }
  const table = {
    title: "What a 5 MB import of one step of one pipeline adds, KB",
    columns: ["function", "to the package", "at cold start", "to a run of another pipeline"],
    rows,
    notes: ["Only the step workers carry it, and only runs of its own pipeline load it there."],
  };
  return { tables: [table], overBudget };
}

/** How many seconds the check of all definitions takes when packaging runs it. */
async function checkSeconds(folder: string, size: typeof many): Promise<number> {
  const service = join(folder, `service-${size.pipelines}`);
  copyService(service, generatedCatalogue(size));
  const start = performance.now();
  await execa(process.execPath, [
    "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
    join(service, "resources/check-definitions.ts"),
    join(folder, `described-${size.pipelines}.json`),
  ]);
  return (performance.now() - start) / 1000;
}

async function definitionsTable(stages: Readonly<Record<"few" | "many", PackagedStage>>): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-hundred-"));
  try {
    const rows: Cell[][] = [];
    const overBudget: string[] = [];
    for (const [size, { template }] of [
      [few, stages.few],
      [many, stages.many],
    ] as const) {
      const seconds = await checkSeconds(folder, size);
      const { summary, warnings, errors } = templateReport(template);
      rows.push([`${size.pipelines}, ${size.families}`, seconds, summary.replace("Template: ", "")]);
      overBudget.push(...warnings, ...errors);
      if (seconds > checkBudget)
        overBudget.push(`check of ${size.pipelines}: ${seconds} s, budget ${checkBudget}`);
    }
    const columns = ["pipelines, job families", "check of definitions, s", "template"];
    const notes = [`Check: budget ${checkBudget} s. Limits that packaging warns of break the budget too.`];
    return { tables: [{ title: "Packaging", columns, rows, notes }], overBudget };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readsTable(): Promise<Report> {
  const counted = [await readsOfSchedules(few.pipelines), await readsOfSchedules(many.pipelines)];
  const rows = requests.map((what, place): Cell[] => [
    what,
    ...counted.flatMap((reads) => [reads[place]?.calls, reads[place]?.items]),
  ]);
  const table: Table = {
    title: "What is read of DynamoDB, each pipeline with a schedule",
    columns: ["", "10: calls", "10: items", "100: calls", "100: items"],
    rows: [...rows, ["`pipelines`", 0, 0, 0, 0]],
    notes: ["A call reads up to 1 MB: some 8,000 schedules."],
  };
  const overBudget = rows.flatMap(([what, before, , after]) =>
    before === after ? [] : [`${what}: ${before} calls grew to ${after}`],
  );
  return { tables: [table], overBudget };
}

/**
 * Compares ten pipelines with a hundred: imports, packaging and reads. Also measures what one step's heavy import costs
 * others.
 */
export async function measureHundredPipelines({ rounds = importsEach }: MeasureOptions): Promise<Report> {
  const catalogues = [few, many, { ...many, heavyBytes }].map(generatedCatalogue);
  const stages: PackagedStage[] = [];
  try {
    for (const catalogue of catalogues) stages.push(await packageStage("prod", catalogue));
    const [small, large, heavy] = stages;
    if (small === undefined || large === undefined || heavy === undefined) throw new Error("not packaged");
    const [a, b, c] = await Promise.all([small, large, heavy].map(packagedFunctions));
    // Both step workers have the same code.
    const names = (b ?? []).map(({ name }) => name).filter((name) => name !== "step-large");
    const of = (all: readonly PackagedFunction[] = [], name: string) =>
      all.find((each) => each.name === name);
    const packages = names.flatMap((name): Packages[] => {
      const [one, two, three] = [of(a, name), of(b, name), of(c, name)];
      return one && two && three ? [{ few: one, many: two, heavy: three }] : [];
    });
    const reports = [
      await importTable(packages, rounds),
      await heavyTable(packages),
      await definitionsTable({ few: small, many: large }),
      await readsTable(),
    ];
    return {
      tables: reports.flatMap(({ tables }) => tables),
      overBudget: reports.flatMap(({ overBudget }) => overBudget),
    };
  } finally {
    for (const stage of stages) stage.remove();
  }
}
