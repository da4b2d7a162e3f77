/** 1 January 2021 in epoch milliseconds, when every simulation starts. */
export const simulationStart = Date.parse("2021-01-01T00:00:00Z");
