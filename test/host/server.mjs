/**
 * Starts VS Code's server on this machine, with temporary folders of its own, for a browser to open.
 */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { URLSearchParams } from 'node:url';
import { runProgram } from '../../scripts/run-program.mjs';
import { ensureHost } from './install.mjs';
import { removeDirectory } from './temporary.mjs';

/** Generous: a machine that runs other tests at the same time may take ten times the usual half second. */
const START_TIMEOUT_MS = 60_000;
/** How long the server gets to end by itself. Its extension hosts wait hours for a window to come back: they are ended. */
const STOP_TIMEOUT_MS = 300;

/**
 * Quiet and the same every time: no welcome page, no updates, no experiments, no chat side bar, nothing from outside.
 * @type {Readonly<Record<string, unknown>>}
 */
export const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.hover.delay': 100,
  'window.autoDetectHighContrast': false,
  'chat.disableAIFeatures': true,
  'editor.accessibilitySupport': 'off',
  'explorer.compactFolders': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'security.workspace.trust.enabled': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
};

/**
 * @typedef {object} ServerOptions
 * @property {string} workspace folder that {@link VSCodeServer.url} opens
 * @property {string} [vsix] extension package to install
 * @property {string} [extensionDevelopmentPath] folder of an unpacked extension to load instead. Needs, and turns on, `smokeTestDriver`.
 * @property {string} [extensionTestsPath] module whose `run()` the extension host calls; with `extensionDevelopmentPath`
 * @property {Record<string, unknown>} [settings] user settings, over {@link QUIET_SETTINGS}
 * @property {NodeJS.ProcessEnv} [env] environment of the server, and so of the extension host and its children
 * @property {boolean} [smokeTestDriver] VS Code's switch for automation. It suppresses notification toasts.
 * @property {boolean} [workspaceTrust] true: an unknown folder opens in restricted mode (default: everything is trusted)
 * @property {boolean} [ownHome] false: terminals and extensions see the user's home folder (default: an empty one)
 * @property {number} [port] any free one unless told
 * @property {(line: string) => void} [log]
 */

/** A running server. Ends, with all its child processes and folders, with `dispose()` or, however that ends, with this process. */
export class VSCodeServer {
  /** @type {ServerOptions} */ #options;
  /** @type {import('node:child_process').ChildProcess} */ #child;
  /** @type {import('node:child_process').ChildProcess} */ #watchdog;
  /** @type {Record<string, unknown>} */ #changedSettings = {};
  /** @type {string} */ #directory;
  /** @type {string} */ #token;
  /** Port on 127.0.0.1. */
  port = 0;
  /** What the server itself has printed. */
  output = '';

  /**
   * @param {ServerOptions} options
   * @param {{ directory: string, token: string, child: import('node:child_process').ChildProcess, watchdog: import('node:child_process').ChildProcess }} parts
   * @internal use {@link startServer}
   */
  constructor(options, parts) {
    this.#options = options;
    this.#directory = parts.directory;
    this.#token = parts.token;
    this.#child = parts.child;
    this.#watchdog = parts.watchdog;
    const collect = (/** @type {Buffer} */ chunk) => {
      this.output += chunk.toString();
    };
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
  }

