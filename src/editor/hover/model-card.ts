import { basename } from 'node:path';
import { ColorThemeKind, l10n, MarkdownString, window, workspace, type Uri } from 'vscode';
import type { AnalysisSummary, DescriptionResult, ModelDescription } from '../../protocol/description';
import { distributionFacts, distributionSvg, type DistributionColours } from '../../report/distribution-svg';
import { formatBytes, formatCount, formatNumber } from '../../report/format';
import { fixed, limitPercent } from '../../report/number-text';
import { describedModel } from '../models/descriptions';
import { ageText } from '../models/age-text';
import { markdownText } from './markdown-text';

/** What the card is to say beside the description. */
export interface ModelCardOptions {
  /** What was described: a file, or a folder that holds a model. */
  readonly uri: Uri;
  /** Where it is, for a reader who sees only its name. */
  readonly location?: string | undefined;
  /** The present, in milliseconds since 1970. */
  readonly now?: number | undefined;
}

/** The only commands that a card can run. */
const COMMANDS = ['prunability.analyze', 'prunability.compareWith', 'revealInExplorer'] as const;

const PICTURE = { width: 240, height: 56 };
const MAX_TYPES = 3;
/** Of less than this, `0.0 %` would be said: counters beside the weights. */
const MIN_TYPE_SHARE = 0.0005;
const MAX_WARNINGS = 2;

/** A picture in Markdown knows no colours of the theme: these are close to its chart colours, of its kind. */
const COLOURS: Readonly<Record<ColorThemeKind, DistributionColours>> = {
  [ColorThemeKind.Dark]: { kept: '#3794ff', pruned: '#6e6e6e', axis: '#9d9d9d', threshold: '#d4d4d4' },
  [ColorThemeKind.Light]: { kept: '#1a85ff', pruned: '#b5b5b5', axis: '#6e6e6e', threshold: '#3b3b3b' },
  [ColorThemeKind.HighContrast]: { kept: '#4da6ff', pruned: '#8f8f8f', axis: '#ffffff', threshold: '#ffffff' },
  [ColorThemeKind.HighContrastLight]: { kept: '#0f4a85', pruned: '#8f8f8f', axis: '#292929', threshold: '#292929' },
};

/**
 * What is known of a model, for hovers and tooltips: its facts, the answer of an earlier analysis with a picture of the
 * distribution, and links to go on. Of a file that cannot be read: why, and what to do.
 */
export function modelCard(description: DescriptionResult, options: ModelCardOptions): MarkdownString {
  const paragraphs =
    description.state === 'readable'
      ? readableParagraphs(description, options)
      : [
          heading(options.uri, options.location),
          l10n.t('Not readable: {0} {1}.', markdownText(basename(description.path)), markdownText(description.reason)),
          markdownText(description.remedy),
          links([revealLink(options.uri)]),
        ];
  const card = new MarkdownString(paragraphs.filter((paragraph) => paragraph !== '').join('\n\n'), true);
  card.supportHtml = false;
  card.isTrusted = { enabledCommands: COMMANDS };
  return card;
}

function readableParagraphs(description: ModelDescription, { uri, location, now }: ModelCardOptions): string[] {
  const { analysis } = description;
  // Of a folder that is none itself, the model in it; where a file is not of this machine, the engine has read a copy.
  const model = describedModel(uri, description);
  return [
    `${heading(model, location)}  \n${facts(description)}`,
    ...(analysis === null ? [] : [answer(analysis), picture(analysis), numbers(analysis, now ?? Date.now())]),
    // Before the warnings: a hover is low, and what is at its end is out of sight.
    links([
      commandLink('prunability.analyze', model, analysis === null ? l10n.t('Analyze') : l10n.t('Open Analysis')),
      commandLink('prunability.compareWith', model, l10n.t('Compare with…')),
      revealLink(model),
    ]),
    ...warningParagraphs(analysis?.warnings ?? []),
  ];
}

function heading(uri: Uri, location: string | undefined): string {
  const name = `**${markdownText(basename(uri.path))}**`;
  return location === undefined ? name : `${name} · ${markdownText(location)}`;
}

