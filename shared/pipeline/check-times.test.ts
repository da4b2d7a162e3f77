import * as z from "zod";
import { checkTimes } from "./check-times.ts";
import { cron, definePipeline, interval, lambda } from "./index.ts";

function pipelineOf(...expressions: string[]) {
  const triggers = [
    interval({ every: { days: 14 }, name: "fortnightly" }),
    ...expressions.map((expression, place) => cron(expression, { name: `times-${place}` })),
  ];
  return definePipeline({ name: "demo", params: z.strictObject({}), triggers }, ({ step }) => {
    step(
      "a",
      lambda({}, () => 1),
    );
  });
}

test("valid crontab expressions are accepted", () => {
  expect(() => checkTimes(pipelineOf("0 3 * * *", "*/5 9-17 * * mon-fri", "0 0 29 2 *"))).not.toThrow();
});

test("all schedules that never fire are reported together, with their places", () => {
  const pipeline = pipelineOf("0 3 * * ? *", "0 3 * * *", "0 0 31 2 *", "0 25 * * *");
  expect(() => checkTimes(pipeline)).toThrow(
    /^pipeline "demo" has 3 mistakes:\n {2}- triggers\.1: cron "0 3 \* \* \? \*": .+\n {2}- triggers\.3: cron "0 0 31 2 \*" names no time at all\n {2}- triggers\.4: cron "0 25 \* \* \*": .+$/,
  );
});
