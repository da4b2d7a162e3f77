import { sources } from "../shared/app/aws-console.ts";
import { endpoints } from "../shared/app/console-endpoints.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { answerPage } from "../shared/console/answer-page.ts";

/** Answers with a page of the console, for CloudWatch's custom widget and for `millrace console`. Changes nothing. */
export const handler = invokedHandler((event, { awsRequestId }) =>
  answerPage(sources, endpoints, event, awsRequestId),
);
