import type { Command } from "commander";

/** Commands that one module defines. */
export type CommandSource = {
  /** How the program's help shows each command: how it's typed, and what it does. */
  readonly lines: readonly (readonly [term: string, description: string])[];
  /** Loads the module with its options and everything its commands need. */
  readonly load: () => Promise<Command[]>;
};

/** Every command, in the order of the help. A module is loaded only if one of its commands is typed. */
export const commandSources: readonly CommandSource[] = [
  {
    lines: [["pipelines [options]", "list the pipelines with their triggers and parameters"]],
    load: async () => [(await import("./commands/pipelines.ts")).pipelinesCommand()],
  },
  {
    lines: [["graph [options] <what>", "draw a pipeline, or a run with the states of its steps"]],
    load: async () => [(await import("./commands/graph.ts")).graphCommand()],
  },
  {
    lines: [["runs [options]", "list runs, newest first"]],
    load: async () => [(await import("./commands/runs.ts")).runsCommand()],
  },
  {
    lines: [["figures [options]", "show by day how many runs ended, how long they took and what they cost"]],
    load: async () => [(await import("./commands/figures.ts")).figuresCommand()],
  },
  {
    lines: [["run [options] <id>", "show a run: its steps, their states, durations and errors"]],
    load: async () => [(await import("./commands/run.ts")).runCommand()],
  },
  {
    lines: [["console [options] [run]", "open the console: runs as pages in a browser, with buttons"]],
    load: async () => [(await import("./commands/console.ts")).consoleCommand()],
  },
  {
    lines: [["export [options] <run>", "write the pages of a run into one HTML file, to send it to others"]],
    load: async () => [(await import("./commands/export.ts")).exportCommand()],
  },
  {
    lines: [["result <run> [step]", "print the result of a run, or of one of its steps, as JSON"]],
    load: async () => [(await import("./commands/result.ts")).resultCommand()],
  },
  {
    lines: [["logs [options] <run>", "show the logs of a run's functions and Batch jobs, by time (UTC)"]],
    load: async () => [(await import("./commands/logs.ts")).logsCommand()],
  },
  {
    lines: [["artifacts [options] [run]", "list the artifacts of a run's steps; get or show one"]],
    load: async () => [(await import("./commands/artifacts.ts")).artifactsCommand()],
  },
  {
    lines: [["start [options] <pipeline>", "start a run"]],
    load: async () => [(await import("./commands/start.ts")).startCommand()],
  },
  {
    lines: [
      ["cancel [options] <id>", "cancel a run: nothing new starts, its Batch jobs and child runs are ended"],
      [
        "retry [options] <id>",
        "retry a run that failed or was cancelled: its steps without a result run again",
      ],
      ["pause [options] <id>", "pause a run: running steps and child runs finish, and nothing new starts"],
      ["resume [options] <id>", "resume a paused run"],
      ["rerun [options] <id>", "start a new run with the parameters and the time of an earlier one"],
      ["tag [options] <id> [tags...]", "add tags to a run, or remove them"],
      ["approve [options] <id> <step>", "approve or reject a step that waits for an approval"],
      [
        "limit [options] <limit> <slots>",
        "set how many runs of a pipeline or work queue may be under way at once",
      ],
    ],
    load: async () => (await import("./commands/manage.ts")).manageCommands(),
  },
  {
    lines: [["approvals [options]", "list what waits for a person's yes or no, in all runs"]],
    load: async () => [(await import("./commands/approvals.ts")).approvalsCommand()],
  },
  {
    lines: [
      [
        "schedules [options] [pipeline] [name]",
        "list schedules and upcoming runs; switch a schedule on or off",
      ],
    ],
    load: async () => [(await import("./commands/schedules.ts")).schedulesCommand()],
  },
  {
    lines: [["backfill", "backfill: run a pipeline for past times"]],
    load: async () => [(await import("./commands/backfill.ts")).backfillCommand()],
  },
  {
    lines: [["queues [options] [queue]", "show the runs that wait and those that hold slots; pause a queue"]],
    load: async () => [(await import("./commands/queues.ts")).queuesCommand()],
  },
  {
    lines: [
      [
        "models [options] [name] [what...]",
        "show registered models; compare versions, move aliases, roll back",
      ],
    ],
    load: async () => [(await import("./commands/models.ts")).modelsCommand()],
  },
  {
    lines: [["doctor [options]", "check the health of a stage: deployment, data, jobs, quotas and notices"]],
    load: async () => [(await import("./commands/doctor.ts")).doctorCommand()],
  },
  {
    lines: [["init [options] <name>", "create a pipeline with its test from a template"]],
    load: async () => [(await import("./commands/init.ts")).initCommand()],
  },
  {
    lines: [
      [
        "completion <shell>",
        "print the shell script that completes commands, options, pipelines and run ids",
      ],
    ],
    load: async () => [(await import("./commands/completion.ts")).completionCommand()],
  },
];
