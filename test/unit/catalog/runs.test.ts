import { describe, expect, it } from 'vitest';
import { modelEntries } from '../../../src/catalog/entries';
import { findRuns } from '../../../src/catalog/runs';
import { files } from './files';

/** Runs as `folder | label: step=path …`, and the paths of the rest. */
function grouped(...paths: string[]): { runs: string[]; rest: string[] } {
  const { runs, rest } = findRuns(modelEntries(files(...paths)));
  return {
    runs: runs.map(({ folder, label, steps }) =>
      [`${folder} | ${label}:`, ...steps.map(({ step, entry }) => `${step}=${entry.label}`)].join(' '),
    ),
    rest: rest.map(({ label }) => label),
  };
}

describe('findRuns', () => {
  it.each([
    [['epoch10.pt', 'epoch9.pt'], ' | epoch*.pt: 9=epoch9.pt 10=epoch10.pt'],
    [['a/ckpt_1000.pt', 'a/ckpt_200.pt'], 'a | ckpt_*.pt: 200=a/ckpt_200.pt 1000=a/ckpt_1000.pt'],
    [['net_ep03.pth', 'net_ep12.pth'], ' | net_ep*.pth: 3=net_ep03.pth 12=net_ep12.pth'],
    [['step_0010000.npz', 'step_0009000.npz'], ' | step_*.npz: 9000=step_0009000.npz 10000=step_0010000.npz'],
    [['iter100.pt', 'iter_20.pt', 'iter20.pt'], ' | iter*.pt: 20=iter20.pt 100=iter100.pt'],
    [['iter_160k.pth', 'iter_80k.pth'], ' | iter_*.pth: 80000=iter_80k.pth 160000=iter_160k.pth'],
    [['global_step5.pt', 'global_step40.pt'], ' | global_step*.pt: 5=global_step5.pt 40=global_step40.pt'],
    [['round1.npz', 'round2.npz'], ' | round*.npz: 1=round1.npz 2=round2.npz'],
    [['model.ckpt-10.npz', 'model.ckpt-9.npz'], ' | model.ckpt-*.npz: 9=model.ckpt-9.npz 10=model.ckpt-10.npz'],
    [['netEpoch2.pt', 'netEpoch1.pt'], ' | netEpoch*.pt: 1=netEpoch1.pt 2=netEpoch2.pt'],
    [['200.pt', '1000.pt'], ' | *.pt: 200=200.pt 1000=1000.pt'],
  ])('groups %j', (paths, run) => {
    expect(grouped(...paths).runs).toEqual([run]);
  });

  it('groups the folders of the Hugging Face trainer, sharded or not', () => {
    const single = grouped('out/checkpoint-1000/model.safetensors', 'out/checkpoint-500/model.safetensors');
    expect(single.runs).toEqual([
      'out | checkpoint-*/model.safetensors: 500=out/checkpoint-500/model.safetensors 1000=out/checkpoint-1000/model.safetensors',
    ]);
    const sharded = grouped(
      ...[500, 1000].flatMap((step) =>
        ['-00001-of-00002.safetensors', '-00002-of-00002.safetensors', '.safetensors.index.json'].map(
          (end) => `out/checkpoint-${step}/model${end}`,
        ),
      ),
    );
    expect(sharded).toEqual({ runs: single.runs, rest: [] });
  });

  it('groups below folders of steps, each model of a step by itself', () => {
    const { runs } = grouped('r/step_1/w/enc.pt', 'r/step_1/w/dec.pt', 'r/step_2/w/enc.pt', 'r/step_2/w/dec.pt');
    expect(runs).toEqual([
      'r | step_*/w/enc.pt: 1=r/step_1/w/enc.pt 2=r/step_2/w/enc.pt',
      'r | step_*/w/dec.pt: 1=r/step_1/w/dec.pt 2=r/step_2/w/dec.pt',
    ]);
  });

  it('goes by the folder where the file repeats the step', () => {
    expect(grouped('checkpoint-9/model_ep1.pt', 'checkpoint-18/model_ep2.pt').runs).toEqual([
      ' | checkpoint-*/model_ep*.pt: 1=checkpoint-9/model_ep1.pt 2=checkpoint-18/model_ep2.pt',
    ]);
  });

  it('counts steps, not epochs, where Lightning tells both', () => {
    expect(grouped('model.epoch=10-step=3300.ckpt', 'model.epoch=02-step=900.ckpt').runs).toEqual([
      ' | model.epoch=*-step=*.ckpt: 900=model.epoch=02-step=900.ckpt 3300=model.epoch=10-step=3300.ckpt',
    ]);
  });

  it('orders by epoch first where every epoch counts its steps anew', () => {
    const { runs } = grouped('epoch2_iter100.pt', 'epoch1_iter200.pt', 'epoch1_iter100.pt');
    expect(runs).toEqual([' | epoch*_iter*.pt: 1=epoch1_iter100.pt 2=epoch1_iter200.pt 3=epoch2_iter100.pt']);
  });

  it('does not mind figures of merit in the names', () => {
    expect(grouped('epoch=02-val_loss=0.32.ckpt', 'epoch=03-val_loss=0.30.ckpt').runs).toEqual([
      ' | epoch=*-val_loss=*.ckpt: 2=epoch=02-val_loss=0.32.ckpt 3=epoch=03-val_loss=0.30.ckpt',
    ]);
    expect(grouped('lr=0.1-epoch=2.ckpt', 'lr=0.01-epoch=3.ckpt').runs).toEqual([]);
  });

  it('leaves the best, the last and other formats beside the run', () => {
    const names = ['best.pt', 'epoch1.pt', 'epoch2.pt', 'epoch2.npz', 'last.pt', 'untrained.pt', 'epoch2-bf16.pt'];
    const { runs, rest } = grouped(...names);
    expect(runs).toEqual([' | epoch*.pt: 1=epoch1.pt 2=epoch2.pt']);
    expect(rest).toEqual(['best.pt', 'epoch2.npz', 'last.pt', 'untrained.pt', 'epoch2-bf16.pt']);
  });

  it.each([
    [['resnet18.pt', 'resnet50.pt']],
    [['llama-7b.safetensors', 'llama-13b.safetensors']],
    [['model_v1.pt', 'model_v2.pt']],
    [['ckpt-7b.pt', 'ckpt-13b.pt']],
    [['footstep1.pt', 'footstep2.pt']],
    [['deep5.pt', 'deep6.pt']],
    [['v1/model.pt', 'v2/model.pt']],
    [['2024/model.pt', '2025/model.pt']],
    [['epoch1.pt']],
    [['a/epoch1.pt', 'b/epoch2.pt']],
    [['resnet18_epoch3.pt', 'resnet50_epoch3.pt']],
    [['epoch1.pt', 'epoch2.safetensors']],
    [['last.ckpt', 'best.ckpt']],
  ])('does not group %j', (paths) => {
    expect(grouped(...paths)).toEqual({ runs: [], rest: paths });
  });

  it('keeps two names of one step', () => {
    expect(grouped('epoch1.pt', 'epoch01.pt', 'epoch2.pt').runs).toEqual([
      ' | epoch*.pt: 1=epoch01.pt 1=epoch1.pt 2=epoch2.pt',
    ]);
  });
});
