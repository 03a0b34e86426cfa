/** A tensor of a made-up safetensors file: its bytes are zeros if they are not given. */
export interface MadeTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes?: Uint8Array;
}

const WIDTHS: Readonly<Record<string, number>> = {
  F4: 0.5,
  F6_E2M3: 0.75,
  F6_E3M2: 0.75,
  I16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  F64: 8,
};

export function byteSize({ dtype, shape }: MadeTensor): number {
  return Math.ceil(shape.reduce((product, size) => product * size, WIDTHS[dtype] ?? 1));
}

/** A safetensors file of these tensors; bytes are cut or filled up to what the shapes say. */
export function safetensorsFile(tensors: ReadonlyMap<string, MadeTensor>): Buffer {
  const parts: string[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const bytes = Buffer.alloc(byteSize(tensor));
    if (tensor.bytes !== undefined) bytes.set(tensor.bytes.subarray(0, bytes.length));
    const { dtype, shape } = tensor;
    const entry = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    data.push(bytes);
    offset += bytes.length;
  }
  const header = Buffer.from(`{${parts.join(',')}}`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...data]);
}
