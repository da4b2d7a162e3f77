import { engine } from "../shared/app/aws-engine.ts";
import { endpoints } from "../shared/app/console-endpoints.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { answerChange } from "../shared/console/answer-change.ts";

/** Makes the changes that the console's buttons request: `{ "act": … }` with a request to the function manage. */
export const handler = invokedHandler((event, { awsRequestId }) =>
  answerChange(engine, endpoints, event, awsRequestId),
);
