import type { Stack } from "./stack.ts";

/** The commands to use a running stack. */
export function usageText(stack: Stack): string {
  const variables = Object.entries(stack.env).map(([name, value]) => `  export ${name}=${value}`);
  return [
    "",
    "Start a run, and watch it:",
    `  npx sls invoke -f start -s local --data '{"pipeline":"ridge-sweep"}'`,
    "  npx millrace start ridge-sweep --follow",
    "Or drop a file, with any S3 client that is pointed at the stack:",
    ...variables,
    `  aws s3 cp data.csv s3://millrace-local-data-${stack.accountId}/raw/ridge/data.csv`,
  ].join("\n");
}
