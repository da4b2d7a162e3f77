import { styleText } from "node:util";
import { createLogUpdate } from "log-update";
import { durationText, truncateMiddle } from "../../shared/wording/units.ts";
import { terminalWidth } from "../screens/terminal-width.ts";

const nameWidth = 9;
const redrawMs = 150;

function line(symbol: string, name: string, text: string, milliseconds: number): string {
  const width = terminalWidth();
  const took = durationText(milliseconds);
  const space = width - 4 - nameWidth - took.length - 1;
  return `  ${symbol} ${name.padEnd(nameWidth)}${truncateMiddle(text, space).padEnd(space)} ${took}`;
}

/** What a phase prints when it's done, and its value. */
export type PhaseEnd<T> = { text: string; value: T };

/**
 * Runs one phase of the demo. Shows what is being done, then what was done and how long it took. A terminal shows one
 * line that is redrawn; other outputs get a line before and a line after.
 *
 * @param doing what is being done; called again at each redraw, so that it can report progress
 */
export async function phase<T>(
  name: string,
  doing: () => string,
  work: () => Promise<PhaseEnd<T>>,
): Promise<T> {
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  const update = process.stdout.isTTY ? createLogUpdate(process.stdout) : undefined;
  const draw = () => update?.(line(styleText("cyan", "▶"), name, doing(), elapsed()));
  if (update === undefined) console.log(`  … ${name.padEnd(nameWidth)}${doing()}`);
  draw();
  const timer = setInterval(draw, redrawMs);
  const end = (last: string) => {
    clearInterval(timer);
    if (update === undefined) return console.log(last);
    update(last);
    update.done();
  };
  try {
    const { text, value } = await work();
    end(line(styleText("green", "✓"), name, text, elapsed()));
    return value;
  } catch (error) {
    end(line(styleText("red", "✗"), name, doing(), elapsed()));
    throw error;
  }
}
