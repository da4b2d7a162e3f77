import path from "node:path";

/** The repository's root. */
export const REPOSITORY = path.resolve(import.meta.dirname, "..", "..");

/** Where the stack keeps its state when no other folder is named. */
export const DEFAULT_STATE_DIR = path.join(REPOSITORY, ".stack");

/** Python environment of the stack and of the Batch jobs. */
export const VENV = path.join(REPOSITORY, ".venv");

/** Programs of the project's packages, among them the Node version of the Lambda runtime. */
export const NODE_BIN = path.join(REPOSITORY, "node_modules", ".bin");

/** Everything that is kept for later and can be made again. */
export const CACHE = path.join(REPOSITORY, ".cache");

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
    /** Home folder of all that the stack starts: the user's is neither read nor written. */
    home: path.join(stateDir, "home"),
  };
}
