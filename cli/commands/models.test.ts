import { manage } from "../../shared/operate/manage.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin } from "../../test/engine/driving.ts";
import { modelPipeline } from "../../test/engine/model-pipeline.ts";
import type { Target } from "../readers/target.ts";
import { answer } from "./models.ts";

/** A stage with a model `ctr` of three versions: the second is champion, and the third was refused. */
async function stage() {
  const memory = new MemoryEngine([modelPipeline], {}, Date.now());
  const figures = [
    { logLoss: 0.42 },
    { logLoss: 0.3993 },
    { logLoss: 0.4012, championLogLoss: 0.3993, heldOut: "cd".repeat(32) },
  ];
  for (const params of figures) {
    await memory.finish(await begin(memory, "training", { params }));
  }
  const { models } = memory.engine;
  const invoke = (_: string, request: unknown) => manage(memory.engine, request);
  const target = { stage: "local", models, invoke } as unknown as Target;
  return {
    models,
    /** Returns what `millrace models …` prints. */
    async says(line: string, options: { why?: string; json?: boolean; alias?: string } = {}) {
      const [name, ...words] = line.split(" ").filter((word) => word !== "");
      const print = jest.spyOn(console, "log").mockImplementation(() => undefined);
      try {
        await answer(target, name, words, { by: "ada", alias: "champion", ...options });
        return print.mock.calls.map(([text]) => String(text)).join("\n");
      } finally {
        print.mockRestore();
      }
    },
  };
}

describe("millrace models", () => {
  it("lists models with their champions and figures", async () => {
    const { says } = await stage();
    expect(await says("")).toMatch(
      /^MODEL +CHAMPION +REGISTERED +FIGURES\nctr +2 +\d+ s ago +testLogLoss 0\.3993$/,
    );
  });

  it("lists the versions of a model, the newest first, with aliases and figures", async () => {
    const { says } = await stage();
    const lines = (await says("ctr")).split("\n");
    expect(lines[0]).toContain("champion 2");
    expect(lines.slice(3)).toEqual([
      expect.stringMatching(/^3 +\d+ s ago +testLogLoss 0\.4012$/),
      expect.stringMatching(/^2 +champion +\d+ s ago +testLogLoss 0\.3993$/),
      expect.stringMatching(/^1 +\d+ s ago +testLogLoss 0\.42$/),
    ]);
  });

  it.each(["ctr 2", "ctr champion"])("shows all details of a version: %s", async (line) => {
    const { says } = await stage();
    const text = await says(line);
    for (const part of [
      /^.*ctr.* version 2\n/,
      /registered +\S+ \(\d+ s ago\)/,
      /registered by +step register of run/,
      /made by +step train of run \S+, attempt 1\.1/,
      /commit +unknown: not deployed/,
      /seed +42/,
      /metric testLogLoss +0\.3993/,
      /parameter penalty +l2/,
      /data +s3:\/\/data\/raw\/ctr\/october\.csv, 12 B, 2 rows/,
      /sha256 abab/,
      /model +s3:\/\/data\/models\/ctr\/00002\/model\//,
      /3 files, \d+ B, digest [0-9a-f]{10}/,
      /attached profile/,
    ])
      expect(text).toMatch(part);
  });

  it("compares two versions: figures with their change, and whatever else differs", async () => {
    const { says } = await stage();
    const lines = (await says("ctr compare champion 3")).split("\n");
    expect(lines[0]).toMatch(/VERSION 2 +VERSION 3 +CHANGE/);
    expect(lines).toContainEqual(
      expect.stringMatching(/^metrics\.testLogLoss +0\.3993 +0\.4012 +\+0\.48 %$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^data\.sha256 +abababababab +cdcdcdcdcdcd$/));
    expect(lines.join()).not.toMatch(/parameters|seed|data\.rows/);
  });

  it("says that figures don't compare only if two versions were tested on different data", async () => {
    const { says } = await stage();
    const warning = "tested on different data: their figures do not compare";
    expect(await says("ctr compare champion 3")).toContain(warning);
    expect(await says("ctr compare 1 2")).not.toContain(warning);
  });

  it("marks the metric that the gate decides by", async () => {
    const { says } = await stage();
    expect(JSON.parse(await says("ctr", { json: true }))).toMatchObject({ metric: "testLogLoss" });
    expect(JSON.parse(await says("", { json: true }))).toMatchObject([{ metric: "testLogLoss" }]);
  });

  it("rolls back to the version before, and the log lists all moves, newest first", async () => {
    const { says, models } = await stage();
    expect(await says("ctr rollback", { why: "calibration" })).toBe(
      "champion of ctr is version 1 now; it was version 2",
    );
    expect(await models.getAlias("ctr", "champion")).toBe(1);
    const [, first, second, third] = (await says("ctr log")).split("\n");
    expect(first).toMatch(/champion +2 → 1 +rollback +ada: calibration$/);
    expect(second).toMatch(
      /champion +1 → 2 +promotion +step promote of run \S+: logLoss 0\.3993, .* better by 4\.9 %$/,
    );
    expect(third).toMatch(/champion +none → 1 +promotion/);
    await expect(says("ctr rollback")).rejects.toThrow(/was no other version before/);
  });

  it("moves an alias by hand, with the reason", async () => {
    const { says, models } = await stage();
    expect(await says("ctr alias challenger 3", { why: "to be watched" })).toBe(
      "challenger of ctr is version 3 now; it was none before",
    );
    expect(await says("ctr alias champion challenger", { why: "it did well" })).toContain("version 3 now");
    expect((await models.listMoves("ctr", "champion")).at(-1)).toMatchObject({
      kind: "set",
      from: 2,
      to: 3,
      by: { person: "ada" },
      why: "it did well",
    });
  });

  it.each(["", "ctr", "ctr 1", "ctr compare 1 2", "ctr log", "ctr alias beta 1", "ctr rollback"])(
    "prints JSON with --json: models %s",
    async (line) => {
      const { says } = await stage();
      const value = JSON.parse(await says(line, { json: true, why: "a reason" })) as Json;
      expect(value).toEqual(expect.anything());
    },
  );

  it.each([
    ["taxi", "MODEL_NOT_FOUND", 'there is no model "taxi"', "`npx millrace models` lists them"],
    ["ctr 9", "MODEL_NOT_FOUND", 'model "ctr" has no version 9', "`npx millrace models ctr` lists it"],
    ["ctr beta", "MODEL_NOT_FOUND", 'model "ctr" has no alias "beta"', "`npx millrace models ctr` lists it"],
    ["ctr promote 3", "USAGE", /followed by a version, an alias or one of .*, not by "promote"$/, "--help"],
    ["ctr compare 1", "USAGE", '`models ctr compare` takes VERSION VERSION; it was given "1"', "--help"],
    ["ctr alias champion 3", "USAGE", "--why is missing: the log keeps the reason", 'Add --why "…"'],
  ])("models %s is refused with a remedy", async (line, code, message, remedy) => {
    const { says } = await stage();
    await expect(says(line)).rejects.toMatchObject({
      code,
      message: typeof message === "string" ? message : expect.stringMatching(message),
      remedy: expect.stringContaining(remedy),
    });
  });
});
