import './texts';
import './components/prunability-panel';
import { connectHost, Editor } from './host-connection';
import { PanelModel } from './model/panel-model';
import './style/webview.css';

const editor = new Editor();
const model = new PanelModel(editor);
const panel = document.querySelector('prunability-panel');
if (panel === null) throw new Error('The page has no <prunability-panel>');
panel.model = model;
panel.host = connectHost(editor, model);
