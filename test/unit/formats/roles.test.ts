import { describe, expect, it } from 'vitest';
import type { TensorRole } from '../../../src/formats/checkpoint';
import type { DType } from '../../../src/formats/dtype';
import { isPrunable, tensorRole } from '../../../src/formats/roles';

describe('tensorRole', () => {
  const cases: readonly (readonly [string, number[], TensorRole, DType?])[] = [
    // PyTorch
    ['conv1.weight', [8, 1, 5, 5], 'weight'],
    ['conv1.bias', [8], 'bias'],
    ['bn1.weight', [8], 'norm'],
    ['bn1.bias', [8], 'norm'],
    ['bn1.running_mean', [8], 'buffer'],
    ['bn1.num_batches_tracked', [], 'buffer', 'int64'],
    ['features.1.weight', [64], 'norm'],
    ['features.1.bias', [64], 'bias'],
    ['model.layers.0.input_layernorm.weight', [4096], 'norm'],
    ['model.layers.0.self_attn.q_proj.weight', [4096, 4096], 'weight', 'bfloat16'],
    ['model.layers.0.self_attn.q_proj.bias', [4096], 'bias', 'bfloat16'],
    ['model.layers.0.self_attn.rotary_emb.inv_freq', [64], 'buffer'],
    ['model.embed_tokens.weight', [32000, 4096], 'embedding'],
    ['wte.weight', [50257, 768], 'embedding'],
    ['h.0.attn.bias', [1, 1, 1024, 1024], 'buffer'],
    ['h.0.attn.masked_bias', [], 'buffer'],
    ['h.0.ln_1.weight', [768], 'norm'],
    ['blocks.0.attn.relative_position_index', [49, 49], 'other', 'int64'],
    ['logit_scale', [], 'constant'],
    // Quantised checkpoints
    ['model.layers.3.mlp.gate_proj.weight', [512, 512], 'weight', 'float8_e4m3fn'],
    ['model.layers.3.mlp.gate_proj.weight_scale_inv', [4, 4], 'quantization'],
    ['model.layers.3.mlp.gate_proj.scales', [32, 512], 'quantization', 'float16'],
    ['experts.w1.scale', [64, 2], 'quantization', 'float8_e8m0fnu'],
    ['model.layers.3.mlp.gate_proj.qweight', [64, 512], 'other', 'int32'],
    // llama.cpp
    ['token_embd.weight', [32000, 4096], 'embedding'],
    ['position_embd.weight', [512, 768], 'embedding'],
    ['token_types.weight', [2, 768], 'embedding'],
    ['token_embd_norm.weight', [768], 'norm'],
    ['blk.0.attn_norm.weight', [4096], 'norm'],
    ['blk.0.attn_q_norm.weight', [128], 'norm'],
    ['output_norm.weight', [4096], 'norm'],
    ['output.weight', [32000, 4096], 'weight'],
    ['blk.0.attn_qkv.bias', [4096], 'bias'],
    ['blk.0.ffn_up_exps.weight', [8, 512, 256], 'weight'],
    ['blk.0.ffn_gate_inp.weight', [8, 256], 'weight'],
    ['blk.0.exp_probs_b.bias', [8], 'bias'],
    ['rope_freqs.weight', [64], 'buffer'],
    ['rope_factors_long.weight', [64], 'buffer'],
    ['blk.0.ffn_up.input_scale', [1], 'quantization'],
    ['blk.0.attn_q.weight.lora_a', [8, 4096], 'weight'],
    // TensorFlow
    ['conv1/kernel', [5, 5, 1, 8], 'weight'],
    ['block_1_depthwise/depthwise_kernel', [3, 3, 96, 1], 'weight'],
    ['dense0/conv0/filters', [3, 3, 3, 32], 'weight'],
    ['dense_1/kernel:0', [10, 10], 'weight'],
    ['dense_1/bias:0', [10], 'bias'],
    ['bn_Conv1/gamma', [32], 'norm'],
    ['batch_normalization/beta:0', [32], 'norm'],
    ['bn_Conv1/moving_variance', [32], 'buffer'],
    ['batch_normalization/moving_mean:0', [32], 'buffer'],
    ['conv32_1/scale/weights', [32], 'norm'],
    ['conv32_1/scale/biases', [32], 'bias'],
    ['StatefulPartitionedCall/model/dense/BiasAdd/ReadVariableOp', [32], 'bias'],
    ['StatefulPartitionedCall/model/conv/Conv2D/ReadVariableOp', [3, 3, 8, 8], 'weight'],
    ['functional_1/conv2d/Conv2D_bn_offset', [24], 'bias'],
    ['model/bn/FusedBatchNormV3/ReadVariableOp_1', [24], 'norm'],
    ['unknown_71', [2], 'other'],
  ];
  for (const [name, shape, role, dtype = 'float32'] of cases) {
    it(`${name} of shape [${shape.join(', ')}] is ${role}`, () => {
      expect(tensorRole(name, shape, dtype)).toBe(role);
    });
  }
});

describe('isPrunable', () => {
  it('takes every trained floating-point parameter and nothing else', () => {
    expect(isPrunable('weight', 'float32')).toBe(true);
    expect(isPrunable('bias', 'bfloat16')).toBe(true);
    expect(isPrunable('norm', 'float16')).toBe(true);
    expect(isPrunable('other', 'float8_e5m2')).toBe(true);
    expect(isPrunable('weight', 'int8')).toBe(false);
    expect(isPrunable('weight', 'complex64')).toBe(false);
    expect(isPrunable('buffer', 'float32')).toBe(false);
    expect(isPrunable('constant', 'float32')).toBe(false);
    expect(isPrunable('optimizer', 'float32')).toBe(false);
  });
});
