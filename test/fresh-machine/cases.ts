import type { Machine } from "./machine.ts";

/** One way in which machines differ, and what must come of it. */
export type Case = {
  name: string;
  title: string;
  /** `bare`: a new clone. `ready`: one that was set up before, the same for all such cases. */
  clone: "bare" | "ready";
  machine: Omit<Machine, "clone">;
  code: number;
  /** What its output must hold. */
  says?: RegExp;
  /** Folder name of the bare clone, if that is what the case is about. */
  folder?: string;
  /** Downloads into caches of its own. */
  ownCaches?: boolean;
  /** What else must hold of its output: returns what is wrong. */
  wrong?: (output: string) => string | undefined;
};

const demo = "npm run demo";
const demoSucceeds = { code: 0, says: /The chosen model[\s\S]*nothing runs any more/ };

/** The lines that are the project's own, and not npm's or the shell's. */
function ownLines(output: string): string[] {
  return output.split("\n").filter((line) => /^(setup|demo): /.test(line) && !/ … ?\d*|done in/.test(line));
}

/** Fails if the project says more than one line about what is wrong. */
const inOneLine = (output: string) => {
  const count = ownLines(output).length;
  return count === 1 ? undefined : `${count} lines in place of one`;
};

/**
 * Starts `npm run NAME` in the background, and waits until its output holds a text. With job control, because a shell
 * has what it starts in the background ignore SIGINT otherwise.
 */
const inBackground = (name: string, text: string, file = "/tmp/output") =>
  `set -m; npm run ${name} >${file} 2>&1 & npm=$!; until grep -q '${text}' ${file}; do sleep 0.1; done`;

/** Once the demo's run has begun, its stack, workers and jobs are all at work. */
const DEMO_RUNS = "train_model";

/** Accepts connections, and does with them what the code says. */
const proxy = (reaction: string) =>
  `node -e 'require("net").createServer((socket) => { socket.on("error", () => {}); ${reaction} }).listen(8899, "127.0.0.1")' & proxy=$!; sleep 0.5`;
const THROUGH_PROXY = "HTTP_PROXY=http://127.0.0.1:8899 HTTPS_PROXY=http://127.0.0.1:8899";

const fromNothing: Case[] = [
  [24, 12],
  [22, 12],
  [26, 12],
  [20, 11],
  [22, 10],
].map(([node = 0, npm = 0]) => ({
  name: `node-${node}-npm-${npm}`,
  title: `\`npm run demo\` from nothing, Node ${node}, npm ${npm}`,
  clone: "bare",
  ownCaches: node === 24,
  machine: { tools: { node, npm }, command: demo },
  ...demoSucceeds,
}));

const pythons: Case[] = ["3.12", "3.13", "3.14"].map((version) => ({
  name: `python-${version}`,
  title: `\`npm run demo\` from nothing, Python ${version}`,
  clone: "bare",
  machine: { python: version, command: `${demo} && .venv/bin/python --version` },
  code: 0,
  says: new RegExp(`Python ${version.replace(".", "\\.")}`),
}));

const settings: Case[] = [
  {
    name: "ignore-scripts",
    title: "npm is set to run no install scripts, and to leave out development packages",
    clone: "bare",
    machine: {
      env: { npm_config_ignore_scripts: "true", npm_config_omit: "dev optional", NODE_ENV: "production" },
      command: demo,
    },
    ...demoSucceeds,
  },
  {
    name: "odd-path",
    title: "the clone's path has spaces and letters of other alphabets",
    clone: "bare",
    folder: "Mühle am Bach 水車",
    machine: { command: demo },
    ...demoSucceeds,
  },
  {
    name: "no-home",
    title: "`HOME` is missing",
    clone: "ready",
    machine: { home: "missing", command: demo },
    ...demoSucceeds,
  },
  {
    name: "read-only-home",
    title: "the home folder is read-only",
    clone: "bare",
    machine: { home: "read-only", command: demo },
    ...demoSucceeds,
  },
  {
    name: "offline-demo",
    title: "the second `npm run demo`, without a network",
    clone: "ready",
    machine: { network: false, command: demo },
    ...demoSucceeds,
  },
  {
    name: "offline-test",
    title: "`npm test -- shared/state batch-jobs/tests/test_locks.py`, without a network and without torch",
    clone: "ready",
    machine: {
      network: false,
      command:
        "npm test -- shared/state batch-jobs/tests/test_locks.py && ! .venv/bin/python -c 'import torch' 2>/dev/null",
    },
    code: 0,
    says: /\d+ passed, 0 failed/,
  },
];

