import type { RunStore } from "../../ports/run-store.ts";
import { dynamoCauses } from "./dynamo-causes.ts";
import { dynamoFigures } from "./dynamo-figures.ts";
import { dynamoGraphs } from "./dynamo-graphs.ts";
import { dynamoRunListing } from "./dynamo-run-listing.ts";
import { dynamoRuns } from "./dynamo-runs.ts";
import { dynamoSlots } from "./dynamo-slots.ts";
import { dynamoSteps } from "./dynamo-steps.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import { dynamoTags } from "./dynamo-tags.ts";
import { dynamoTallies } from "./dynamo-tallies.ts";
import { dynamoWorkQueues } from "./dynamo-work-queues.ts";

/** The run store in DynamoDB: one table, as `resources/storage.yml` defines it. Keys are in `dynamo-keys.ts`. */
export function dynamoRunStore(table: DynamoTable): RunStore {
  return {
    ...dynamoCauses(table),
    ...dynamoGraphs(table),
    ...dynamoRuns(table),
    ...dynamoFigures(table),
    ...dynamoRunListing(table),
    ...dynamoSlots(table),
    ...dynamoSteps(table),
    ...dynamoTags(table),
    ...dynamoTallies(table),
    ...dynamoWorkQueues(table),
  };
}
