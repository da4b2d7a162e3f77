import {
  InvokeCommand,
  type LambdaClient,
  RequestTooLargeException,
  ResourceNotFoundException,
} from "@aws-sdk/client-lambda";
import { JobRejectedError } from "../../ports/batch-service.ts";
import type { FunctionInvoker } from "../../ports/function-invoker.ts";

/** Errors after which the same call can't ever be accepted. */
const hopeless = [ResourceNotFoundException, RequestTooLargeException];

/**
 * The functions of job families on AWS Lambda, called asynchronously: Lambda queues a call and reports its end to the
 * function's destination.
 *
 * @param prefix of the functions' names; the job family follows it
 */
export function lambdaFunctionInvoker(client: LambdaClient, prefix: string): FunctionInvoker {
  return {
    async invoke(call) {
      const FunctionName = `${prefix}${call.family}`;
      const Payload = JSON.stringify(call);
      try {
        await client.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload }));
      } catch (error) {
        if (!hopeless.some((kind) => error instanceof kind)) throw error;
        throw new JobRejectedError(`${FunctionName}: ${String(error)}`, { cause: error });
      }
    },
  };
}
