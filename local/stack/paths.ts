import path from "node:path";
import { ROOT as REPOSITORY } from "../setup/project.mjs";

export { CACHE, NODE_BIN, ROOT as REPOSITORY, VENV } from "../setup/project.mjs";

/** The stack's state folder if no other one is named. */
export const DEFAULT_STATE_DIR = path.join(REPOSITORY, ".stack");

/** Folder of the Batch jobs' sources. */
export const BATCH_JOBS = path.join(REPOSITORY, "batch-jobs");

/** Files and folders of one stack. */
export function statePaths(stateDir: string) {
  return {
    record: path.join(stateDir, "stack.json"),
    deployed: path.join(stateDir, "deployed.json"),
    ministackState: path.join(stateDir, "ministack"),
    ministackObjects: path.join(stateDir, "s3"),
    ministackLog: path.join(stateDir, "ministack.log"),
    batchState: path.join(stateDir, "batch"),
    batchLog: path.join(stateDir, "batch.log"),
    deployLog: path.join(stateDir, "deploy.log"),
    temporary: path.join(stateDir, "tmp"),
    /** Home folder of everything that the stack starts, so that the user's own is neither read nor written. */
    home: path.join(stateDir, "home"),
  };
}
