/** Layer rules: data flows formats → values → sketch → limits, compare → report → surfaces; imports run the other way and never back. */
const pure = '^src/(formats|values|sketch|limits|compare|report)/';
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-the-editor-knows-vscode',
      severity: 'error',
      from: { path: '^(src|webview-ui)/', pathNot: '^src/(editor/|extension\\.ts)' },
      to: { path: '^vscode$' },
    },
    {
      name: 'pure-modules-know-no-engine-and-no-surface',
      severity: 'error',
      from: { path: pure },
      to: { path: '^src/(engine|measurer|editor|protocol|cli|extension)' },
    },
    {
      name: 'agents-shape-what-others-compute',
      comment: 'The tools of agents are the same in the editor and over MCP: each surface brings its own engine.',
      severity: 'error',
      from: { path: '^src/agents/' },
      to: {
        path: '^src/(formats|sketch|limits|engine|measurer|editor|mcp|cli|extension)',
        pathNot: '^src/formats/errors\\.ts$',
      },
    },
    {
      name: 'the-mcp-server-knows-the-tools-only',
      comment: 'It is a bundle of its own: what it shares with the command line would be there twice.',
      severity: 'error',
      from: { path: '^src/mcp/' },
      to: { path: '^src/', pathNot: '^src/(mcp/|agents/)' },
    },
    {
      name: 'formats-know-no-values',
      comment: 'A format says where the bytes are and how they are coded; reading them is the business of others.',
      severity: 'error',
      from: { path: '^src/formats/' },
      to: { path: '^src/(values|sketch|limits|compare|report)/' },
    },
    {
      name: 'networks-run-in-one-place',
      comment: 'Of TensorFlow.js there is one engine a thread: it is started, mended and called by one folder.',
      severity: 'error',
      from: { path: '^(src|webview-ui)/', pathNot: '^src/network/' },
      to: { path: '@tensorflow/' },
    },
    {
      name: 'the-engine-runs-no-networks',
      comment: 'It reads and sketches, in a process that is small and starts at once; networks have one of their own.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '^src/(measurer|measurement|network|curvature|data)/' },
    },
    {
      name: 'data-is-read-without-networks',
      comment: 'A data set is fitted to shapes; what runs on it is not its business.',
      severity: 'error',
      from: { path: '^src/data/' },
      to: { path: '^src/', pathNot: '^src/(data|files|formats|values)/|^src/report/measurement\\.ts$' },
    },
    {
      name: 'formats-know-not-one-another',
      comment: 'What two formats need is a container, or belongs to all.',
      severity: 'error',
      from: { path: '^src/formats/([^/]+)/', pathNot: '^src/formats/containers/' },
      to: { path: '^src/formats/[^/]+/', pathNot: '^src/formats/(containers|$1)/' },
    },
    {
      name: 'values-know-no-sketch',
      severity: 'error',
      from: { path: '^src/values/' },
      to: { path: '^src/(sketch|limits|compare|report)/' },
    },
    {
      name: 'sketch-knows-no-limits',
      severity: 'error',
      from: { path: '^src/sketch/' },
      to: { path: '^src/(limits|compare|report)/', pathNot: '^src/report/report\\.ts$' },
    },
    {
      name: 'compare-reads-no-files',
      comment: 'Comparing is arithmetic on values, distributions and reports; the engine reads the files for it.',
      severity: 'error',
      from: { path: '^src/compare/' },
      to: { path: '^src/formats/' },
    },
    {
      name: 'limits-and-report-are-platform-free',
      comment: 'The webview computes with the limits, so they import nothing of Node.',
      severity: 'error',
      from: { path: '^src/(limits|compare|protocol)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-catalogue-knows-only-itself',
      comment: 'Paths and names in, entries and trees out; who lists the files is not its business.',
      severity: 'error',
      from: { path: '^src/catalog/' },
      to: { pathNot: '^(src/catalog/|path$)' },
    },
    {
      name: 'protocol-knows-types-and-errors-only',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(protocol/|data/settings\\.ts|report/(report|comparison|measurement)\\.ts|sketch/cells\\.ts|formats/errors\\.ts)',
      },
    },
    {
      name: 'paths-know-only-themselves',
      comment: 'Strings in, strings out: what there is on the disk, they are told.',
      severity: 'error',
      from: { path: '^src/paths/' },
      to: { pathNot: '^src/paths/|^(node:)?path$' },
    },
    {
      name: 'the-editor-does-no-arithmetic',
      comment:
        'Reading and computing belong to the engine process; the editor may use the errors, the report and the protocol.',
      severity: 'error',
      from: { path: '^src/(editor/|extension\\.ts)' },
      to: { path: '^src/(formats|sketch|limits|compare|engine|measurer)/', pathNot: '^src/formats/errors\\.ts$' },
    },
    {
      name: 'the-panel-imports-what-runs-in-a-browser',
      severity: 'error',
      from: { path: '^webview-ui/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(protocol|limits)/|^src/report/(report|comparison|measurement|name-text|number-text|type-text)\\.ts$|^src/sketch/(cells|cell-histogram)\\.ts$',
      },
    },
    {
      name: 'nothing-imports-the-panel',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^webview-ui/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: '\\.d\\.ts$|^src/(extension|cli)\\.ts$|^src/engine/(main|worker)\\.ts$|assembly/',
      },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.mjs$' },
    enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
