import type { Run } from "../../shared/state/run.ts";
import type { DeployedService } from "./deployed-service.ts";

/** R² by alpha, from the results of the step that computes it. */
export async function r2ByAlpha(service: DeployedService, run: Run): Promise<Record<string, number>> {
  const records = (await service.steps(run.runId)).filter(({ step }) => step === "evaluate_model");
  const scores = records.flatMap((record) =>
    record.state === "SUCCEEDED" && record.index !== "map" && "value" in record.output
      ? [record.output.value]
      : [],
  );
  return Object.fromEntries(
    scores.map((score) => {
      const { alpha, r2 } = score as { alpha: number; r2: number };
      return [String(alpha), r2];
    }),
  );
}
