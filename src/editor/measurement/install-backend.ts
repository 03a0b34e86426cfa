import { arch, platform } from 'node:process';
import { commands, l10n, ProgressLocation, window, workspace, type LogOutputChannel } from 'vscode';
import { CancelledError } from '../../formats/errors';
import { InstallError } from '../../install/install-error';
import { installPackage } from '../../install/install-package';
import { nativePackage, TENSORFLOW_STORAGE, type NativePackageId } from '../../install/native-packages';

interface Choice {
  readonly id: NativePackageId;
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

const STATED = l10n.t(
  'Its archives have fixed checksums, but for the small part that joins it to Node: that was compared with the checksum that its own host states.',
);

/**
 * Asks which package with native code to install for measurements, and does so.
 * @param folder that it is installed into
 * @param installed is called when there is a new one
 */
export async function installBackend(folder: string, installed: () => void, log: LogOutputChannel): Promise<void> {
  const choices: readonly Choice[] = [
    {
      id: 'webgpu',
      label: 'WebGPU',
      description: l10n.t('51 MB from npm'),
      detail: l10n.t('Runs networks on the graphics card, with Dawn, the WebGPU of Chromium.'),
    },
    {
      id: 'tensorflow',
      label: 'TensorFlow',
      description: l10n.t('from npm and {0}', new URL(TENSORFLOW_STORAGE).host),
      detail: l10n.t('Runs networks on the processor, with tfjs-node and TensorFlow 2.9.1.'),
    },
  ];
  const chosen = await window.showQuickPick(choices, {
    title: l10n.t('Install Native Backend'),
    placeHolder: l10n.t('What should networks be run with?'),
  });
  if (chosen === undefined) return;
  try {
    await install(chosen, folder);
    installed();
    const done = l10n.t('{0} is installed: the next measurement will try it.', chosen.label);
    void window.showInformationMessage(chosen.id === 'tensorflow' ? `${done} ${STATED}` : done);
  } catch (error) {
    if (error instanceof CancelledError) return;
    log.error(error as Error);
    if (!(error instanceof InstallError)) throw error;
    await tell(error.message);
  }
}

async function install({ id, label }: Choice, folder: string): Promise<void> {
  const registry = workspace.getConfiguration('prunability').get<string>('measurement.registry', '');
  const wanted = nativePackage(id, { registry, storage: TENSORFLOW_STORAGE }, platform, arch);
  await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Installing {0}', label), cancellable: true },
    async (progress, token) => {
      const cancelling = new AbortController();
      token.onCancellationRequested(() => {
        cancelling.abort();
      });
      const report = (message: string): void => {
        progress.report({ message });
      };
      await installPackage(wanted, folder, report, cancelling.signal);
    },
  );
}

/** What can be done where a download is closed. */
async function tell(reason: string): Promise<void> {
  const settings = l10n.t('Open Settings');
  const message = l10n.t(
    '{0} Behind a proxy or a mirror, set it up; or install the package with npm elsewhere, and give its folder in the settings.',
    reason,
  );
  if ((await window.showErrorMessage(message, settings)) !== settings) return;
  await commands.executeCommand('workbench.action.openSettings', 'prunability.measurement');
}
