import type { Target } from "../readers/target.ts";
import { type RunningConsole, startConsole } from "./server.ts";

/** The port that addresses keep from one day to the next, if it is free. */
export const usualPort = 7180;

/** Whether a server could not start because another program listens at its port. */
export const isInUse = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "EADDRINUSE";

/** Serves a stage's console at the usual port, or at any free one if another program uses that. */
export async function startUsualConsole({
  stage,
  invoke,
}: Pick<Target, "stage" | "invoke">): Promise<RunningConsole> {
  try {
    return await startConsole(stage, invoke, usualPort);
  } catch (error) {
    if (!isInUse(error)) throw error;
    return startConsole(stage, invoke, 0);
  }
}
