import type { Stack } from "./stack.ts";

/** What to type to use a running stack. */
export function howToUse(stack: Stack): string {
  const variables = Object.entries(stack.env).map(([name, value]) => `  export ${name}=${value}`);
  return [
    "",
    "Point any AWS client at it:",
    ...variables,
    "",
    "Start a run:",
    `  npx sls invoke -f start -s local --data '{"pipeline":"ridge-sweep"}'`,
    "Or drop a file (any S3 client does):",
    "  aws s3 cp data.csv s3://BUCKET/raw/ridge/data.csv    # aws s3 ls names the bucket",
  ].join("\n");
}
