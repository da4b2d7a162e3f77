import type { Endpoints } from "../console/host/widget-host.ts";
import { readEnvironment } from "../platform/env.ts";

const { CONSOLE_ARN, CONSOLE_ACT_ARN } = readEnvironment();

/** The functions that a widget's buttons invoke. */
export const endpoints: Endpoints = { console: CONSOLE_ARN, act: CONSOLE_ACT_ARN };
