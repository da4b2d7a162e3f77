/** Columns to write in: those of the terminal, at most 100 so that a line stays one look; 80 where there is none. */
export function terminalWidth(stream: NodeJS.WriteStream = process.stdout): number {
  return Math.min(stream.columns || 80, 100);
}
