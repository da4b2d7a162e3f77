import * as z from "zod";
import { definePipeline, lambda } from "../shared/pipeline/index.ts";

/** How many children each of its maps has. */
export const sweptChildren = 10_000;
/** Its maps. */
export const sweptMaps = ["map_0", "map_1", "map_2", "map_3"] as const;

const upTo = ({ size }: { size: number }) => Array.from({ length: size }, (_, place) => place);

/** Four of the largest maps at once. */
export const sweptPipeline = definePipeline(
  { name: "bench-swept", params: z.strictObject({}) },
  ({ step, map }) => {
    const list = step("list", lambda({ size: sweptChildren }, upTo));
    for (const name of sweptMaps) map(name, list, (item) => lambda({ item }, ({ item }) => item));
  },
);
