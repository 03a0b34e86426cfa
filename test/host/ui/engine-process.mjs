/** Finds the extension's own processes among those of a VS Code server. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * @param {number} serverPid
 * @returns {Promise<number[]>} the processes under the server that run dist/engine.js
 */
export function enginePids(serverPid) {
  return pidsOf(serverPid, /dist\/engine\.js/);
}

/**
 * @param {number} serverPid
 * @returns {Promise<number[]>} those that run dist/measurer.js
 */
export function measurerPids(serverPid) {
  return pidsOf(serverPid, /dist\/measurer\.js/);
}

/**
 * @param {number} serverPid
 * @param {RegExp} program
 * @returns {Promise<number[]>}
 */
async function pidsOf(serverPid, program) {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  const processes = stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, command]) => ({ pid: Number(pid), parent: Number(parent), command: command ?? '' }));
  const family = new Set([serverPid]);
  // Parents may be listed after their children: as often as there is someone new.
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const { pid, parent } of processes) {
      if (family.has(parent)) {
        family.add(pid);
      }
    }
  }
  return processes.filter(({ pid, command }) => family.has(pid) && program.test(command)).map(({ pid }) => pid);
}
