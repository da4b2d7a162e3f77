import { observability } from "./observability.ts";

const settings = { allAlarms: true, stepTimeout: 120, monthlyBudget: null };
const stack = { service: "millrace", stage: "dev" };

const idsOf = (made: ReturnType<typeof observability>, end: string) =>
  Object.keys(made.Resources).filter((id) => id.endsWith(end));

test("a stage without all alarms has the six that matter most, and its dashboard names no others", () => {
  const made = observability(stack, { ...settings, allAlarms: false });
  const six = [
    "TickStoppedAlarm",
    "TickFailingAlarm",
    "TriggersDeadLettersAlarm",
    "BatchEventsDeadLettersAlarm",
    "StepsDeadLettersStuckAlarm",
    "StepCrashingAlarm",
  ];
  expect(idsOf(made, "Alarm")).toEqual(six);
  const named = [...JSON.stringify(made.Resources.Dashboard).matchAll(/\{(\w+Alarm)\.Arn\}/g)];
  expect(named.map(([, id]) => id)).toEqual(six);
});

test("a stage has a budget only if one is set, and it tells the topic for alarms", () => {
  expect(idsOf(observability(stack, settings), "Budget")).toEqual([]);
  const { MonthlyBudget } = observability(stack, { ...settings, monthlyBudget: 200 }).Resources;
  expect(MonthlyBudget).toMatchObject({
    Properties: {
      Budget: {
        BudgetLimit: { Amount: 200, Unit: "USD" },
        CostFilters: { TagKeyValue: ["user:service$millrace"] },
      },
      NotificationsWithSubscribers: [
        { Notification: { NotificationType: "ACTUAL" }, Subscribers: [{ Address: { Ref: "AlarmTopic" } }] },
        { Notification: { NotificationType: "FORECASTED" } },
      ],
    },
  });
});

test.each([
  ["no word on alarms", { ...settings, allAlarms: undefined }],
  ["a budget of nothing", { ...settings, monthlyBudget: 0 }],
])("a stage with %s is refused before anything is packaged", (_, wrong) => {
  expect(() => observability(stack, wrong)).toThrow();
});
