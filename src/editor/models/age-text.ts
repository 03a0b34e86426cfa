import { env, l10n } from 'vscode';

const MINUTE_MS = 60_000;

/** From so many days on, the date says more. */
const MAX_DAYS = 31;

/** How long ago an analysis was made; both times in milliseconds since 1970. */
export function ageText(analyzedAt: number, now: number): string {
  const minutes = Math.floor((now - analyzedAt) / MINUTE_MS);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return l10n.t('analyzed just now');
  if (minutes === 1) return l10n.t('analyzed a minute ago');
  if (hours < 1) return l10n.t('analyzed {0} minutes ago', minutes);
  if (hours === 1) return l10n.t('analyzed an hour ago');
  if (days < 1) return l10n.t('analyzed {0} hours ago', hours);
  if (days === 1) return l10n.t('analyzed a day ago');
  if (days < MAX_DAYS) return l10n.t('analyzed {0} days ago', days);
  return l10n.t('analyzed on {0}', new Date(analyzedAt).toLocaleDateString(env.language));
}
