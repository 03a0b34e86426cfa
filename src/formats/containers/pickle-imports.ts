import * as l10n from '@vscode/l10n';
import type { CheckpointNote } from '../checkpoint';
import { listed } from '../name-list';
import type { PickleGlobal } from './pickle-values';

/** Names shown in a note; more add nothing. */
const MAX_NAMES = 10;

/** Names longer than this are cut: they come from the file. */
const MAX_SHOWN_LENGTH = 100;

const BUILTINS = words(
  'set frozenset list dict tuple int float complex bool str bytes bytearray slice range object long unicode',
);

/** Functions and classes that only make data, by module. */
const HARMLESS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['builtins', BUILTINS],
  ['__builtin__', BUILTINS],
  ['collections', words('OrderedDict defaultdict Counter deque')],
  ['_codecs', words('encode')],
  ['copyreg', words('_reconstructor')],
  ['copy_reg', words('_reconstructor')],
  ['argparse', words('Namespace')],
  ['types', words('SimpleNamespace')],
  ['datetime', words('date datetime time timedelta timezone')],
  ['decimal', words('Decimal')],
  ['fractions', words('Fraction')],
  ['uuid', words('UUID')],
  ['deepspeed.runtime.zero.config', words('ZeroStageEnum')],
  ['deepspeed.runtime.fp16.loss_scaler', words('LossScaler DynamicLossScaler')],
  ['deepspeed.utils.tensor_fragment', words('fragment_address')],
  ['pathlib', words('Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath')],
]);

/**
 * Modules whose classes (by the capital letter) are layers, optimisers, settings: making one does no more than make
 * data. Not whole libraries: `torch` has `hub.load`, and classes that start processes.
 */
const CLASS_MODULES = new RegExp(
  `^(${[
    'torch',
    'torch\\.(nn|optim|ao|quantization|sparse|distributions)(\\.\\w+)*',
    'torch\\.(cuda|storage|_tensor|amp\\.grad_scaler|distributed\\.(_?tensor|_shard|checkpoint)(\\.\\w+)*)',
    '(torchvision|timm)\\.(models|layers|ops|transforms)(\\.\\w+)*',
    '(pytorch_lightning|lightning(\\.pytorch)?)\\.(callbacks|utilities\\.parsing)(\\.\\w+)*',
    'lightning\\.fabric\\.utilities\\.data|lightning_fabric\\.utilities\\.data',
    'omegaconf(\\.\\w+)*',
    'transformers\\.(training_args|trainer_utils|configuration_utils|models(\\.\\w+)*)',
    // Types of TorchScript, defined within the archive.
    '__torch__(\\.\\w+)*',
  ].join('|')})$`,
);

/** Functions and constants of PyTorch that pickles of tensors and modules name. */
const TORCH_FUNCTIONS =
  /^torch\.(_utils\._rebuild_\w+|_tensor\._rebuild_from_type(_v2)?|jit\._pickle\.\w+|nn\.functional\.\w+|_C\._nn\.\w+|(float|u?int|bfloat|complex|bool|double|half|long|short|quint|qint)\w*|device|per_tensor_affine|per_channel_affine\w*|strided|contiguous_format|channels_last\w*|preserve_format|sparse_\w+|serialization\._get_layout|(relu|tanh|sigmoid|softmax|erf|sin|cos)_?)$/;

const NUMPY =
  /^numpy(\.(_?core\.(multiarray\.(_reconstruct|scalar)|numeric\._frombuffer)|random\._pickle\.\w+|random\._mt19937\.MT19937|random\._pcg64\.PCG64|dtypes\.\w+))$|^numpy\.(ndarray|dtype|bool_?|(u?int|float|complex)\d*_?|str_|bytes_)$/;

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** True if loading the pickle in Python can do no more with this class or function than make data. */
function isHarmlessImport(global: PickleGlobal): boolean {
  const { module, name, qualifiedName } = global;
  if (HARMLESS.get(module)?.has(name) === true) return true;
  if (TORCH_FUNCTIONS.test(qualifiedName) || NUMPY.test(qualifiedName)) return true;
  // A dotted name reaches through a class to its functions, or through a module to what it imports.
  return CLASS_MODULES.test(module) && /^_*[A-Z]\w*$/.test(name);
}

/** The note on classes and functions that Python would import, and could run; undefined if all are harmless. */
export function importNote(globals: Iterable<PickleGlobal>): CheckpointNote | undefined {
  const names = [...globals].filter((global) => !isHarmlessImport(global)).map((global) => global.qualifiedName);
  if (names.length === 0) return undefined;
  const shown = names.slice(0, MAX_NAMES).map((name) => name.slice(0, MAX_SHOWN_LENGTH));
  return {
    code: 'pickle-imports-code',
    message: l10n.t(
      'Loading this file in Python imports {0}, and can run that code; Prunability has not. If you do not trust where it comes from, load it with weights_only=True only.',
      listed(shown, names.length),
    ),
  };
}
