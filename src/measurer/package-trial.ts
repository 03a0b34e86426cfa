import { spawn } from 'node:child_process';
import * as l10n from '@vscode/l10n';
import { startBackend, type BackendName } from '../network/tensorflow/backends';
import type { NativePackage } from '../network/tensorflow/native-packages';

/** First argument of the program where it is to try a package, and nothing else; then the backend and the package's folder. */
export const TRIAL = 'try';

/** A start takes a second, on a slow disk some. */
const MOST_SECONDS = 60;

/**
 * Starts a backend of a package once in a process of its own: code that was built for another processor or driver ends the process
 * that loads it, and no error can be caught. What is wrong otherwise is told when it is started here.
 * @param script the bundle that calls {@link tryPackage}
 * @throws Error for people, if that process was ended, or has not ended in time
 */
export function packageTrial(script: string): (backend: BackendName, found: NativePackage) => Promise<void> {
  return (backend, { folder }) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [script, TRIAL, backend, folder], { stdio: 'ignore', windowsHide: true });
      let slow = false;
      const timer = setTimeout(() => {
        slow = true;
        child.kill('SIGKILL');
      }, MOST_SECONDS * 1000);
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        if (slow) reject(new Error(l10n.t('was not started after {0} s', MOST_SECONDS)));
        else if (code === 0) resolve();
        else
          reject(new Error(l10n.t('has ended the process that tried it ({0})', signal ?? `0x${code?.toString(16)}`)));
      });
    });
}

/** What the process does that tries. */
export async function tryPackage(backend: string, folder: string): Promise<void> {
  const backends = [backend as BackendName];
  const places = [{ folder, trusted: true }];
  // An error is no end of the process: it will be met, and told, again.
  await startBackend({ wasmFolder: '', backends, places, emulated: true }).catch(() => undefined);
  process.exit(0);
}
