/** Classes of lines, which differ by colour and by their dashes. */
const classes = [
  "mr-series mr-series-0",
  "mr-series mr-series-1",
  "mr-series mr-series-2",
  "mr-series mr-series-3",
  "mr-series mr-series-4",
  "mr-series mr-series-5",
] as const;

/** Lines that one picture can tell apart. */
export const maxSeries = classes.length;

/** The class of a picture's line by its number, from 0. */
export const seriesClass = (number: number): string => classes[number % maxSeries] ?? classes[0];
