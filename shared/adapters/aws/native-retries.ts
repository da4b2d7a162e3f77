/**
 * AWS Batch itself retries only what was not the job's fault; the engine decides on the rest. The first match wins, and
 * no match would mean another try, hence the last rule. Batch allows at most five rules.
 */
export const nativeRetryRules = [
  { onStatusReason: "Host EC2*", action: "RETRY" },
  { onStatusReason: "Your Spot Task was interrupted*", action: "RETRY" },
  { onStatusReason: "Task failed to start*", action: "RETRY" },
  { onReason: "CannotPullContainer*", action: "RETRY" },
  { onReason: "*", action: "EXIT" },
] as const satisfies readonly { onStatusReason?: string; onReason?: string; action: "RETRY" | "EXIT" }[];
