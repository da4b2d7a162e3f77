import { type Budget, type Exploration, explore } from "./explore.ts";
import { smallGraphs } from "./small-graphs.ts";

/** What can go wrong, one kind at a time. */
export const budgets: Readonly<Record<string, Budget>> = {
  "two workers": {},
  "a message delivered twice": { copies: 1 },
  "a worker killed": { kills: 1 },
  "a worker that is overtaken": { delays: 1 },
  "a cancel": { cancels: 1 },
};

/** An exploration, with its graph and its budget. */
export type Explored = Exploration & { readonly graph: string; readonly budget: string };

/**
 * Explores small graphs under each budget, and yields each result.
 *
 * @param limit max. number of executions of one graph under one budget
 */
export async function* exploreAll(
  limit: number,
  graphs: readonly string[] = Object.keys(smallGraphs),
): AsyncGenerator<Explored> {
  for (const graph of graphs) {
    const spec = smallGraphs[graph];
    if (spec === undefined) throw new RangeError(`there is no small graph "${graph}"`);
    for (const [budget, allowed] of Object.entries(budgets)) {
      yield { graph, budget, ...(await explore(spec, allowed, limit)) };
    }
  }
}

/** Describes an exploration in one line. */
export function exploredText({
  graph,
  budget,
  states,
  executions,
  ends,
  crashPoints,
  complete,
}: Explored): string {
  const crashes = crashPoints > 0 ? `, ${crashPoints} crash points` : "";
  const part = complete ? "" : ", cut off by the limit";
  return `${graph}, ${budget}: ${states} states, ${executions} executions (${ends} to the end)${crashes}${part}`;
}
