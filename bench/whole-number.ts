import { InvalidArgumentError } from "commander";

/** Reads an option's value that counts something. @throws InvalidArgumentError, which commander tells with the option */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("It takes a whole number from 1.");
}
