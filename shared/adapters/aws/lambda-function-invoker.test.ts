import {
  type InvokeCommandInput,
  type LambdaClient,
  ResourceNotFoundException,
  TooManyRequestsException,
} from "@aws-sdk/client-lambda";
import { isThrottling } from "../../platform/throttling.ts";
import { JobRejectedError } from "../../ports/batch-service.ts";
import type { FunctionCall } from "../../ports/function-invoker.ts";
import { lambdaFunctionInvoker } from "./lambda-function-invoker.ts";

const call: FunctionCall = {
  ...{ id: "function-x:1", name: "x", family: "ridge", command: ["python", "-m", "ridge", "fit"] },
  ...{
    environment: { MILLRACE_STEP: "fit" },
    memory: 3008,
    timeout: 60,
    stops: ["s3://data/stop"],
    arrayIndex: 1,
  },
};

/** An invoker whose client answers each call with `answer`, and the requests that it made. */
function invokerAnswering(answer: () => object) {
  const requests: InvokeCommandInput[] = [];
  const send = async ({ input }: { input: InvokeCommandInput }) => {
    requests.push(input);
    return answer();
  };
  const client = { send } as unknown as LambdaClient;
  return { invoker: lambdaFunctionInvoker(client, "millrace-dev-job-"), requests };
}

test("a call is asynchronous, and goes to its family's function", async () => {
  const { invoker, requests } = invokerAnswering(() => ({ StatusCode: 202 }));
  await invoker.invoke(call);
  expect(requests).toEqual([
    { FunctionName: "millrace-dev-job-ridge", InvocationType: "Event", Payload: JSON.stringify(call) },
  ]);
});

test("a call of a function that doesn't exist is rejected for good", async () => {
  const { invoker } = invokerAnswering(() => {
    throw new ResourceNotFoundException({ message: "Function not found", Type: "User", $metadata: {} });
  });
  await expect(invoker.invoke(call)).rejects.toThrow(JobRejectedError);
  await expect(invoker.invoke(call)).rejects.toThrow("millrace-dev-job-ridge");
});

test("a call that Lambda throttles counts as throttled", async () => {
  const { invoker } = invokerAnswering(() => {
    throw new TooManyRequestsException({ message: "Rate Exceeded", $metadata: {} });
  });
  const refused = await invoker.invoke(call).catch((error: unknown) => error);
  expect(isThrottling(refused)).toBe(true);
});