  /** Where the page is, without folder and token: "http://127.0.0.1:PORT". */
  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Whether notification toasts are suppressed (then read them in the notification centre). */
  get hidesToasts() {
    return usesSmokeTestDriver(this.#options);
  }

  /** Address that opens the workspace. It holds the secret that keeps other users of this machine out. */
  get url() {
    return this.urlFor(this.#options.workspace);
  }

  /** Folders of this server: `logs` (VS Code's log files), `userData`, `extensions`, `home`. */
  get directories() {
    return directoriesIn(this.#directory);
  }

  /** Resolves when the server process has ended, with its exit code. @returns {Promise<number | null>} */
  get ended() {
    return this.#child.exitCode === null && this.#child.signalCode === null
      ? new Promise((done) => this.#child.once('exit', (code) => done(code)))
      : Promise.resolve(this.#child.exitCode);
  }

  /** Process id of the server, leader of the process group of all it starts. */
  get pid() {
    return /** @type {number} */ (this.#child.pid);
  }

  /** @param {string | undefined} folder @returns {string} address that opens this folder, or a window without one */
  urlFor(folder) {
    const { extensionDevelopmentPath, extensionTestsPath } = this.#options;
    const opened = folder === undefined ? { ew: 'true' } : { folder: resolve(folder) };
    const query = new URLSearchParams({ tkn: this.#token, ...opened });
    if (extensionDevelopmentPath !== undefined) {
      const remote = (/** @type {string} */ path) =>
        `vscode-remote://127.0.0.1:${this.port}${encodeURI(resolve(path))}`;
      const payload = [
        ['skipWelcome', 'true'],
        ['extensionDevelopmentPath', remote(extensionDevelopmentPath)],
      ];
      if (extensionTestsPath !== undefined) {
        payload.push(['extensionTestsPath', remote(extensionTestsPath)]);
      }
      query.set('payload', JSON.stringify(payload));
    }
    return `${this.origin}/?${query}`;
  }

  /**
   * Changes settings; an open workbench follows within a second. `undefined` takes a change back.
   * They are written as settings of the machine, which go before the user's: of the two files, only that one is watched.
   * (Settings with application scope, like telemetry, are only taken from `settings` at the start.)
   * @param {Record<string, unknown>} changes
   * @returns {Promise<void>}
   */
  async updateSettings(changes) {
    Object.assign(this.#changedSettings, changes);
    await writeSettings(this.#directory, 'Machine', this.#changedSettings);
  }

  /** @returns {Promise<string[]>} VS Code's log files, absolute, oldest session first */
  async logFiles() {
    const { logs } = this.directories;
    const entries = await readdir(logs, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }

  /**
   * The text of one log file, e.g. of a LogOutputChannel: `logText(/publisher\.name\/Channel\.log$/)`.
   * @param {RegExp} file
   * @returns {Promise<string>} of all sessions, in order; empty when there is none
   */
  async logText(file) {
    const files = (await this.logFiles()).filter((path) => file.test(path));
    const texts = await Promise.all(files.map((path) => readFile(path, 'utf8')));
    return texts.join('');
  }

  /**
   * @param {number} [lines] of each log
   * @returns {Promise<string>} the ends of the server's output and of all log files, for a failure's report
   */
  async logTail(lines = 15) {
    const parts = [`--- server output\n${lastLines(this.output, lines)}`];
    for (const file of await this.logFiles()) {
      const text = lastLines(await readFile(file, 'utf8').catch(() => ''), lines);
      if (text !== '') {
        parts.push(`--- ${file.slice(this.directories.logs.length + 1)}\n${text}`);
      }
    }
    return parts.join('\n');
  }

  /** Ends the server and all it started, and removes its folders. @returns {Promise<void>} */
  async dispose() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
    }
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (groupIsAlive(this.pid) && Date.now() < deadline) {
      await delay(25);
    }
    killGroup(this.pid);
    // Only now: until here the watchdog still does this work if this process is killed.
    this.#watchdog.kill('SIGKILL');
    await removeDirectory(this.#directory);
  }
}

/**
 * @param {ServerOptions} options
 * @returns {Promise<VSCodeServer>} once it answers
 * @throws {Error} with the server's output when it does not start
 */
export async function startServer(options) {
  if (options.vsix !== undefined && options.extensionDevelopmentPath !== undefined) {
    throw new Error('Give a vsix or an extensionDevelopmentPath, not both.');
  }
  const { node, serverMain } = await ensureHost(options.log);
  const directory = await mkdtemp(join(tmpdir(), 'prunability-vscode-'));
  try {
    return await start(node, serverMain, directory, options);
  } catch (error) {
    await removeDirectory(directory);
    throw error;
  }
}

/**
 * @param {string} node
 * @param {string} serverMain
 * @param {string} directory
 * @param {ServerOptions} options
 * @returns {Promise<VSCodeServer>}
 */
async function start(node, serverMain, directory, options) {
  const { home, extensions, serverData, userData } = directoriesIn(directory);
  await Promise.all([home, extensions].map((path) => mkdir(path, { recursive: true })));
  await writeSettings(directory, 'User', { ...QUIET_SETTINGS, ...options.settings });
  await writeSettings(directory, 'Machine', {});

  const token = randomBytes(24).toString('hex');
  const tokenFile = join(directory, 'token');
  // In a file, not on the command line: every user of the machine can read command lines.
  await writeFile(tokenFile, token, { mode: 0o600 });

  const env = {
    ...serverEnvironment(),
    HOME: options.ownHome === false ? homedir() : home,
    // An empty address switches the marketplace off; no request leaves the machine.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    // Its sockets go there; in the machine's temporary folder they would stay behind.
    XDG_RUNTIME_DIR: directory,
    ...options.env,
  };
  const folders = [
    '--accept-server-license-terms',
    ...['--server-data-dir', serverData],
    ...['--user-data-dir', userData],
    ...['--extensions-dir', extensions],
  ];
  if (options.vsix !== undefined) {
    const vsix = resolve(options.vsix);
    await runProgram(node, [serverMain, ...folders, '--install-extension', vsix], { env });
  }

  const flags = ['--host', '127.0.0.1', '--port', String(options.port ?? 0), '--connection-token-file', tokenFile];
  flags.push('--disable-telemetry', '--telemetry-level', 'off');
  if (options.workspaceTrust !== true) {
    flags.push('--disable-workspace-trust');
  }
  if (usesSmokeTestDriver(options)) {
    flags.push('--enable-smoke-test-driver');
  }
  const child = spawn(node, [serverMain, ...folders, ...flags], {
    env,
    // A process group of its own, so that it can be ended with everything it starts.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const watchdog = startWatchdog(child.pid, directory);
  const server = new VSCodeServer(options, { directory, token, child, watchdog });
  try {
    await waitUntilListening(server);
  } catch (error) {
    await server.dispose();
    throw error;
  }
  return server;
}

/** @param {VSCodeServer} server @returns {Promise<void>} */
async function waitUntilListening(server) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let ended = false;
  server.ended.then(() => (ended = true));
  for (;;) {
    const listening = /listening on (\d+)/.exec(server.output);
    if (listening !== null) {
      server.port = Number(listening[1]);
      const answers = await fetch(`${server.origin}/version`).then(
        (response) => response.ok,
        () => false,
      );
      if (answers) {
        return;
      }
    }
    if (ended || Date.now() > deadline) {
      const what = ended ? 'ended at its start' : `did not answer in ${START_TIMEOUT_MS / 1000} s`;
      throw new Error(`VS Code's server ${what}:\n${server.output.slice(-4000)}`);
    }
    await delay(20);
  }
}

/**
 * A shell that waits for this process to end (its standard input closes then, whatever ended it, even kill -9)
 * and then ends the server's process group and removes its folders.
 * @param {number | undefined} pid
 * @param {string} directory
 * @returns {import('node:child_process').ChildProcess}
 */
function startWatchdog(pid, directory) {
  const script = 'cat >/dev/null; kill -9 "-$1" 2>/dev/null; sleep 0.2; rm -rf -- "$2"';
  const watchdog = spawn('/bin/sh', ['-c', script, 'sh', String(pid), directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  /** @type {import('node:net').Socket} */ (watchdog.stdin).unref();
  return watchdog;
}

/** @param {string} directory */
function directoriesIn(directory) {
  const userData = join(directory, 'data');
  return {
    home: join(directory, 'home'),
    extensions: join(directory, 'ext'),
    serverData: join(directory, 'srv'),
    userData,
    logs: join(userData, 'logs'),
  };
}

/** @param {ServerOptions} options @returns {boolean} */
function usesSmokeTestDriver(options) {
  return options.smokeTestDriver === true || options.extensionDevelopmentPath !== undefined;
}

/**
 * This process's environment without what an outer VS Code (its terminal, its debugger) left in it: a server
 * that inherits those talks to the outer one.
 * @returns {NodeJS.ProcessEnv}
 */
function serverEnvironment() {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|npm_)/.test(name),
  );
  return Object.fromEntries(inherited);
}

/**
 * @param {string} directory
 * @param {'User' | 'Machine'} level
 * @param {Record<string, unknown>} settings
 * @returns {Promise<void>}
 */
async function writeSettings(directory, level, settings) {
  const folder = join(directoriesIn(directory).userData, level);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings, undefined, 2));
}

/** @param {number} leader @returns {boolean} */
function groupIsAlive(leader) {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

/** @param {number} leader */
function killGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // All its processes have ended by themselves.
  }
}

/** @param {string} text @param {number} count @returns {string} */
function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
