/**
 * The columns to write in: the terminal's, but at most 100 so that a line stays easy to read; 80 without a terminal.
 */
export function terminalWidth(stream: NodeJS.WriteStream = process.stdout): number {
  return Math.min(stream.columns || 80, 100);
}
