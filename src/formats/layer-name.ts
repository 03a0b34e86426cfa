/** What TensorFlow appends to the names of its variables and to those of the operations that read them. */
const TENSORFLOW_SUFFIX =
  /(:\d{1,6}|\/\.ATTRIBUTES\/VARIABLE_VALUE|\/ReadVariableOp(_\d{1,6})?(\/resource)?|_quantized)$/;

/** Operations of TensorFlow graphs that carry the name of their layer before them. */
const OPERATION =
  /\/(Conv\dD|DepthwiseConv2dNative|depthwise|separable_conv2d|MatMul|BiasAdd|FusedBatchNorm(V\d)?|batchnorm|mul|add|Conv2DBackpropInput)(_\d{1,6})?$/i;

/** The parameter's name where it is joined to the layer's by an underscore. */
const JOINED_PARAMETER =
  /_(weights?|bias(es)?|kernel|gamma|beta|moving_mean|moving_variance|running_mean|running_var)$/i;

/**
 * Name of the layer that a tensor belongs to: what its name says before the parameter's. A tensor without such a name is
 * a layer by itself.
 */
export function layerName(tensor: string): string {
  let name = tensor;
  while (TENSORFLOW_SUFFIX.test(name)) name = name.replace(TENSORFLOW_SUFFIX, '');
  const ofOperation = name.replace(OPERATION, '');
  if (ofOperation !== name && ofOperation !== '') return ofOperation;
  const end = Math.max(name.lastIndexOf('/'), name.lastIndexOf('.'));
  if (end > 0) return name.slice(0, end);
  return name.replace(JOINED_PARAMETER, '') || name;
}
