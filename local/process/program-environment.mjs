// What the programs that we start may not take from the environment they were started in.

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/** They make a Python look for its own library, or for what it imports, in another installation. */
const OTHER_PYTHON = ["PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE", "__PYVENV_LAUNCHER__"];

/** @param {string | undefined} value */
function withLoopback(value) {
  const hosts = (value ?? "").split(",").map((host) => host.trim());
  return [...new Set([...hosts, ...LOOPBACK])].filter((host) => host !== "").join(",");
}

/**
 * An environment for the project's own programs: connections to this machine go through no proxy, and the Python of
 * `.venv` is used as it was installed. Everything else stays as it is.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function programEnvironment(env) {
  const kept = Object.entries(env).filter(([name]) => !OTHER_PYTHON.includes(name));
  // Programs read one or the other; where both are set, most take the lower-case one.
  const noProxy = withLoopback(env.no_proxy ?? env.NO_PROXY);
  return { ...Object.fromEntries(kept), NO_PROXY: noProxy, no_proxy: noProxy };
}