const stopped: Case[] = (["INT", "TERM", "HUP", "KILL"] as const).flatMap((signal): Case[] => [
  {
    name: `setup-${signal}`,
    title: `SIG${signal} to npm in the set-up, then \`npm run setup\` again`,
    clone: "bare",
    machine: {
      command: `${inBackground("setup", "setup: node packages")}; sleep 3
        kill -${signal} $npm; wait $npm && exit 9
        until ! pgrep -f '[n]pm ci|[p]ip install' >/dev/null; do sleep 0.1; done
        [ ${signal} = KILL ] || [ ! -e .cache/setup.lock ] && npm run setup`,
    },
    code: 0,
    says: /node packages done[\s\S]*python packages done|python packages done[\s\S]*node packages done/,
  },
  {
    name: `demo-${signal}`,
    title: `SIG${signal} to npm while the demo's jobs run`,
    clone: "ready",
    machine: {
      command: `${inBackground("demo", DEMO_RUNS)}; kill -${signal} $npm; wait $npm && exit 9
        grep -q 'The chosen model' /tmp/output && exit 8; sleep 3; true`,
    },
    code: 0,
  },
  {
    name: `test-${signal}`,
    title: `SIG${signal} to npm while tests have a stack at work`,
    clone: "ready",
    machine: {
      command: `set -m; npm test -- local/stack >/tmp/output 2>&1 & npm=$!
        until pgrep -f '[m]inistack_launcher' >/dev/null; do sleep 0.1; done
        kill -${signal} $npm; wait $npm && exit 9; sleep 5; true`,
    },
    code: 0,
  },
]);

