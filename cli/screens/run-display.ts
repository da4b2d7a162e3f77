import { createLogUpdate } from "log-update";
import type { RunView } from "../../shared/run/run-view.ts";
import { durationText } from "../../shared/wording/units.ts";
import { waitText } from "../../shared/wording/wait-text.ts";
import { runScreen, stepChange } from "./run-screen.ts";
import { terminalWidth } from "./terminal-width.ts";

/** Shows a run as it progresses, and leaves its last state on the screen. */
export type RunDisplay = { show(view: RunView): void; done(): void };

/** Redraws in place on a terminal; elsewhere prints a line for each change. */
export function runDisplay(stream: NodeJS.WriteStream = process.stdout): RunDisplay {
  return stream.isTTY ? redrawingDisplay(stream) : lineDisplay((line) => stream.write(`${line}\n`));
}

function redrawingDisplay(stream: NodeJS.WriteStream): RunDisplay {
  const update = createLogUpdate(stream);
  return { show: (view) => update(runScreen(view, terminalWidth(stream))), done: () => update.done() };
}

/** Prints one line for each change of a run or one of its steps. */
export function lineDisplay(print: (line: string) => void): RunDisplay {
  const shown = new Map<string, string>();
  let first = true;
  return {
    show(view) {
      const changed = (key: string, line: string): boolean => {
        if (shown.get(key) === line) return false;
        shown.set(key, line);
        return true;
      };
      const time = new Date(Date.parse(view.startedAt) + view.milliseconds).toISOString().slice(11, 19);
      const took = view.endedAt === undefined ? "" : ` after ${durationText(view.milliseconds)}`;
      const state = `${time}  run ${view.runId} of ${view.pipeline}: ${view.state}${took}`;
      const stateChanged = changed("run", view.state);
      if (first) print(state);
      const waits = waitText(view);
      if (waits !== undefined && changed("waits", waits)) print(`${time}  ${waits}`);
      for (const step of view.steps) {
        const line = stepChange(step);
        const idle = step.state === "WAITING" || step.state === "READY";
        if (changed(`step ${step.name}`, line) && !(first && idle)) print(`${time}  ${line}`);
      }
      if (stateChanged && !first) print(state);
      first = false;
    },
    done() {},
  };
}
