/** From the command to the export, through cancelling and a killed engine: the way of a person through a real window. */

import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { cliOutput, cliReport } from './cli-report.mjs';
import { enginePids } from './engine-process.mjs';
import { writeLongFile } from './safetensors-files.mjs';
import { analyze, openPanel } from './panel.mjs';
import { pruneByHand, readFloats } from './prune-by-hand.mjs';
import { assertShown, readNumber } from './shown-number.mjs';

const MODEL = 'fashion-mnist/epoch3.pt';
/** The same weights in a format that a few lines can read. */
const SAME_WEIGHTS = 'fashion-mnist/epoch3.safetensors';
/** Takes many seconds to read, on any machine. */
const LONG = 'long.safetensors';
const LONG_GIGABYTES = 256;
/** The panel has an analyzed file of this size again in less. */
const REOPEN_MS = 3_000;

const SCOPES = /** @type {const} */ ({ weights: 'Weights', parameters: 'All parameters' });
const SCOPE_SWITCH = 'What is counted and pruned';
const SCALE_SWITCH = 'Scale of the shares';

/** The panel computes what stays of a layer from up to 512 cells of its values; of the whole model's curve it has 4,096. */
const KEPT_ERROR = 0.003;
const THRESHOLD_ERROR = 0.001;

describe('the story of an analysis', () => {
  const vscode = useVSCode({
    window: { viewport: { width: 1600, height: 1000 } },
    prepare: (folder) => writeLongFile(join(folder, LONG), LONG_GIGABYTES),
  });
  /** @type {import('./panel.mjs').Panel} */
  let panel;
  /** @type {import('../../../src/report/report').ModelReport} */
  let report;

  const tensor = (/** @type {string} */ name) => {
    const found = report.tensors.find((candidate) => candidate.name === name);
    assert.ok(found, `the report has no ${name}`);
    return found;
  };
  const limit = (/** @type {string} */ method, /** @type {keyof typeof SCOPES} */ scope) => {
    const found = report.limits.find((candidate) => candidate.method === method && candidate.scope === scope);
    assert.ok(found, `the report has no ${method} of ${scope}`);
    return found;
  };
  const tensorsByHand = async (/** @type {keyof typeof SCOPES} */ scope) => {
    const tensors = await readFloats(join(vscode.folder, SAME_WEIGHTS));
    return tensors.filter(({ name, shape }) => tensor(name).prunable && (scope === 'parameters' || shape.length >= 2));
  };
  /** What the panel says of the present cut is what pruning value by value gives. */
  const assertCut = async (/** @type {keyof typeof SCOPES} */ scope, /** @type {number} */ prunedFraction) => {
    const truth = pruneByHand(await tensorsByHand(scope), prunedFraction);
    const { pruned, cosine, threshold, left } = await panel.readout();
    assertShown(pruned, prunedFraction, 'pruned fraction', 0.0005);
    assertShown(cosine, truth.cosine, 'cosine');
    assertShown(threshold, truth.threshold, 'threshold', THRESHOLD_ERROR * truth.threshold);
    const [remaining = '', suffix = ''] = left.split(' ');
    assertShown(remaining, truth.left / (suffix === 'K' ? 1000 : 1), 'values left');
    for (const { name, cells } of await panel.rows()) {
      const kept = truth.kept.get(name);
      if (kept === undefined) {
        assert.equal(cells['Kept'], 'all', `${name} is outside the scope`);
      } else {
        assertShown(cells['Kept'] ?? '', kept, `kept of ${name}`, KEPT_ERROR);
      }
    }
  };
  const assertPins = async (/** @type {keyof typeof SCOPES} */ scope) => {
    const pins = await panel.pins();
    for (const { value, label } of pins) {
      const method = /best trade-off/.test(label)
        ? 'cosine-utopia-grid'
        : /^cosine 0\.99/.test(label)
          ? 'cosine-0.99'
          : undefined;
      const fractions = report.limits
        .filter((each) => each.scope === scope && (method === undefined || each.method === method))
        .map(({ prunedFraction }) => prunedFraction);
      const { value: shown, halfUnit } = readNumber(value);
      assert.ok(
        fractions.some((fraction) => Math.abs(fraction - shown) <= halfUnit + 1e-9),
        `pin ${value} ${label}`,
      );
    }
    const named = pins.map(({ label }) => label).join('; ');
    assert.match(named, /best trade-off/);
    assert.match(named, /cosine 0\.99/);
    assert.match(named, /cosine 0\.95/);
    assert.match(named, /random/);
  };
  const assertSentence = async (/** @type {keyof typeof SCOPES} */ scope) => {
    const what = scope === 'weights' ? 'the weights' : 'all parameters';
    const sentence = await panel.sentence();
    const figures =
      /^About (?<best>\S+ ?%) of (?<what>.+) can go if you fine-tune afterwards; (?<safe>\S+ ?%) if you do not\.$/.exec(
        sentence,
      )?.groups;
    assert.ok(figures, sentence);
    assert.equal(figures['what'], what);
    assertShown(figures['best'] ?? '', limit('cosine-utopia-grid', scope).prunedFraction, 'best trade-off');
    assertShown(figures['safe'] ?? '', limit('cosine-0.99', scope).prunedFraction, 'without fine-tuning');
  };

  it('answers in the panel with the numbers of the command line', async () => {
    report = await cliReport(join(vscode.folder, MODEL));
    panel = await analyze(vscode.workbench, MODEL);
    await panel.whenComplete();

    assert.match(await panel.facts(), /^PyTorch zip · 20,555 values · 84\.0 KB · float32 · analyzed in /);
    await assertSentence('weights');
    await assertPins('weights');

    await panel.button(/^Biases and norms/).click();
    const prunable = report.tensors.filter(({ prunable }) => prunable);
    await waitFor('all prunable tensors', async () => (await panel.rows()).length === prunable.length);
    assert.deepEqual(
      await panel.rowNames(),
      prunable.map(({ name }) => name),
      'the order of the file',
    );
    for (const { name, cells } of await panel.rows()) {
      const truth = tensor(name);
      assert.equal(cells['Shape'], truth.shape.join('×'));
      assert.equal(cells['Values'], truth.count.toLocaleString('en-US'));
      assertShown(cells['Kurtosis'] ?? '', truth.kurtosis, `kurtosis of ${name}`);
      assertShown(cells['Std'] ?? '', truth.std, `std of ${name}`);
      assertShown(cells['Limit'] ?? '', truth.limit, `limit of ${name}`);
    }
    const best = limit('cosine-utopia-grid', 'weights');
    const { cosine, threshold } = await panel.readout();
    assertShown(cosine, best.cosineSimilarity, 'cosine');
    assertShown(threshold, best.threshold, 'threshold', THRESHOLD_ERROR * (best.threshold ?? 0));
    await assertCut('weights', best.prunedFraction);
  });

  it('sorts by a click and by the keyboard', async () => {
    const { keyboard } = vscode.workbench.page;
    const byKurtosis = (await panel.rowNames()).sort((a, b) => (tensor(a).kurtosis ?? 0) - (tensor(b).kurtosis ?? 0));
    const sorted = async (/** @type {string} */ order, /** @type {string[]} */ names) => {
      await waitFor(order, async () => (await panel.sortOrder()) === order, { timeout: 5_000 });
      assert.deepEqual(await panel.rowNames(), names);
    };

    await panel.columnHeader('Kurtosis').click();
    await sorted('Kurtosis descending', byKurtosis.toReversed());
    await panel.columnHeader('Kurtosis').click();
    await sorted('Kurtosis ascending', byKurtosis);

    // From the first row up to the header, along it to the column, Enter.
    await panel.select(byKurtosis[0] ?? '');
    await keyboard.press('ArrowUp');
    const focused = panel.locator('layer-table [role=columnheader]:focus');
    await waitFor('the focus on a header', async () => (await focused.count()) === 1, { timeout: 5_000 });
    await waitFor(
      'the focus on Values',
      async () => {
        if (/^Values/.test((await focused.innerText({ timeout: 1_000 })).trim())) {
          return true;
        }
        await keyboard.press('ArrowRight');
        return false;
      },
      { timeout: 5_000 },
    );
    await keyboard.press('Enter');
    await waitFor('the order of sizes', async () => (await panel.sortOrder()) === 'Values descending', {
      timeout: 5_000,
    });
    const sizes = (await panel.rowNames()).map((name) => tensor(name).count);
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    );
  });

  it('filters by what is typed', async () => {
    const { keyboard } = vscode.workbench.page;
    const before = await panel.rowNames();
    await keyboard.press('/');
    await keyboard.type('conv weight');
    await waitFor('two rows', async () => (await panel.rows()).length === 2, { timeout: 5_000 });
    assert.deepEqual((await panel.rowNames()).toSorted(), ['conv1.weight', 'conv2.weight']);
    assert.match(await panel.text('layer-table .total'), /^2 of 13 tensors$/);
    await keyboard.press('Escape');
    await waitFor('all rows', async () => (await panel.rows()).length === before.length, { timeout: 5_000 });
    assert.deepEqual(await panel.rowNames(), before);
  });

  it('shows the layer that is clicked, and the next one by an arrow key', async () => {
    const { keyboard } = vscode.workbench.page;
    const names = await panel.rowNames();
    const at = names.indexOf('fc2.weight');
    const shows = async (/** @type {string} */ name) => {
      await waitFor(`the detail of ${name}`, async () => (await panel.detailName()) === name, { timeout: 5_000 });
      assert.ok((await panel.row(name)).selected);
      const chart = await panel.locator('layer-detail vega-chart .chart').getAttribute('aria-label');
      assert.match(chart ?? '', new RegExp(`^Distribution of ${name.replace('.', '\\.')} from`));
      const kurtosis = /kurtosis ([\d.]+)/.exec(chart ?? '')?.[1] ?? '';
      assertShown(kurtosis, tensor(name).kurtosis, `kurtosis of ${name} in the detail`);
    };
    await panel.select('fc2.weight');
    await shows('fc2.weight');
    await keyboard.press('ArrowDown');
    await shows(names[at + 1] ?? '');
    await keyboard.press('ArrowUp');
    await keyboard.press('ArrowUp');
    await shows(names[at - 1] ?? '');
  });

  it('follows the handle, by mouse and keyboard, with exact consequences', async () => {
    const { keyboard } = vscode.workbench.page;
    await panel.drag(0.55, async () => {
      // While the button is held.
      await waitFor('the handle at 55 %', async () => Math.abs((await panel.prunedFraction()) - 0.55) < 0.005, {
        timeout: 5_000,
      });
      await assertCut('weights', await panel.prunedFraction());
    });
    const dragged = await panel.prunedFraction();
    assert.ok(Math.abs(dragged - 0.55) < 0.005, String(dragged));
    await assertCut('weights', dragged);

    for (const [key, step] of /** @type {const} */ ([
      ['ArrowRight', 0.001],
      ['Shift+ArrowRight', 0.01],
      ['PageUp', 0.05],
      ['PageDown', -0.05],
      ['ArrowLeft', -0.001],
    ])) {
      const before = await panel.prunedFraction();
      await keyboard.press(key);
      const wanted = before + step;
      await waitFor(`${key} to move the handle`, async () => Math.abs((await panel.prunedFraction()) - wanted) < 1e-9, {
        timeout: 5_000,
        describe: async () => String(await panel.prunedFraction()),
      });
      await assertCut('weights', wanted);
    }
    await keyboard.press('Home');
    await waitFor('the handle at 0', async () => (await panel.prunedFraction()) === 0, { timeout: 5_000 });
    assert.equal((await panel.readout()).cosine, '1.000');
  });

  it('counts biases too when asked, and keeps of each layer what the command line says', async () => {
    await panel.switchTo(SCOPE_SWITCH, SCOPES.parameters);
    await assertSentence('parameters');
    await assertPins('parameters');
    // The label of a pin takes the handle to the estimate, and explains it.
    await panel.locator('limit-ruler button.label').filter({ hasText: 'best trade-off' }).click();
    await panel.frame.getByRole('dialog', { name: 'Assumptions and sources' }).waitFor({ timeout: 5_000 });
    assert.match(await panel.text('explain-popover [popover]'), /Mason-Williams & Dahlqvist/);
    await vscode.workbench.page.keyboard.press('Escape');

    const best = limit('cosine-utopia-grid', 'parameters');
    await assertCut('parameters', best.prunedFraction);
    for (const { name, cells } of await panel.rows()) {
      assertShown(cells['Kept'] ?? '', tensor(name).survivingFraction, `kept of ${name}`, KEPT_ERROR);
    }
  });

  it('draws shares in a linear and a logarithmic scale, and gives the numbers as tables', async () => {
    await panel.select('fc1.weight');
    const drawing = () => panel.locator('layer-detail vega-chart .chart').innerHTML();
    await waitFor('a chart', async () => /<svg|<canvas/.test(await drawing()));
    const picture = async () => (await panel.locator('layer-detail vega-chart .chart').screenshot()).toString('base64');
    const linear = await picture();
    await panel.switchTo(SCALE_SWITCH, 'log');
    await waitFor('another picture', async () => (await picture()) !== linear, { timeout: 5_000 });

    await panel.locator('layer-detail .data-toggle').first().click();
    const shares = (await panel.dataTable('Distribution of fc1.weight')).map(([, share = '']) => readNumber(share));
    const sum = shares.reduce((total, { value }) => total + value, 0);
    assert.ok(shares.length > 20);
    assert.ok(
      Math.abs(sum - 1) < shares.reduce((total, { halfUnit }) => total + halfUnit, 0),
      `shares add up to ${sum}`,
    );
    await panel.locator('layer-detail .data-toggle').first().click();

    await panel.locator('limit-ruler .data-toggle').click();
    const byHand = await tensorsByHand('parameters');
    const rows = await panel.dataTable('Cosine similarity by pruned fraction');
    for (const percent of [5, 50, 90]) {
      const row = rows.find(([fraction]) => fraction === `${percent}.0 %`);
      const truth = pruneByHand(byHand, percent / 100);
      assertShown(row?.[1] ?? '', truth.cosine, `cosine at ${percent} %`);
      assertShown(row?.[2] ?? '', Math.sqrt(1 - percent / 100), `cosine at random at ${percent} %`);
      assertShown(row?.[3] ?? '', truth.threshold, `threshold at ${percent} %`, THRESHOLD_ERROR * truth.threshold);
    }
    await panel.locator('limit-ruler .data-toggle').click();
  });

  it('exports what the command line writes', async () => {
    const { workbench } = vscode;
    const save = async (/** @type {string} */ item, /** @type {string} */ name) => {
      const path = join(vscode.folder, name);
      // From an attempt before: VS Code would ask whether to overwrite it.
      await rm(path, { force: true });
      await panel.button('Export').click();
      await panel.frame.getByRole('menuitem', { name: item }).click();
      await workbench.quickInput.chooseFile(path);
      await workbench.notifications.waitFor(`Report written to ${name}`);
      return readFile(path, 'utf8');
    };
    const model = join(vscode.folder, MODEL);

    const { seconds, ...exported } = JSON.parse(await save('JSON report', 'report.json'));
    const { seconds: cliSeconds, ...expected } = report;
    assert.ok(seconds > 0 && cliSeconds > 0);
    assert.deepEqual(exported, expected);

    const csv = await save('CSV, one row a tensor', 'report.csv');
    assert.equal(csv, await cliOutput(model, '--csv'));
    assert.equal(csv.trimEnd().split('\r\n').length, 1 + report.tensors.length);

    const markdown = await save('Markdown summary', 'report.md');
    assert.equal(markdown, await cliOutput(model, '--markdown'));
    assert.match(markdown, /epoch3\.pt/);
  });

  it('comes back fast after it was closed', async () => {
    await vscode.workbench.closeActiveEditor();
    const started = Date.now();
    panel = await analyze(vscode.workbench, MODEL);
    const opened = Date.now();
    await panel.whenComplete();
    assert.ok(
      Date.now() - opened < REOPEN_MS,
      `${Date.now() - opened} ms after the panel, ${Date.now() - started} ms in all`,
    );
    await assertSentence('weights');
  });

  it('keeps what was chosen when it is hidden, moved to another group, and when the window is reloaded', async () => {
    const { workbench } = vscode;
    await panel.button(/^Biases and norms/).click();
    await panel.columnHeader('Kurtosis').click();
    await panel.locator('layer-table input').fill('weight');
    await panel.select('conv2.weight');
    await panel.switchTo(SCALE_SWITCH, 'log');
    await panel.switchTo(SCOPE_SWITCH, SCOPES.parameters);
    await panel.drag(0.41);
    await panel.stored();
    const chosen = await panel.choices();
    assert.equal(chosen.layer, 'conv2.weight');
    assert.equal(chosen.order, 'Kurtosis descending');
    assert.equal(chosen.filter, 'weight');
    assert.deepEqual(chosen.rows.toSorted(), [
      'bn1.weight',
      'conv1.weight',
      'conv2.weight',
      'fc1.weight',
      'fc2.weight',
    ]);
    assert.ok(Math.abs(readNumber(chosen.pruned).value - 0.41) < 0.005);

    const cameBack = async () => {
      await panel.find();
      await panel.whenComplete();
      assert.deepEqual(await panel.choices(), chosen);
    };
    await workbench.explorer.open('README.md');
    await waitFor(
      'the panel to be hidden',
      async () =>
        !(await panel
          .locator('panel-header')
          .isVisible()
          .catch(() => false)),
    );
    await workbench.selectEditor(basename(MODEL));
    await cameBack();
    await workbench.moveEditor('right');
    await cameBack();
    await workbench.moveEditor('left');
    await cameBack();
    await workbench.reload();
    await cameBack();
  });

  it('streams the layers of a long run, and stops it on request', async () => {
    const { workbench } = vscode;
    panel = await analyze(workbench, LONG);
    const layers = (LONG_GIGABYTES * 4).toLocaleString('en-US');
    await waitFor('layers and progress before the end', async () => {
      const bar = panel.frame.getByRole('progressbar');
      const done = Number(await bar.getAttribute('aria-valuenow', { timeout: 1_000 }));
      return done >= 1 && done < 100 && (await panel.readRows()) >= 4 && (await panel.button('Cancel').isVisible());
    });
    assert.match(await panel.facts(), /^safetensors · .* read \(.* of 256\.? ?0? ?GB, .* left\)$/);
    assert.match(await panel.sentence(), /^So far, about /);

    await panel.button('Cancel').click();
    await panel.notice.waitFor({ timeout: 5_000 });
    assert.equal(await panel.notice.getAttribute('role'), 'status');
    assert.match(
      await panel.text('run-notice .notice'),
      new RegExp(`^Stopped at \\d+ % of the file What is shown is of [\\d,]+ of ${layers} tensors\\.`),
    );
    assert.match(await panel.facts(), new RegExp(`stopped after [\\d,]+ of ${layers} tensors$`));
    assert.ok((await panel.readRows()) >= 4, 'what has been read stays');

    // The engine has a hand free again.
    const other = await analyze(workbench, 'fashion-mnist/epoch1.pt');
    await other.whenComplete();
    assert.equal((await enginePids(vscode.server.pid)).length, 1);
  });

  it('says so when its engine is killed, and runs again', async () => {
    const { workbench, server } = vscode;
    await workbench.selectEditor(basename(LONG));
    panel = await openPanel(workbench, basename(LONG));
    await panel.button('Start again').click();
    await waitFor(
      'some layers',
      async () => (await panel.button('Cancel').isVisible()) && (await panel.readRows()) >= 2,
    );
    const [killed, ...others] = await enginePids(server.pid);
    assert.ok(killed !== undefined && others.length === 0);
    process.kill(killed, 'SIGKILL');

    await panel.notice.waitFor({ timeout: 5_000 });
    assert.equal(await panel.notice.getAttribute('role'), 'alert');
    const words = await panel.text('run-notice .notice');
    assert.match(
      words,
      /^The analysis process ended unexpectedly \(SIGKILL\)\. .*long\.safetensors .*Run the analysis again/,
    );
    assert.ok((await panel.readRows()) >= 2, 'what has been read stays');

    await panel.button('Try again').click();
    await waitFor('the long run to go on in a new process', async () => {
      const [pid] = await enginePids(server.pid);
      return (
        pid !== undefined &&
        pid !== killed &&
        (await panel.button('Cancel').isVisible()) &&
        (await panel.readRows()) >= 2
      );
    });
    assert.equal(await panel.notice.count(), 0);
    await panel.button('Cancel').click();
    await panel.notice.waitFor({ timeout: 5_000 });

    panel = await analyze(workbench, MODEL);
    await panel.button('Re-run').click();
    // It says "analyzed in …" of the run before until the new one begins.
    await waitFor('the answer of the new engine', async () => (await panel.sentence()).startsWith('About '));
    await panel.whenComplete();
    await workbench.closeEditors();
  });
});
