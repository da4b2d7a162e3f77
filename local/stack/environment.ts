/** What a program needs to talk to a stack. Every AWS SDK and the AWS CLI read these variables. */
export type StackEnvironment = {
  AWS_ENDPOINT_URL: string;
  AWS_ENDPOINT_URL_BATCH: string;
  AWS_REGION: string;
  AWS_DEFAULT_REGION: string;
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
  AWS_EC2_METADATA_DISABLED: string;
};

/** Where a stack listens. */
export type StackEndpoints = { awsEndpoint: string; batchEndpoint: string; region: string };

/** The environment variables that point AWS clients at a stack. */
export function stackEnvironment({ awsEndpoint, batchEndpoint, region }: StackEndpoints): StackEnvironment {
  return {
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_ENDPOINT_URL_BATCH: batchEndpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}
