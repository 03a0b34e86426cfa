import { basename } from 'node:path';
import { l10n, Uri, workspace } from 'vscode';

/** Two checkpoints, or the steps of a run. */
export type ComparisonSubject =
  | { readonly kind: 'comparison'; readonly before: Uri; readonly after: Uri }
  | {
      readonly kind: 'run';
      readonly folder: Uri;
      readonly checkpoints: readonly { readonly uri: Uri; readonly step: number }[];
    };

/** Written into the webview's stored state, so that its panel can be opened again. */
export function encodeSubject(subject: ComparisonSubject): string {
  return JSON.stringify(
    subject.kind === 'comparison'
      ? [subject.kind, subject.before.toString(), subject.after.toString()]
      : [subject.kind, subject.folder.toString(), subject.checkpoints.map(({ uri, step }) => [uri.toString(), step])],
  );
}

/** Undefined if it is of another version, or not ours. */
export function decodeSubject(text: unknown): ComparisonSubject | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const parts = JSON.parse(text) as unknown;
    if (!Array.isArray(parts)) return undefined;
    const [kind, first, second] = parts as readonly unknown[];
    if (typeof first !== 'string') return undefined;
    if (kind === 'comparison' && typeof second === 'string') {
      return { kind, before: Uri.parse(first, true), after: Uri.parse(second, true) };
    }
    if (kind === 'run' && Array.isArray(second)) {
      const checkpoints = (second as readonly (readonly [string, number])[]).map(([uri, step]) => ({
        uri: Uri.parse(uri, true),
        step,
      }));
      return { kind, folder: Uri.parse(first, true), checkpoints };
    }
  } catch {
    // Not ours.
  }
  return undefined;
}

/** What a panel about it is called. */
export function subjectTitle(subject: ComparisonSubject): string {
  if (subject.kind === 'run') return l10n.t('Run: {0}', basename(subject.folder.path));
  const [before, after] = sideLabels(subject.before, subject.after);
  return `${before} ↔ ${after}`;
}

/** Names of two files that tell them apart: the file's, else as much of the path as it takes. */
export function sideLabels(before: Uri, after: Uri): readonly [before: string, after: string] {
  const ofBefore = basename(before.path);
  const ofAfter = basename(after.path);
  if (before.path === after.path) return [versionLabel(before, ofBefore), versionLabel(after, ofAfter)];
  if (ofBefore !== ofAfter) return [ofBefore, ofAfter];
  return [workspace.asRelativePath(before), workspace.asRelativePath(after)];
}

function versionLabel(uri: Uri, name: string): string {
  return uri.scheme === 'git' ? l10n.t('{0} (HEAD)', name) : l10n.t('{0} (working tree)', name);
}