const killed: Case[] = [
  {
    name: "demo-killed",
    title: "`kill -9` of the demo itself while its jobs run, then another demo",
    clone: "ready",
    machine: {
      command: `${inBackground("demo", DEMO_RUNS)}; pkill -KILL -f 'cli/demo.ts$'; wait $npm
        ${demo}`,
    },
    ...demoSucceeds,
  },
  {
    name: "terminal-closed",
    title: "the terminal is closed while the demo's jobs run",
    clone: "ready",
    machine: {
      // Python's pty: the demo runs on a terminal of its own, which closes when this program ends.
      command: `python3 -c '
import os, pty
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("npm", ["npm", "run", "demo"])
seen = b""
while b"train_model" not in seen:
    seen += os.read(terminal, 1024)
os.close(terminal)'; sleep 5`,
    },
    code: 0,
  },
  {
    name: "reused-process-id",
    title: "a stale lock whose process id is in use again",
    clone: "bare",
    machine: {
      command: `mkdir -p .cache; sleep 600 & echo '{"pid":'$!',"started":"before"}' > .cache/setup.lock; npm run setup; code=$?; kill %1; exit $code`,
    },
    code: 0,
  },
  {
    name: "two-demos",
    title: "a second demo in the same clone waits for the first",
    clone: "ready",
    machine: {
      command: `${inBackground("demo", "deploy")}; ${demo}; second=$?; wait $npm && cat /tmp/output && exit $second`,
    },
    code: 0,
    says: /waiting for another demo to end \(process \d+ holds[\s\S]*The chosen model[\s\S]*The chosen model/,
  },
];

const proxies: Case[] = [
  {
    name: "refusing-proxy",
    title: "`NODE_USE_ENV_PROXY=1` with a proxy that refuses, in the run",
    clone: "ready",
    machine: {
      env: { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" },
      command: demo,
    },
    ...demoSucceeds,
  },
  {
    name: "closing-proxy",
    title: "`NODE_USE_ENV_PROXY=1` with a proxy that closes at once, in the run",
    clone: "ready",
    machine: {
      env: { NODE_USE_ENV_PROXY: "1" },
      command: `${proxy("socket.destroy();")}; ${THROUGH_PROXY} ${demo}; code=$?; kill $proxy; exit $code`,
    },
    ...demoSucceeds,
  },
  {
    name: "dead-proxy",
    title: "a proxy that never answers, in the set-up: what it waits for is said within 20 s",
    clone: "bare",
    machine: {
      command: `${proxy("")}; ${THROUGH_PROXY} timeout --signal=INT 20 npm run setup; kill $proxy; true`,
    },
    ownCaches: true,
    code: 0,
    says: /setup: node packages … \d+ s: .*proxy http:\/\/127\.0\.0\.1:8899/,
  },
];

const oneLine: Case[] = [
  {
    name: "read-only-clone",
    title: "the clone is read-only",
    clone: "ready",
    machine: { command: `mount -o remount,ro,bind "$CLONE"; ${demo}` },
    code: 1,
    says: /setup: .* can't be written \(EROFS\): make it writable/,
    wrong: inOneLine,
  },
  {
    name: "little-space",
    title: "the disk has too little space",
    clone: "bare",
    machine: {
      command: `mkdir /tmp/small && mount -t tmpfs -o size=200m tmpfs /tmp/small && cp -r . /tmp/small/clone && cd /tmp/small/clone && ${demo}`,
    },
    code: 1,
    says: /setup: the disk of .* has 0\.\d GB free, and the packages need/,
    wrong: inOneLine,
  },
  {
    name: "full-disk",
    title: "the disk gets full in the set-up",
    clone: "bare",
    // Room for what the set-up asks for at least, but not for the caches of npm and pip on the same disk too.
    machine: {
      command: `mkdir /tmp/small && mount -t tmpfs -o size=1700m tmpfs /tmp/small && cp -r . /tmp/small/clone && cd /tmp/small/clone && ${demo}; code=$?; cd /; umount -l /tmp/small; exit $code`,
    },
    ownCaches: true,
    code: 1,
    says: /setup: the disk of .* is full/,
    wrong: inOneLine,
  },
  {
    name: "pythonhome",
    title: "`PYTHONHOME` and `PYTHONPATH` point nowhere",
    clone: "ready",
    machine: { env: { PYTHONHOME: "/nowhere", PYTHONPATH: "/nowhere" }, command: demo },
    ...demoSucceeds,
  },
];

const otherSettings: Case[] = [
  {
    name: "locale-and-zone",
    title: "another locale and time zone",
    clone: "ready",
    machine: { env: { LC_ALL: "tr_TR.UTF-8", LANG: "C", TZ: "Pacific/Chatham" }, command: demo },
    ...demoSucceeds,
  },
  {
    name: "aws-settings",
    title: "settings of AWS that lead elsewhere",
    clone: "ready",
    machine: {
      env: {
        AWS_PROFILE: "none",
        AWS_REGION: "eu-north-1",
        AWS_ENDPOINT_URL: "http://127.0.0.1:9",
        AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID: "someone's",
        AWS_CONFIG_FILE: "/nowhere",
      },
      command: demo,
    },
    ...demoSucceeds,
  },
  {
    name: "pip-settings",
    title: "settings of pip that lead elsewhere, in the set-up",
    clone: "bare",
    machine: {
      env: { PIP_USER: "1", PIP_REQUIRE_VIRTUALENV: "0", PYTHONUSERBASE: "/nowhere", PYTHONNOUSERSITE: "" },
      command: "npm run setup",
    },
    code: 0,
  },
  {
    name: "no-git",
    title: "without git",
    clone: "ready",
    machine: {
      command: `mount --bind /dev/null "$(command -v git)"; ! git --version 2>/dev/null && ${demo}`,
    },
    ...demoSucceeds,
  },
  {
    name: "deploy-INT",
    title: "Ctrl-C while the demo deploys",
    clone: "ready",
    machine: {
      command: `rm -f .stack/deployed.json; ${inBackground("demo", "deploy")}; sleep 2
        kill -INT $npm; wait $npm && exit 9; sleep 3; true`,
    },
    code: 0,
  },
];

/** In this order: the first makes the clone that others are run in. */
export const cases: readonly Case[] = [
  ...fromNothing,
  ...pythons,
  ...settings,
  ...stopped,
  ...killed,
  ...proxies,
  ...oneLine,
  ...otherSettings,
];
