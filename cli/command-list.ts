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
    lines: [["pipelines [options]", "list the pipelines: what starts them, their parameters"]],
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
    lines: [["run [options] <id>", "show a run: its steps, their states, durations and errors"]],
    load: async () => [(await import("./commands/run.ts")).runCommand()],
  },
  {
    lines: [["result <run> [step]", "print the result of a run, or of one of its steps, as JSON"]],
    load: async () => [(await import("./commands/result.ts")).resultCommand()],
  },
  {
    lines: [
      ["logs [options] <run>", "show what a run's functions and Batch jobs logged, in order of time (UTC)"],
    ],
    load: async () => [(await import("./commands/logs.ts")).logsCommand()],
  },
  {
    lines: [["artifacts [options] [run]", "list what a run's steps made; get or show one"]],
    load: async () => [(await import("./commands/artifacts.ts")).artifactsCommand()],
  },
  {
    lines: [["start [options] <pipeline>", "start a run"]],
    load: async () => [(await import("./commands/start.ts")).startCommand()],
  },
  {
    lines: [
      ["cancel [options] <id>", "cancel a run: nothing new starts, its Batch jobs and child runs are ended"],
      ["retry [options] <id>", "run again what has no result in a run that ended without success"],
      ["pause [options] <id>", "pause a run: what runs ends, child runs too, and nothing new starts"],
      ["resume [options] <id>", "let a paused run go on"],
      ["rerun [options] <id>", "start a new run with the parameters and the time of an earlier one"],
      ["tag [options] <id> [tags...]", "give a run tags, or take them from it"],
      ["approve [options] <id> <step>", "answer a step that waits for a person's yes or no"],
      [
        "limit [options] <limit> <slots>",
        "set how many runs of a pipeline or work queue may be under way at once",
      ],
    ],
    load: async () => (await import("./commands/manage.ts")).manageCommands(),
  },
  {
    lines: [
      [
        "schedules [options] [pipeline] [name]",
        "list schedules and the runs to come; switch a schedule on or off",
      ],
    ],
    load: async () => [(await import("./commands/schedules.ts")).schedulesCommand()],
  },
  {
    lines: [["backfill", "run a pipeline for times that have passed"]],
    load: async () => [(await import("./commands/backfill.ts")).backfillCommand()],
  },
  {
    lines: [
      ["queues [options] [queue]", "show who waits in which order, and who holds the slots; pause a queue"],
    ],
    load: async () => [(await import("./commands/queues.ts")).queuesCommand()],
  },
  {
    lines: [
      [
        "models [options] [name] [what...]",
        "look at registered models; compare versions, move their aliases, roll back",
      ],
    ],
    load: async () => [(await import("./commands/models.ts")).modelsCommand()],
  },
  {
    lines: [
      ["doctor [options]", "look whether a stage is well: its deployment, data, jobs, quotas and notices"],
    ],
    load: async () => [(await import("./commands/doctor.ts")).doctorCommand()],
  },
  {
    lines: [["init [options] <name>", "make a new pipeline with its test, from a template"]],
    load: async () => [(await import("./commands/init.ts")).initCommand()],
  },
  {
    lines: [
      [
        "completion <shell>",
        "print what a shell needs to complete commands, options, pipelines and ids of runs",
      ],
    ],
    load: async () => [(await import("./commands/completion.ts")).completionCommand()],
  },
];
