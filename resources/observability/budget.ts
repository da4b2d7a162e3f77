import type { StackName } from "./stack-metric.ts";

/**
 * Tells the alarm topic if a month's costs exceed the budget, or are about to. AWS counts costs by a tag only once the
 * account has activated it; see docs/deploy.md. It covers all stages, because a budget takes one tag or another, but
 * not both together.
 *
 * @param dollars for a month; undefined: no budget
 */
export function budgetResources(
  { service, stage }: StackName,
  dollars: number | undefined,
): Record<string, unknown> {
  if (dollars === undefined) return {};
  const told = [{ SubscriptionType: "SNS", Address: { Ref: "AlarmTopic" } }];
  return {
    MonthlyBudget: {
      Type: "AWS::Budgets::Budget",
      Condition: "OnAws",
      // A budget may tell a topic only once the topic's policy allows it.
      DependsOn: "AlarmTopicPolicy",
      Properties: {
        Budget: {
          BudgetName: `${service}-${stage}`,
          BudgetType: "COST",
          TimeUnit: "MONTHLY",
          BudgetLimit: { Amount: dollars, Unit: "USD" },
          CostFilters: { TagKeyValue: [`user:service$${service}`] },
        },
        NotificationsWithSubscribers: ["ACTUAL", "FORECASTED"].map((NotificationType) => ({
          Notification: {
            NotificationType,
            ComparisonOperator: "GREATER_THAN",
            Threshold: 100,
            ThresholdType: "PERCENTAGE",
          },
          Subscribers: told,
        })),
      },
    },
  };
}
