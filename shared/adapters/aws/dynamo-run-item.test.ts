import { aRun, epochStart } from "../../../test/factories.ts";
import { newRunItem, runOf } from "./dynamo-run-item.ts";

test("a run's queue is stored only if it isn't its pipeline's own", () => {
  const run = aRun();
  const item = newRunItem(run, epochStart);
  expect(item).not.toHaveProperty("queue");
  expect(runOf(item)).toEqual(run);
  expect(runOf({ ...item, queue: run.pipeline })).toEqual(run);
  const shared = aRun({ queue: "gpu" });
  expect(newRunItem(shared, epochStart)).toMatchObject({ queue: "gpu" });
  expect(runOf(newRunItem(shared, epochStart))).toEqual(shared);
});