function facts({ file, count, prunableCount, dtypes }: ModelDescription): string {
  const total = dtypes.reduce((sum, dtype) => sum + dtype.count, 0);
  const large = dtypes.filter((dtype) => dtype.count >= MIN_TYPE_SHARE * total);
  const types = large
    .slice(0, MAX_TYPES)
    .map(({ dtype, count: elements }) =>
      large.length === 1 ? markdownText(dtype) : `${markdownText(dtype)} ${limitPercent(elements / total)}`,
    );
  if (large.length > MAX_TYPES) types.push('…');
  return [
    markdownText(file.formatLabel),
    parametersText(count, prunableCount),
    types.join(', '),
    formatBytes(file.bytes),
    ...(file.files > 1 ? [l10n.t('{0} files', formatCount(file.files))] : []),
  ]
    .filter((fact) => fact !== '')
    .join(' · ');
}

function parametersText(count: number, prunableCount: number): string {
  if (prunableCount === 0) return l10n.t('{0} values, none to prune', formatCount(count));
  return prunableCount === 1 ? l10n.t('1 parameter') : l10n.t('{0} parameters', formatCount(prunableCount));
}

function numbers({ kurtosis, zeroFraction, analyzedAt }: AnalysisSummary, now: number): string {
  return [
    ...(kurtosis === null ? [] : [l10n.t('Kurtosis {0} (normal = 3)', fixed(kurtosis, 2))]),
    l10n.t('{0} of the values are zero', limitPercent(zeroFraction)),
    ageText(analyzedAt, now),
  ].join(' · ');
}

function warningParagraphs(warnings: readonly string[]): string[] {
  const shown = warnings.slice(0, MAX_WARNINGS).map((message) => `$(warning) ${markdownText(message)}`);
  const hidden = warnings.length - shown.length;
  if (hidden > 0) shown.push(hidden === 1 ? l10n.t('One more warning') : l10n.t('{0} more warnings', hidden));
  return shown;
}

function answer({ initialisation, limit, limitWithoutTuning }: AnalysisSummary): string {
  if (initialisation === 'at-initialisation') {
    const untrained = l10n.t('This network looks untrained: its weights do not tell yet how far it can be pruned.');
    return `$(warning) **${untrained}**`;
  }
  if (limit === null) return l10n.t('How far this network can be pruned cannot be told from its weights.');
  if (limitWithoutTuning === null) {
    return l10n.t('About **{0}** of the weights can go if you fine-tune afterwards.', limitPercent(limit));
  }
  return l10n.t(
    'About **{0}** of the weights can go if you fine-tune afterwards; **{1}** if you do not.',
    limitPercent(limit),
    limitPercent(limitWithoutTuning),
  );
}

/** The distribution, with a text that says the same. */
function picture({ histogram, limit, initialisation }: AnalysisSummary): string {
  if (histogram === null) return '';
  const pruned = initialisation === 'at-initialisation' ? null : limit;
  const shown = distributionFacts(histogram, pruned);
  if (shown === undefined) return '';
  const [low, high, peak, lower, upper] = [
    histogram.low,
    histogram.high,
    shown.peak,
    shown.lowerQuartile,
    shown.upperQuartile,
  ].map(formatNumber);
  const text =
    shown.threshold === null
      ? l10n.t(
          'Distribution of the weights from {0} to {1}, highest at {2}; half of them lie between {3} and {4}.',
          low ?? '',
          high ?? '',
          peak ?? '',
          lower ?? '',
          upper ?? '',
        )
      : l10n.t(
          'Distribution of the weights from {0} to {1}, highest at {2}; half of them lie between {3} and {4}. The limit takes those of magnitudes up to {5}.',
          low ?? '',
          high ?? '',
          peak ?? '',
          lower ?? '',
          upper ?? '',
          formatNumber(shown.threshold),
        );
  const svg = distributionSvg(histogram, pruned, COLOURS[window.activeColorTheme.kind], PICTURE);
  const data = Buffer.from(svg).toString('base64');
  const size = `width=${PICTURE.width},height=${PICTURE.height}`;
  return `![${markdownText(text)}](data:image/svg+xml;base64,${data}|${size})`;
}

function links(all: readonly string[]): string {
  return all.filter((link) => link !== '').join(' · ');
}

/** The explorer shows what is in the workspace only. */
function revealLink(uri: Uri): string {
  return workspace.getWorkspaceFolder(uri) === undefined
    ? ''
    : commandLink('revealInExplorer', uri, l10n.t('Reveal in Explorer'));
}

function commandLink(command: (typeof COMMANDS)[number], uri: Uri, label: string): string {
  // Parentheses would end the link, and encodeURIComponent leaves them.
  const argument = encodeURIComponent(JSON.stringify([uri])).replace(/[()]/g, (mark) => (mark === '(' ? '%28' : '%29'));
  return `[${label}](command:${command}?${argument})`;
}
