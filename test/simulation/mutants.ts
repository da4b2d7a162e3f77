/** A known mistake: a change in one place of the engine. */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** A seed that found it. It's tried first if finding the mistake takes long. */
  readonly seed?: number;
};

/** Environment variables that name the engine's changed file and hold its content. */
export const mutantVariables = { file: "MILLRACE_MUTANT_FILE", source: "MILLRACE_MUTANT_SOURCE" } as const;

/** Mistakes that the simulation must find. Each was made once, or is one that systems of this kind make. */
export const mutants: readonly Mutant[] = [
  {
    name: "a claim is written without a condition",
    file: "shared/step/claim-step.ts",
    find: "const put = await engine.store.putStep(outcome.record, current?.version);\n    if (put.ok)",
    replace: `const seen = await engine.store.getStep(request.key);
    const put = await engine.store.putStep(outcome.record, seen?.version);
    if (put.ok)`,
  },
  {
    name: "a commit is written without a condition",
    file: "shared/step/claim-step.ts",
    find: "const put = await engine.store.putStep(next, held.version);",
    replace: `const seen = await engine.store.getStep(held);
  const put = await engine.store.putStep(next, seen?.version);`,
  },
  {
    name: "a step is joined before it is committed",
    file: "shared/step/finish-attempt.ts",
    find: "if ((await replaceStep(engine, next, held)) === undefined) return false;\n  if (hasResult(next)",
    replace:
      "await joinEnded(engine, work, next);\n  if ((await replaceStep(engine, next, held)) === undefined) return false;\n  if (hasResult(next)",
  },
  {
    name: "a repeated report of an end isn't joined again",
    file: "shared/worker/handle-step-message.ts",
    find: 'if (claim.kind === "ended") return joinEnded(engine, work, claim.record);',
    replace: 'if (claim.kind === "ended") return;',
  },
  {
    name: "a message of an earlier epoch is worked on",
    file: "shared/state/decide-claim.ts",
    find: "  if (current.epoch < epoch) return claimed(",
    replace:
      '  if (current.epoch < epoch && hasEnded(current)) return { kind: "ended", record: current };\n  if (current.epoch < epoch) return claimed(',
  },
  {
    name: "a lease is ignored",
    file: "shared/state/decide-claim.ts",
    find: "if (current.leaseUntil > now) return",
    replace: "if (current.leaseUntil > now + 600_000) return",
  },
  {
    name: "a retry doesn't wait for its time",
    file: "shared/state/decide-claim.ts",
    find: "if (current.retryAt > now) return",
    replace: "if (current.retryAt > now + 3_600_000) return",
  },
  {
    name: "the number of failures is lost when a step is claimed again",
    file: "shared/state/decide-claim.ts",
    find: "return claimNextAttempt(request, current);",
    replace: "return claimNextAttempt(request, { ...current, failures: 0 });",
  },
  {
    name: "a lost attempt counts as a failure",
    seed: 66,
    file: "shared/state/step-changes.ts",
    find: ": withLosses(record, lostTo, times);",
    replace: ": withLosses({ ...record, failures: record.failures + 1 }, lostTo, times);",
  },
  {
    name: "a child's join restarts the tally",
    file: "shared/step/map-step.ts",
    find: "if ((await replaceStep(engine, expanded(held, children), held)) === undefined) return;",
    replace:
      'await replaceStep(engine, expanded(held, children), held);\n  await engine.store.joinTally(tallyKey(work, "map"), work.run.epoch, 0, "done");',
  },
  {
    name: "a map over other maps' results keeps no items for its children",
    file: "shared/step/step-input.ts",
    find: "if (items !== undefined && (await keepsItems(engine, work)))",
    replace: "if (items !== undefined && run.epoch < 0)",
  },
  {
    name: "children of a map read another map's results one by one",
    file: "shared/step/step-input.ts",
    find: "if (results !== undefined) await keepResults(",
    replace: "if (results !== undefined && run.epoch < 0) await keepResults(",
  },
  {
    name: "the sweep reads results",
    file: "shared/worker/sweep-run.ts",
    find: ": await outlinesOf(engine.store, run.runId, node.name);",
    replace: ": await engine.store.listSteps(run.runId, node.name);",
  },
  {
    name: "a cancel reads results",
    file: "shared/cancel/settle-cancellation.ts",
    find: "  const open = await openSteps(engine, run);\n  const shards",
    replace:
      "  const open = (await engine.store.listSteps(run.runId)).filter((record) => isOpen(record, run));\n  const shards",
  },
  {
    name: "a listing of steps ends with its first page",
    file: "shared/run/listed-steps.ts",
    find: "} while (from !== undefined);",
    replace: "} while (from === null);",
  },
  {
    name: "a run publishes over what a run for something newer has published",
    file: "shared/state/publication.ts",
    find: "return origin.at < published.at;",
    replace: "return origin.at === published.uri;",
  },
  {
    name: "an event with another time is another cause",
    file: "shared/trigger/start-for-object.ts",
    find: "return version === undefined ? at :",
    replace: "return version !== undefined ? at :",
  },
  {
    name: "a map ends when all but one of its children have",
    file: "shared/step/join-step.ts",
    find: "return tally.done.size + tally.failed.size >= tally.size;",
    replace: "return tally.done.size + tally.failed.size >= Math.max(1, tally.size - 1);",
  },
  {
    name: "a submission that is taken over doesn't look for its job",
    seed: 43,
    file: "shared/batch/submit-step.ts",
    find: "const before = resumed\n",
    replace: "const before = resumed && held.attempt > 9\n",
  },
  {
    name: "a successful job is accepted without its manifest's result",
    seed: 41,
    file: "shared/batch/job-files.ts",
    find: 'return manifest && { kind: "succeeded"',
    replace:
      'if (manifest === undefined) return { kind: "succeeded", output: null };\n    return manifest && { kind: "succeeded"',
  },
  {
    name: "a job that died after its manifest is retried",
    seed: 232,
    file: "shared/batch/job-files.ts",
    find: "if (end !== undefined) return end;\n  const succeeded",
    replace: 'if (end !== undefined && detail.state === "SUCCEEDED") return end;\n  const succeeded',
  },
  {
    name: "the sweep never sends hints again",
    file: "shared/worker/sweep-step.ts",
    find: "if (record === undefined || record.epoch < run.epoch || needsHint(record, work, engine.clock.now())) {",
    replace:
      "if (record === undefined || record.epoch < run.epoch || needsHint(record, work, engine.clock.now())) {\n    if (run.epoch > 0) return;",
  },
  {
    name: "the sweep never asks about jobs",
    file: "shared/worker/sweep-step.ts",
    find: "if (hasJobs(record)) await sweepOwnJobs(engine, work, [record], records);",
    replace: "",
  },
  {
    name: "a cancel forgets jobs",
    seed: 321,
    file: "shared/batch/cancel-jobs.ts",
    find: "const open = new Set(wholes.filter((job) => !isOver(job)).map(({ id }) => id));",
    replace: "const open = new Set<string>();",
  },
  {
    name: "a retry reruns steps that had succeeded",
    seed: 189,
    file: "shared/state/decide-claim.ts",
    find: 'if (hasResult(current)) return { kind: "ended", record: current };',
    replace: 'if (hasResult(current) && current.epoch === epoch) return { kind: "ended", record: current };',
  },
  {
    name: "only one of the steps that become ready together gets a hint",
    seed: 253,
    file: "shared/run/advance-run.ts",
    find: "const ready = newlyReady(graph, joined.progress, planned, step);",
    replace: "const ready = newlyReady(graph, joined.progress, planned, step).slice(0, 1);",
  },
  {
    name: "a large worker continues with every step that follows",
    file: "shared/worker/handle-step-message.ts",
    find: "if (size !== engine.workerSize) {",
    replace: 'if (size === "large" && engine.workerSize === "small") {',
  },
  {
    name: "a function that lost its worker shares the next one",
    file: "shared/worker/handle-step-message.ts",
    find: 'if (claim.kind === "claim" && size === "small" && isSuspect(work, claim.record))',
    replace: 'if (claim.kind === "claim" && size === "small" && claim.record.attempt < 0)',
  },
  {
    name: "a step that a worker released becomes a completed wait",
    file: "shared/step/release-step.ts",
    find: "await engine.store.putStep({ ...held, leaseUntil: releasedLease }, held.version);",
    replace: `const { leaseUntil: _lease, ...facts } = held;
    await engine.store.putStep({ ...facts, holder: "clock", state: "RUNNING", wakeAt: engine.clock.now() }, held.version);`,
  },
  {
    name: "a paused run continues",
    seed: 33,
    file: "shared/run/after-run-step.ts",
    find: 'return isAfterRunStep(step) ? follows(step, run.state) : run.state === "RUNNING";',
    replace:
      'return isAfterRunStep(step) ? follows(step, run.state) : run.state === "RUNNING" || run.state === "PAUSED";',
  },
  {
    name: "the sweep never looks at a step's child run",
    seed: 74,
    file: "shared/worker/look-at-suspended.ts",
    find: "run: lookAtChild,",
    replace: "run: async () => {},",
  },
  {
    name: "more runs are admitted than a limit allows",
    file: "shared/adapters/memory/memory-run-store.ts",
    find: "const { holders, limit: set } = this.slotsOf(name);",
    replace:
      "const { holders: _holders, limit: set } = this.slotsOf(name);\n      const holders: ReadonlySet<string> = new Set();",
  },
  {
    name: "a repeated join counts what the step cost again",
    file: "shared/adapters/memory/memory-run-store.ts",
    find: "if (hasJoined(run, step)) return copyState(run);",
    replace: "",
  },
  {
    name: "a map that its own message joins forgets what its children cost",
    file: "shared/step/join-step.ts",
    find: 'if (record.index !== "map") return own;',
    replace: "if (record.epoch > 0) return own;",
  },
  {
    name: "a run that is reopened stays in the figures by day",
    file: "shared/adapters/memory/memory-run-store.ts",
    find: "this.count(run, run.counted, undefined);",
    replace: "",
  },
  {
    name: "an end that is repeated counts again in the figures by day",
    seed: 48,
    file: "shared/adapters/memory/memory-run-store.ts",
    find: "if (!isActive(run)) return run.state === to && run.endedAt === endedAt;",
    replace:
      "if (!isActive(run)) {\n      this.count(run, undefined, countedAt(asRead, end));\n      return run.state === to && run.endedAt === endedAt;\n    }",
  },
  {
    name: "an approval of a run that is being cancelled is listed among those that wait",
    seed: 235,
    file: "shared/run/waiting-approvals.ts",
    find: "run === undefined || !isUnderWay(run)",
    replace: 'run === undefined || "endedAt" in run',
  },
  {
    name: "the next attempt forgets the earlier attempts of its function",
    file: "shared/state/step-facts.ts",
    find: "const facts = only(before, (name) => name in stepFacts.shape);",
    replace: 'const facts = only(before, (name) => name in stepFacts.shape && name !== "functionAttempts");',
  },
  {
    name: "a run that ends keeps its slots",
    file: "shared/adapters/memory/memory-run-store.ts",
    find: "filter((holder) => holder !== runId)",
    replace: "filter(() => runId !== undefined)",
  },
  {
    name: "a slot that becomes free after a refusal goes to the run behind the refused one",
    seed: 176,
    file: "shared/run/admit-runs.ts",
    find: "    for (const name of refusing) full.add(name);\n    const next = refusing.length > 0 ? undefined : await",
    replace: "    const next = await",
  },
  {
    name: "a full limit closes only the lane of the run that was refused",
    seed: 176,
    file: "shared/run/admit-runs.ts",
    find: "    for (const name of refusing) full.add(name);\n",
    replace: "",
  },
  {
    name: "waiting runs are admitted in the order of their lanes",
    file: "shared/run/admit-runs.ts",
    find: "heads.toSorted((a, b) => (a.order < b.order ? -1 : 1));",
    replace: "heads.toSorted((a, b) => (a.lane < b.lane ? -1 : 1));",
  },
  {
    name: "a backfill's cancel ends runs that another backfill wants",
    seed: 58,
    file: "shared/backfill/drive-backfill.ts",
    find: '    if (isWantedOnlyBy(run, id)) {\n      await cancelRunAs(engine, run, "CANCELLED", stoppedWith(id), { wantedOnlyBy: id });',
    replace:
      '    if (isWanted(run, id)) {\n      await cancelRunAs(engine, run, "CANCELLED", stoppedWith(id));',
  },
  {
    name: "a backfill doesn't record that it wants another's runs",
    seed: 200,
    file: "shared/backfill/drive-backfill.ts",
    find: "return hasWanters(run) && !wantersOf(run).has(id);",
    replace: "return hasWanters(run) && wantersOf(run).has(id);",
  },
  {
    name: "a run that ended with another backfill's cancel counts as failed",
    seed: 36,
    file: "shared/state/backfill.ts",
    find: 'return run.state === "CANCELLED" && /^backfill',
    replace: 'return run.state === "CANCELLED" && run.epoch > 9 && /^backfill',
  },
  {
    name: "any_failed runs its step after any ends",
    file: "shared/state/plan.ts",
    find: 'if (rule === "any_failed") return failed ? "READY" : "SKIPPED";',
    replace: 'if (rule === "any_failed") return "READY";',
  },
  {
    name: "a repeat makes one pass too many",
    seed: 33,
    file: "shared/step/repeat-step.ts",
    find: "if (passes < repeat.limit)",
    replace: "if (passes <= repeat.limit)",
  },
  {
    name: "a run is closed when the first hook, notice or start after its end has ended",
    seed: 136,
    file: "shared/step/join-step.ts",
    find: "if ((await openAfterRunSteps(engine, run, graph)).length === 0)",
    replace: "if ((await openAfterRunSteps(engine, run, graph)).length >= 0)",
  },
  {
    name: "each attempt to start a following pipeline starts another run",
    seed: 53,
    file: "shared/step/dependant-step.ts",
    find: 'causeKey: JSON.stringify(["succeeded", runId]),',
    replace: 'causeKey: JSON.stringify(["succeeded", runId, engine.clock.now()]),',
  },
  {
    name: "a submission with an expired lease is a lost attempt",
    seed: 56,
    file: "shared/state/decide-claim.ts",
    find: 'if (lapsed.state !== "SUBMITTED" && lapsed.leaseUntil !== releasedLease) {',
    replace: "if (lapsed.leaseUntil !== releasedLease) {",
  },
  {
    name: "a step that a worker released counts as lost",
    file: "shared/state/decide-claim.ts",
    find: 'if (lapsed.state !== "SUBMITTED" && lapsed.leaseUntil !== releasedLease) {',
    replace: 'if (lapsed.state !== "SUBMITTED") {',
  },
  {
    name: "the passes of a repeated step share its retries",
    seed: 382,
    file: "shared/state/step-changes.ts",
    find: "    failures: 0,\n    passes",
    replace: "    failures: record.failures,\n    passes",
  },
  {
    name: "an error remains after a retry by hand",
    seed: 116,
    file: "shared/state/run-changes.ts",
    find: "    error: _error,\n",
    replace: "",
  },
  {
    name: "attempts share a prefix in S3",
    file: "shared/objects/layout.ts",
    find: "attempt}/`;",
    replace: "epoch}/`;",
  },
  {
    name: "a cancelled run doesn't wait for the end of its jobs",
    seed: 66,
    file: "shared/batch/cancel-jobs.ts",
    find: "if (record.jobs.some(({ id }) => running.has(id))) return false;",
    replace: "if (record.jobs.some(({ id }) => running.has(id))) return true;",
  },
  {
    name: "a run without a parent is taken for an orphan",
    file: "shared/step/child-step.ts",
    find: 'if (cause.kind !== "step") return true;',
    replace: 'if (cause.kind !== "step") return engine.random() > 0.05;',
  },
  {
    name: "a worker continues a run that it knows to be paused",
    seed: 439,
    file: "shared/run/advance-run.ts",
    find: 'if (joined.state === "PAUSED") return;',
    replace: "",
  },
  {
    name: "a job may wait for a machine forever",
    file: "shared/jobs/sweep-jobs.ts",
    find: "if (since !== undefined && waited < engine.settings.runnableSeconds * 1000) return;",
    replace: "if (since !== undefined && waited < engine.settings.runnableSeconds * 1e6) return;",
  },
  {
    name: "a job that Batch has forgotten never ends",
    seed: 41,
    file: "shared/jobs/sweep-jobs.ts",
    find: "if (current !== undefined) await forgottenJobEnded(engine, work, current);",
    replace: "",
  },
  {
    name: "an object whose event was lost is never found",
    seed: 363,
    file: "shared/state/holders.ts",
    find: "dueAt: ({ deadlineAt }) => deadlineAt,\n    mustLook: true,",
    replace: "dueAt: ({ deadlineAt }) => deadlineAt,\n    mustLook: false,",
  },
  {
    name: "a run's time limit is ignored",
    seed: 235,
    file: "shared/worker/sweep-run.ts",
    find: "if (deadline !== undefined && deadline <= engine.clock.now()) {",
    replace: "if (deadline !== undefined && deadline <= 0) {",
  },
  {
    name: "a run that is scheduled for later begins at once",
    file: "shared/run/start-run.ts",
    find: "> now + clockSkew;",
    replace: "> now + 1e12;",
  },
  {
    name: "a scheduled run begins without a slot",
    file: "shared/worker/sweep-run.ts",
    find: 'openingState(run) === "QUEUED" ? ({ to: "QUEUED" } as const)',
    replace: 'openingState(run) === "QUEUED" && run.epoch > 9 ? ({ to: "QUEUED" } as const)',
  },
  {
    name: "a step never leaves Spot machines",
    file: "shared/state/attempt-resources.ts",
    find: "const onDemand = spotTriesLeft(resources, record) === 0 ?",
    replace: "const onDemand = spotTriesLeft(resources, record) === -1 ?",
  },
  {
    name: "a function that was timed out still reaches the world",
    seed: 433,
    file: "shared/step/attempt-guard.ts",
    find: "if (this.over === undefined) return;",
    replace: "if (this.over !== null) return;",
  },
  {
    name: "a function that returns after its time succeeds",
    seed: 158,
    file: "shared/step/function-step.ts",
    find: 'const isLate = first === "over" || time.isOver;',
    replace: 'const isLate = first === "over";',
  },
  {
    name: "a worker doesn't wait until a commit is no longer throttled, and keeps no result",
    seed: 40,
    file: "shared/step/commit-outcome.ts",
    find: "if (!passes(error)) throw error;\n      isKept",
    replace: "throw error;\n      isKept",
  },
  {
    name: "nobody looks for the result of a worker whose commit was throttled",
    seed: 40,
    file: "shared/worker/handle-step-message.ts",
    find: "const lapsed = await settleLapsed(engine, work, claim.record, deadline);",
    replace: 'const lapsed: string = "lost";',
  },
  {
    name: "a release that is throttled isn't noted",
    seed: 144,
    file: "shared/step/release-step.ts",
    find: "if (passes(error)) isNoted ||= await keepOutcome(engine, run, held, { released: true });",
    replace: "",
  },
  {
    name: "the steps beside a function that blocks are left to their leases",
    seed: 94,
    file: "shared/worker/end-blocked.ts",
    find: "if (blocker === undefined && isFunction) return releaseAlone(engine, work, held, deadline);",
    replace: "if (blocker === undefined && isFunction) return undefined;",
  },
  {
    name: "a function from a blocked worker shares a worker again",
    seed: 36,
    file: "shared/worker/handle-step-message.ts",
    find: "record.alone === true || lossesTo",
    replace: "lossesTo",
  },
  {
    name: "a dead letter costs whatever attempt is ahead",
    seed: 33,
    file: "shared/worker/fail-dead-letter.ts",
    find: "if (attemptAhead(record, epoch) !== attempt) return;",
    replace: "",
  },
  {
    name: "a forgotten job's files are not looked for",
    seed: 85,
    file: "shared/jobs/sweep-jobs.ts",
    find: "const end = await readForgottenEnd(engine, work.run, { ...held, index }, forgotten.id);",
    replace: "const end = undefined as Awaited<ReturnType<typeof readForgottenEnd>>;",
  },
  {
    name: "a function may work longer than its lease",
    seed: 85,
    file: "shared/step/function-step.ts",
    find: "Math.min(deadline - commitReserve, held.leaseUntil) - this.begun",
    replace: "deadline - commitReserve - this.begun",
  },
  {
    name: "a result is kept for other runs after its step has succeeded",
    seed: 226,
    file: "shared/step/finish-attempt.ts",
    find: "  await keepResult(engine, work, record);\n  await commitEnd(engine, work, held, record);",
    replace: "  await commitEnd(engine, work, held, record);\n  await keepResult(engine, work, record);",
  },
  {
    name: "a run is closed before its slot is given to the next one",
    seed: 70,
    file: "shared/run/end-run.ts",
    find: "  await followEnd(engine, run, afterRunSteps);\n  // The last step",
    replace: `  if (!wasStopped(to) && afterRunSteps.length === 0) await engine.store.closeRun(runId, epoch);
  await followEnd(engine, run, afterRunSteps);
  // The last step`,
  },
  {
    name: "the next look at a waiting run is put off before the run is admitted",
    seed: 96,
    file: "shared/worker/sweep-run.ts",
    find: '  if (run.onCollision !== "queue" || !admitted.has(run.queue)) {',
    replace: `  await engine.store.deferRun(run.runId, engine.clock.now() + queuedLook, "QUEUED");
  if (run.onCollision !== "queue" || !admitted.has(run.queue)) {`,
  },
  {
    name: "an interrupted submission of functions is not completed",
    file: "shared/batch/submit-step.ts",
    find: "await engine.batch.complete(id);",
    replace: "",
  },
  {
    name: "a function that never reports its end is waited for",
    seed: 449,
    file: "shared/batch/function-jobs.ts",
    find: "if (clock.now() > lostAt)",
    replace: "if (clock.now() > lostAt + 86_400_000)",
  },
  {
    name: "a function that was ended before it began counts as waiting",
    file: "shared/batch/function-jobs.ts",
    find: "if (stopped !== undefined) return failed(stopped.reason, stopped.at);",
    replace: "",
  },
];
