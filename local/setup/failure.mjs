// Says in one line why npm or pip failed.

const LINES_SHOWN = 25;

const PROXY_VARIABLES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const NPM_PROXY_VARIABLES = ["npm_config_https_proxy", "npm_config_proxy"];

/**
 * The proxy that connections go through, as text to add to a message; empty if there is none.
 * @param {NodeJS.ProcessEnv} [env]
 */
export function throughProxy(env = process.env) {
  const name = [...NPM_PROXY_VARIABLES, ...PROXY_VARIABLES].find((each) => env[each]);
  if (name === undefined) return "";
  // A proxy's address may hold a password.
  const address = (env[name] ?? "").replace(/\/\/[^@/]*@/, "//…@");
  return ` through the proxy ${address} (${name})`;
}

/**
 * What is wrong, identified by what npm and pip print. The first match counts.
 * @type {{ pattern: RegExp, reason: (tool: string, root: string) => string }[]}
 */
const KNOWN = [
  {
    pattern: /ENOSPC|No space left on device|Disk quota exceeded|EDQUOT/i,
    reason: (_, root) => `the disk of ${root} is full: free some space`,
  },
  {
    pattern: /EROFS|Read-only file system/i,
    reason: (_, root) => `a folder is read-only: make ${root} and all that is in it writable`,
  },
  {
    pattern: /\bEACCES\b|\bEPERM\b|Permission denied/,
    reason: (_, root) => `a folder may not be written: make ${root} and all that is in it yours`,
  },
  {
    pattern:
      /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH|ProxyError|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Temporary failure in name resolution/,
    reason: (tool) =>
      `${tool} can't reach its registry${throughProxy()}: check the network${throughProxy() === "" ? "" : " and the proxy"}, then run this again`,
  },
  {
    pattern: /do not match the hashes|EINTEGRITY/,
    reason: (tool) => `a package that ${tool} got is not the one in the lock: check the registry it uses`,
  },
];

/**
 * Why a tool failed: one line if the reason is known, otherwise the end of what it printed.
 * @param {string} tool
 * @param {string} output
 * @param {string} root folder of the project
 */
export function failureText(tool, output, root) {
  const known = KNOWN.find(({ pattern }) => pattern.test(output));
  if (known !== undefined) return known.reason(tool, root);
  const lines = output.trimEnd().split("\n").slice(-LINES_SHOWN);
  return `${tool} failed:\n${lines.join("\n")}`;
}
