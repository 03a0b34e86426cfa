import './texts';
import './comparison/prunability-comparison';
import './components/prunability-panel';
import './summary/prunability-summary';
import { ComparisonPage } from './comparison/comparison-page';
import { connectComparison } from './comparison/connection';
import { connectHost, Editor } from './host-connection';
import { PanelModel } from './model/panel-model';
import './style/webview.css';
import { connectSummary } from './summary/connection';

// every page has one of the elements; which one, the extension host says with the page
const editor = new Editor();
const panel = document.querySelector('prunability-panel');
const comparison = document.querySelector('prunability-comparison');
const summary = document.querySelector('prunability-summary');
if (panel !== null) {
  const model = new PanelModel(editor);
  panel.model = model;
  panel.host = connectHost(editor, model);
} else if (comparison !== null) {
  const page = new ComparisonPage(editor);
  comparison.page = page;
  comparison.host = connectComparison(editor, page);
} else if (summary !== null) connectSummary(editor, summary);
else throw new Error('The page has no element of ours');
