const kilobyte = 1024;

/** A person waits for the console's functions; messages and other functions wait for all the rest. */
const larger: Readonly<Record<string, number>> = { console: 560, "console-act": 440 };

/** Max. bytes of a function's minified code without any pipeline, and without the SDK that the runtime has. */
export function engineBudget(functionName: string): number {
  return (larger[functionName] ?? 400) * kilobyte;
}
