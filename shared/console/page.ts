import type { Host } from "./host/host.ts";
import type { Content } from "./html.ts";
import type { Sources } from "./sources.ts";

/** One page: its title, what it reads, and how it shows that. Reading knows no host; showing reads nothing. */
export type Page<R, D> = {
  readonly title: (request: R) => string;
  /** @throws MillraceError if there is nothing to show */
  readonly read: (sources: Sources, request: R) => Promise<D>;
  readonly show: (data: D, request: R, host: Host) => Content;
  /** The words of the command that answers the same as JSON. */
  readonly command?: (request: R) => readonly string[];
};

/** Draws what a page has read. */
export type Drawing = (host: Host) => Content;

/** A page, without the type of its data. */
export type BuiltPage<R> = {
  readonly title: (request: R) => string;
  /** @throws MillraceError if there is nothing to show */
  readonly read: (sources: Sources, request: R) => Promise<Drawing>;
  readonly command?: (request: R) => readonly string[];
};

/** Puts a page's reading and showing together, and hides the type of its data. */
export function page<R, D>({ title, read, show, command }: Page<R, D>): BuiltPage<R> {
  return {
    title,
    async read(sources, request) {
      const data = await read(sources, request);
      return (host) => show(data, request, host);
    },
    ...(command !== undefined && { command }),
  };
}
