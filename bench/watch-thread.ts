import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { type MeasureOptions, type Report, spreadOf } from "./report.ts";

const watched = z.object({ begins: z.number(), online: z.number(), kib: z.number(), watched: z.number() });

/** Measures what the watch thread of a step worker costs: see docs/adr/a-thread-watches-the-worker.md. */
export async function measureWatchThread({ rounds = 7 }: MeasureOptions): Promise<Report> {
  const found: z.infer<typeof watched>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const script = join(import.meta.dirname, "watched-process.ts");
    const { stdout } = await execa(process.execPath, [
      "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
      script,
    ]);
    found.push(watched.parse(JSON.parse(stdout)));
  }
  const spread = (name: keyof z.infer<typeof watched>) => spreadOf(found.map((each) => each[name]));
  return {
    tables: [
      {
        title: "The thread that watches a step worker",
        columns: ["", "median [min, max]"],
        rows: [
          ["ms by which the worker's first function begins later", spread("begins")],
          ["ms until the thread runs, beside the function", spread("online")],
          ["KiB of memory of a worker that has run a function", spread("kib")],
          ["µs to watch one step", spread("watched")],
        ],
      },
    ],
    overBudget: [],
  };
}
