// What the programs that we start must not take from the environment in which they were started.

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/** They make Python look for its own library, or for what it imports, in another installation. */
const OTHER_PYTHON = ["PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE", "__PYVENV_LAUNCHER__"];

/** @param {string | undefined} value */
function withLoopback(value) {
  const hosts = (value ?? "").split(",").map((host) => host.trim());
  return [...new Set([...hosts, ...LOOPBACK])].filter((host) => host !== "").join(",");
}

/**
 * An environment for the project's own programs: connections to this machine bypass proxies, and the Python in
 * `.venv` runs as it was installed. Everything else stays as it is.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function programEnvironment(env) {
  const kept = Object.entries(env).filter(([name]) => !OTHER_PYTHON.includes(name));
  // Programs read one or the other; if both are set, most of them use the lower-case one.
  const noProxy = withLoopback(env.no_proxy ?? env.NO_PROXY);
  return { ...Object.fromEntries(kept), NO_PROXY: noProxy, no_proxy: noProxy };
}
