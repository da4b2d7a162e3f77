// Sets the project up after a bare clone: Node packages and the Python environment; with --torch also what the jobs of
// poem_model need. Plain JavaScript for Node 20 without packages, because it runs before any exist.
import { setUp } from "./setup/set-up.mjs";

process.exitCode = await setUp({ torch: process.argv.includes("--torch") });
