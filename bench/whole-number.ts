import { InvalidArgumentError } from "commander";

/** Parses an option's value that is a count. @throws InvalidArgumentError, which commander reports with the option */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("It takes a whole number from 1.");
}
