import { Command } from "commander";
import { stopOnInterrupt } from "../../../bench/interrupt.ts";
import { wholeNumber } from "../../../bench/whole-number.ts";
import { deployService } from "../deployed-service.ts";
import { liveRound, roundsCatalogue } from "./round.ts";

async function main({ rounds, seed, trouble }: { rounds: number; seed: number; trouble: number }) {
  console.log(`seed ${seed}`);
  const service = await deployService({ catalogue: roundsCatalogue(seed, rounds), vcpus: 4 });
  const calm = stopOnInterrupt(() => service.close());
  try {
    for (let round = 0; round < rounds; round += 1) {
      const began = performance.now();
      const { violations, ...facts } = await liveRound(service, seed, round, trouble * 1000);
      const seconds = Math.round((performance.now() - began) / 1000);
      console.log(
        `round ${round}: ${facts.runs} runs, ${facts.results} results, ${facts.killed} workers killed, ${facts.crashed} crashes, ${seconds} s: ${facts.states}`,
      );
      for (const violation of violations) console.log(`  broken: ${violation}`);
      if (violations.length > 0) process.exitCode = 1;
    }
  } finally {
    calm();
    await service.close();
  }
}

const command = new Command("simulate:stack")
  .description("Live random runs under random faults through on the local stack, with real services.")
  .option("--rounds <number>", "how many rounds, one after the other", wholeNumber, 3)
  .option(
    "--seed <number>",
    "decides pipelines and trouble, though not the moment of each",
    wholeNumber,
    Date.now() % 1_000_000,
  )
  .option("--trouble <seconds>", "how long the trouble of a round lasts", wholeNumber, 20)
  .action(main);

await command.parseAsync();
