/** What is the same for all errors with one code. */
export type ErrorKind = {
  /** The error's name, as runs record it and as a retry policy's `on` names it. */
  readonly name: string;
  /** What to do, in one line; docs/errors.md has the details. */
  readonly remedy: string;
  /** A step that fails with it isn't retried. */
  readonly fatal?: true;
};

/**
 * Every code of an error that people or runs can see. A code never changes its meaning. docs/errors.md has an entry for
 * each.
 */
export const errorKinds = {
  // Definitions
  PIPELINE_DEFINITION: {
    name: "PipelineDefinitionError",
    remedy: "Correct the listed fields in the pipeline's file.",
  },
  JOB_DEFINITION: { name: "JobDefinitionError", remedy: "Correct the field in the family's contract.ts." },
  WORK_QUEUE_DEFINITION: { name: "WorkQueueError", remedy: "Correct the call of workQueue()." },
  REF_USE: { name: "RefUseError", remedy: "Pass the ref to a step, and compute with its value there." },
  EXPRESSION: {
    name: "ExpressionError",
    remedy: "Compare the expression in the pipeline's file with the value that it got.",
    fatal: true,
  },
  CATALOGUE: { name: "CatalogueError", remedy: "Correct the list in pipelines/index.ts." },
  PIPELINE_PART: { name: "PipelinePartError", remedy: "Package and deploy again." },
  PIPELINE_EXPORT: {
    name: "PipelineExportError",
    remedy: "Export the pipeline from the file that defines it.",
  },
  STAND_IN: {
    name: "StandInError",
    remedy: "Let the stand-in in the test return what the job's contract says.",
  },
  STAND_IN_MISSING: { name: "StandInMissingError", remedy: "Pass a stand-in for the job to testPipeline." },
  STANDSTILL: { name: "StandstillError", remedy: "Give the run in the test what it waits for." },

  // Requests
  REQUEST_INVALID: { name: "RequestError", remedy: "Correct the fields and send the request again." },
  PARAMS_INVALID: {
    name: "ParamsError",
    remedy: "Correct the parameters and start again; nothing was started.",
  },
  PIPELINE_NOT_FOUND: {
    name: "PipelineNotFoundError",
    remedy: "Use a deployed pipeline's name: `npx millrace pipelines` lists them.",
  },
  PIPELINE_NOT_DEPLOYED: { name: "PipelineNotDeployed", remedy: "Deploy it: it is in this checkout only." },
  RUN_NOT_FOUND: { name: "RunNotFoundError", remedy: "Use a run's full id: `npx millrace runs` lists them." },
  RUN_STATE: { name: "RunStateError", remedy: "Look at the run first: `npx millrace run RUN`." },
  STEP_NOT_FOUND: {
    name: "StepNotFound",
    remedy: "Use one of the run's steps: `npx millrace run RUN` lists them.",
  },
  SCHEDULE_NOT_FOUND: {
    name: "ScheduleNotFoundError",
    remedy: "Use a schedule's name: `npx millrace schedules` lists them.",
  },
  QUEUE_NOT_FOUND: {
    name: "QueueNotFoundError",
    remedy: "Use a queue's name: `npx millrace queues` lists them.",
  },
  LIMIT_NOT_FOUND: {
    name: "LimitNotFoundError",
    remedy: "Use a limit's name; a pipeline gets one by maxActiveRuns or queue.",
  },
  BACKFILL_NOT_FOUND: {
    name: "BackfillNotFoundError",
    remedy: "Use a backfill's id: `npx millrace backfill list` lists them.",
  },
  BACKFILL_INVALID: { name: "BackfillError", remedy: "Correct the field and start the backfill again." },
  EVENT_INVALID: { name: "S3EventError", remedy: "Send only events of S3 to the queue `triggers`." },

  // Models
  MODEL_NOT_FOUND: {
    name: "ModelNotFoundError",
    remedy: "Use a model, version or alias that exists: `npx millrace models` lists them.",
    fatal: true,
  },
  MODEL_ALIAS: {
    name: "ModelAliasError",
    remedy: "Look at the alias's log: `npx millrace models MODEL log`.",
    fatal: true,
  },
  MODEL_EVALUATION: {
    name: "EvaluationError",
    remedy: "Let the evaluation report the metric that the gate compares.",
    fatal: true,
  },
  MODEL_FILES: {
    name: "ModelFilesError",
    remedy: "Correct the files that the step passes to registerModel.",
    fatal: true,
  },
  MODEL_REQUEST: { name: "ModelRequestError", remedy: "Correct the fields of the call.", fatal: true },
  MODEL_RECORD_TOO_LARGE: {
    name: "ModelRecordTooLargeError",
    remedy: "Leave out parameters, data or parts of the signature, or use fewer files.",
  },

  // Stored data
  NEWER_RECORD: {
    name: "NewerRecordError",
    remedy: "Deploy or install the version that wrote it, and try again.",
  },
  GRAPH_MISSING: {
    name: "GraphMissingError",
    remedy: "Start a new run: the stored graph of this one is gone.",
  },
  VALUE_MISSING: {
    name: "ValueMissingError",
    remedy: "Start the pipeline again with refresh: the stored result is gone.",
    fatal: true,
  },
  OBJECT_URI: { name: "ObjectUriError", remedy: "Use a location of the form s3://bucket/key." },
  OBJECT_READ: {
    name: "ObjectReadError",
    remedy: "Check that the object exists and that the step asks for the right one.",
  },
  RAW_DATA: { name: "RawDataError", remedy: "Use a key under raw/.", fatal: true },
  PUBLISH: {
    name: "PublishError",
    remedy: "Correct the key or the artifact that the step publishes.",
    fatal: true,
  },

  // The platform
  ENVIRONMENT_INVALID: {
    name: "EnvironmentError",
    remedy: "Correct the variable in serverless.yml and deploy again.",
  },
  MESSAGES_NOT_SENT: {
    name: "MessagesNotSentError",
    remedy: "Nothing: the messages are sent again. If it lasts, look at SQS.",
  },
  TABLE_THROTTLED: {
    name: "UnprocessedKeysError",
    remedy: "Nothing: it is tried again. If it lasts, look at the table's throttling.",
  },
  READ_TIMEOUT: {
    name: "ReadTimeout",
    remedy: "Refresh. If it stays, look on the dashboard whether the table throttles.",
  },
  TABLE_CONFLICT: { name: "TransactionConflictError", remedy: "Nothing: it is tried again later." },
  NO_TIME_LEFT: { name: "NoTimeLeftError", remedy: "Nothing: another worker takes the step." },
  NOTICE_REFUSED: {
    name: "NoticeRefusedError",
    remedy: "Correct the notice's address: `npx millrace doctor` checks it.",
    fatal: true,
  },
  NOTICE_DELAYED: {
    name: "NoticeDelayedError",
    remedy: "Nothing: the notice is sent again after that time.",
  },
  NOTICE_FAILED: {
    name: "NoticeFailedError",
    remedy: "Check that the receiver is up; the notice is sent again.",
  },

  // Failures of steps
  DEAD_LETTER: { name: "DeadLetter", remedy: "Fix what the step worker's log shows, then retry the run." },
  WORKER_LOST: {
    name: "WorkerLost",
    remedy:
      'Look at the log of the worker. If the function needs more memory, set size: "large" or make it a batch job.',
  },
  TIMEOUT: { name: "TimeoutError", remedy: "Raise the step's timeout, or give it more vCPUs or less work." },
  ATTEMPT_OVER: {
    name: "AttemptOverError",
    remedy: "Await everything that the step's function begins, and end it within the step's timeout.",
  },
  CODE_MISSING: { name: "CodeMissing", remedy: "Deploy the version that has it, or start a new run." },
  INVALID_INPUT: {
    name: "InvalidInput",
    remedy: "Correct what the pipeline's file passes to the step, then start a new run.",
  },
  RESULT_NOT_JSON: { name: "ResultNotJson", remedy: "Return JSON from the step's function." },
  MAP_TOO_LARGE: { name: "MapTooLarge", remedy: "Split the list over several steps." },
  LIST_CHANGED: { name: "ListChanged", remedy: "Start a new run: `npx millrace rerun RUN`." },
  REPEAT_LIMIT: {
    name: "RepeatLimit",
    remedy: "Raise the limit of repeat, or find out why its condition stays false.",
  },
  OBJECT_MISSING: {
    name: "ObjectMissing",
    remedy: "Find out why the object is late, or raise the deadline; then retry the run.",
  },
  NO_ANSWER: {
    name: "NoAnswer",
    remedy: "Retry the run and answer in time, or give the approval a default.",
  },
  REJECTED: { name: "Rejected", remedy: "Ask the person who answered; retry the run to ask again." },
  CANCELLED: { name: "Cancelled", remedy: "Retry the run to continue it." },
  CHILDREN_FAILED: {
    name: "ChildrenFailed",
    remedy: "Look at the failed children's log: `npx millrace logs RUN --step STEP`.",
  },
  CHILD_FAILED: {
    name: "ChildFailed",
    remedy: "Look at the child run, fix its failure, then retry this run.",
  },
  CHILD_CANCELLED: { name: "ChildCancelled", remedy: "Retry this run: the child run continues with it." },
  CHILD_TIMED_OUT: {
    name: "ChildTimedOut",
    remedy: "Raise the child pipeline's timeout, then retry this run.",
  },
  TRIGGER_FAILED: {
    name: "TriggerError",
    remedy: "Correct the trigger's params function, deploy, and start the run by hand.",
  },

  // Failures of Batch jobs
  JOB_FAILED: { name: "JobFailed", remedy: "Look at the job's log." },
  JOB_LOST: { name: "JobLost", remedy: "Look at the job's log, if it left one." },
  JOB_REJECTED: {
    name: "JobRejected",
    remedy: "Correct the job's resources, or deploy its family; then retry the run.",
    fatal: true,
  },
  SUBMIT_FAILED: {
    name: "SubmitFailed",
    remedy:
      "Check the AWS Health Dashboard and whether the step worker's role may submit jobs; then retry the run.",
  },
  SPOT_INTERRUPTION: {
    name: "SpotInterruption",
    remedy: "Set onDemandAfter or spot: false to get a machine that stays.",
  },
  OUT_OF_MEMORY: {
    name: "OutOfMemory",
    remedy: "Raise the job's memory, or list several sizes to try in order.",
  },
  KILLED: {
    name: "Killed",
    remedy: "It most likely ran out of memory: raise the job's memory, or list several sizes.",
  },
  MISCONFIGURED: {
    name: "Misconfigured",
    remedy: "No machine of the queue can fit the job: change its resources or the queue's machines.",
  },
  NO_CAPACITY: { name: "NoCapacity", remedy: "Raise the queue's vCPUs, or request less." },
  IMAGE_PULL_FAILED: {
    name: "ImagePullFailed",
    remedy: "Check that the family's image was pushed and that the execution role may read it.",
  },
  TASK_START_FAILED: { name: "TaskStartFailed", remedy: "Look at the job in the AWS Batch console." },
  JOB_FILE: { name: "JobFileError", remedy: "Let the job write its files as docs/batch-jobs.md describes." },
  INVALID_MANIFEST: {
    name: "InvalidManifest",
    remedy: "Let the job write its manifest as docs/batch-jobs.md describes.",
  },
  MANIFEST_MISSING: {
    name: "ManifestMissing",
    remedy: "Return from the job's function instead of exiting the process.",
  },

  // Errors that the Python SDK raises
  CONTRACT_BROKEN: {
    name: "ContractError",
    remedy: "Make the job and its contract.ts agree; run `npm run schemas`.",
  },
  SECRET_MISSING: {
    name: "SecretMissing",
    remedy: "Store the secret, or allow the family to read it in its access.json.",
  },
  STORAGE_FAILED: {
    name: "StorageError",
    remedy: "Try again; if it lasts, check the bucket and the job's role.",
  },
  OBJECT_NOT_FOUND: {
    name: "ObjectNotFound",
    remedy: "Check that the object exists and that the job asks for the right one.",
  },
  OBJECT_FORBIDDEN: {
    name: "ObjectForbidden",
    remedy: "Allow the job's role to read the object, or check that it exists.",
  },
  CONDITION_FAILED: {
    name: "ConditionFailed",
    remedy: "Write under another name: the object already exists or has changed.",
  },
  DIGEST_MISMATCH: { name: "DigestMismatch", remedy: "Make the artifact again: its content has changed." },
  CHECKPOINT_MISUSE: {
    name: "CheckpointError",
    remedy: "Let one attempt use the checkpoint, always with the same kind.",
  },
  INVALID_ARGUMENT: { name: "InvalidArgument", remedy: "Correct the argument in the job's code." },
  JOB_EXITED: { name: "JobExited", remedy: "Return from the job's function instead of calling sys.exit." },

  // The command line
  USAGE: { name: "UsageError", remedy: "Run the command with --help to see what it takes." },
  UNEXPECTED: {
    name: "UnexpectedError",
    remedy: "Run the command again with --verbose to see where it comes from.",
  },
  FUNCTION_FAILED: { name: "FunctionFailed", remedy: "Look at the function's log." },
  RESULT_MISSING: { name: "ResultMissing", remedy: "Look at the run: `npx millrace run RUN`." },
  ARTIFACT_NOT_FOUND: {
    name: "ArtifactNotFound",
    remedy: "List the artifacts: `npx millrace artifacts RUN`.",
  },
  ARTIFACT_GONE: { name: "ArtifactGone", remedy: "Start the pipeline again with refresh to make it again." },
  ARTIFACT_NOT_SHOWN: {
    name: "ArtifactNotShown",
    remedy: "Copy it to a file: `npx millrace artifacts get`.",
  },
  FILE_EXISTS: { name: "FileExists", remedy: "Choose another file with --output, or remove this one first." },
  FILE_NOT_WRITTEN: { name: "FileNotWritten", remedy: "Choose another file." },
  NAME_TAKEN: { name: "NameTaken", remedy: "Choose another name." },
  FILE_FORM: { name: "FileFormError", remedy: "Make the change by hand." },
  DEMO_FAILED: { name: "DemoFailed", remedy: "Look at the logs that the message names." },
  AWS_CREDENTIALS_MISSING: {
    name: "CredentialsMissing",
    remedy: "Set AWS_PROFILE, or log in with `aws sso login` or `aws configure`.",
  },
  AWS_CREDENTIALS_REFUSED: { name: "CredentialsRefused", remedy: "Log in again." },
  AWS_ACCESS_DENIED: {
    name: "AccessDenied",
    remedy: "Use credentials that may do it, or extend the permissions of these.",
  },
  AWS_UNREACHABLE: {
    name: "AwsUnreachable",
    remedy: "Check the network, HTTPS_PROXY, and whether --region is an AWS region.",
  },
  CONNECTION_LOST: { name: "ConnectionLost", remedy: "Run the command again." },
  STAGE_NOT_DEPLOYED: {
    name: "StageNotDeployed",
    remedy: "Deploy the stage: `npx sls deploy --stage STAGE`, or check --region.",
  },

  // Packaging, images and the local stack
  FAMILY_ACCESS: { name: "FamilyAccessError", remedy: "Correct the family's access.json." },
  COMMAND_FAILED: { name: "CommandError", remedy: "Fix what the command's output shows, then run it again." },
  IMAGES_NOT_BUILT: {
    name: "ImagesNotBuilt",
    remedy: "Build and push them: `npm run images -- --stage STAGE`.",
  },
  TEMPLATE_TOO_LARGE: {
    name: "TemplateTooLarge",
    remedy: "Remove what the message names, or move pipelines to a service of their own.",
  },
  LOCAL_STACK_NOT_RUNNING: {
    name: "LocalStackNotRunning",
    remedy: "Start it with `npm run stack` in another terminal, or name a deployed --stage.",
  },
  LOCAL_STACK_RUNNING: { name: "LocalStackRunning", remedy: "Stop it with `node local/stack.ts down`." },
  LOCAL_STACK_FAILED: {
    name: "LocalStackFailed",
    remedy: "Read the log; `node local/stack.ts reset` starts from nothing.",
  },
  PORT_TAKEN: { name: "PortTaken", remedy: "End the other program, or run `node local/stack.ts reset`." },
  LOCAL_DEPLOY_FAILED: { name: "LocalDeployFailed", remedy: "Fix what the output shows, then deploy again." },
} as const satisfies Readonly<Record<string, ErrorKind>>;

export type ErrorCode = keyof typeof errorKinds;
