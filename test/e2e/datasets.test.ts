/** Tests of pipelines that start by a dropped data set: one after the other on one stack. */
import "./datasets/poem-datalake.ts";
import "./datasets/ctr-training.ts";

jest.setTimeout(300_000);
