/** 1 January 2021, when every simulation starts. Epoch milliseconds. */
export const simulationStart = Date.parse("2021-01-01T00:00:00Z");
