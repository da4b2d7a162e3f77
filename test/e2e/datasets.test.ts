/** Tests of pipelines that start when a data set is dropped. They run one after the other on one stack. */
import "./datasets/poem-datalake.ts";
import "./datasets/ctr-training.ts";
import "./datasets/ridge-sweep.ts";
