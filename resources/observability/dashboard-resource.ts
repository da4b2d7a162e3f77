import { type DashboardStage, dashboardRows, jobQueueNames } from "./dashboard-rows.ts";
import { placed } from "./widget.ts";

/** The name of a job queue, which CloudFormation knows only by its ARN. */
const nameInArn = (id: string) => ({ "Fn::Select": [1, { "Fn::Split": ["/", { Ref: id }] }] });

/** The stage's dashboard. Its body is one text, in which CloudFormation fills in the names of resources. */
export function dashboardResource(stage: DashboardStage): unknown {
  const body = {
    // What is shown when it is opened: a night.
    start: "-PT8H",
    // The charts' own period, whatever time is shown.
    periodOverride: "inherit",
    widgets: placed(dashboardRows(stage)),
  };
  const variables = Object.entries(jobQueueNames).map(([name, id]) => [name, nameInArn(id)]);
  return {
    Type: "AWS::CloudWatch::Dashboard",
    Condition: "OnAws",
    Properties: {
      DashboardName: `${stage.service}-${stage.stage}`,
      DashboardBody: { "Fn::Sub": [JSON.stringify(body), Object.fromEntries(variables)] },
    },
  };
}
