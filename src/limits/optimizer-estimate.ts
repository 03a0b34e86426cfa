import * as l10n from '@vscode/l10n';
import type { CurvatureChoice, LimitEstimate, LimitScope } from '../report/report';
import type { MagnitudeCells, MomentCells } from '../sketch/cells';
import type { CosineCurve } from './cosine-curve';
import { SCOPE } from './estimates';
import { bowlAssumptions } from './landscape-warnings';
import { curvatureFigures } from './optimizer-curvature';

/**
 * The limit of a scope from optimiser state; none if it has no values.
 * @param choice the usual batch size and tolerated loss if undefined
 * @param file name of the file beside the weights that the state is from, if it is
 */
export function optimizerEstimate(
  scope: LimitScope,
  moments: MomentCells,
  magnitudes: MagnitudeCells,
  curve: CosineCurve,
  choice?: CurvatureChoice,
  file?: string,
): LimitEstimate[] {
  const figures = curvatureFigures(moments, magnitudes, curve, choice);
  if (figures === undefined) return [];
  return [
    {
      method: 'optimizer-curvature',
      scope,
      inputs: 'optimizer',
      ...(file === undefined ? {} : { inputFile: file }),
      ...figures,
      assumptions: [
        ...figures.assumptions,
        ...(file === undefined ? [] : [besideWeights(file)]),
        l10n.t(
          'The weights are near a minimum. There, batch size times Adam’s mean squared gradient v (of {0} steps at least) is the Fisher information, which stands for the Hessian: it is smaller where the samples are fitted well, and then the limit is too high. An L1 penalty or weight decay within the gradient adds to it.',
          moments.steps,
        ),
        l10n.t(
          'Of this information only the diagonal is known. By that alone the kept fraction is an upper bound: all of it would allow at least as much pruning.',
        ),
        ...bowlAssumptions(),
        SCOPE[scope],
      ],
      reference: l10n.t(
        '{0}, s = G(R(s)); the second moments of Adam (Kingma & Ba, ICLR 2015) as its curvatures are our own derivation',
        'Zhang, Zhang, Sun & Liu, NeurIPS 2024 (arXiv 2306.05857)',
      ),
    },
  ];
}

function besideWeights(file: string): string {
  return l10n.t(
    'The second moments are those of {0}, which lies beside the weights: that it is of this network is told by the shapes, that it is of these very weights is not. Where gradients were clipped (the Trainer of Hugging Face does so unless told otherwise) the second moments are smaller, and the limit is too high.',
    file,
  );
}
