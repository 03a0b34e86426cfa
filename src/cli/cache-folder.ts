import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where programs of this user keep what can be made again, as each system has it (XDG Base Directory Specification on Linux). */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const given = platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME;
  const usual = platform === 'win32' ? 'AppData/Local' : platform === 'darwin' ? 'Library/Caches' : '.cache';
  return join(given === undefined || given === '' ? join(homedir(), usual) : given, 'prunability');
}
