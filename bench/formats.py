"""Files of several formats for bench/formats.mjs, and how long the formats' own libraries take to decode them.

formats.py make FOLDER    writes the files of the formats whose library is installed
formats.py decode FILE    reads all values of one of them in one thread; prints the seconds, the best of three

Needs numpy; h5py, onnx, gguf, zarr (3) and torch where there are such files.
"""

import os
import pickle
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402

ROWS, COLUMNS, TENSORS, MANY = 4096, 2048, 4, 1000


def weights(seed):
    return np.random.default_rng(seed).laplace(0, 0.02, (ROWS, COLUMNS)).astype(np.float32)


SMALL = np.random.default_rng(0).laplace(0, 0.02, (4, 64)).astype(np.float32)


def make_npz(folder):
    arrays = {f"layer{i}.weight": weights(i) for i in range(TENSORS)}
    np.savez(f"{folder}/stored.npz", **arrays)
    np.savez_compressed(f"{folder}/deflated.npz", **{"layer0.weight": arrays["layer0.weight"]})
    np.savez(f"{folder}/many.npz", **{f"layer{i}.weight": SMALL for i in range(MANY)})


def make_hdf5(folder):
    import h5py

    kinds = {
        "contiguous": {},
        "chunked": dict(chunks=(256, 256)),
        "shuffle": dict(chunks=(256, 256), shuffle=True),
        "fletcher32": dict(chunks=(256, 256), fletcher32=True),
        "gzip": dict(chunks=(256, 256), compression="gzip"),
        "gzip-shuffle": dict(chunks=(256, 256), compression="gzip", shuffle=True),
        "lzf-shuffle": dict(chunks=(256, 256), compression="lzf", shuffle=True),
    }
    for kind, options in kinds.items():
        with h5py.File(f"{folder}/{kind}.h5", "w") as file:
            for i in range(TENSORS if kind in ("contiguous", "chunked") else 1):
                file.create_dataset(f"layer{i}/kernel", data=weights(i), **options)
    with h5py.File(f"{folder}/many.h5", "w") as file:
        for i in range(MANY):
            file.create_dataset(f"layer{i}/kernel", data=SMALL)


def make_onnx(folder):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def model(nodes, initializers, path):
        graph = helper.make_graph(nodes, "g", [], [], initializers)
        onnx.save(helper.make_model(graph), path)

    raw = [numpy_helper.from_array(weights(i), f"layer{i}.weight") for i in range(TENSORS)]
    model([], raw, f"{folder}/raw.onnx")
    rng = np.random.default_rng(0)
    codes = numpy_helper.from_array(rng.integers(-128, 128, (4 * ROWS, COLUMNS), np.int8), "w")
    scales = numpy_helper.from_array(rng.random(4 * ROWS).astype(np.float32), "s")
    zeros = numpy_helper.from_array(rng.integers(-5, 5, 4 * ROWS).astype(np.int8), "z")
    node = helper.make_node("DequantizeLinear", ["w", "s", "z"], ["y"], axis=0)
    model([node], [codes, scales, zeros], f"{folder}/int8-channel.onnx")
    small = [numpy_helper.from_array(SMALL, f"layer{i}.weight") for i in range(MANY)]
    model([], small, f"{folder}/many.onnx")


def make_gguf(folder):
    import gguf
    from gguf import GGMLQuantizationType as Q

    def file(name, tensors):
        writer = gguf.GGUFWriter(f"{folder}/{name}.gguf", "llama")
        for tensor, data, kind in tensors:
            writer.add_tensor(tensor, data, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    file("F32", [(f"blk.{i}.weight", weights(i), None) for i in range(TENSORS)])
    rng = np.random.default_rng(0)
    for kind in (Q.Q4_0, Q.Q8_0, Q.Q4_K, Q.Q6_K):
        block, size = gguf.GGML_QUANT_SIZES[kind]
        data = rng.integers(0, 256, (4 * ROWS, COLUMNS // block, size), np.uint8)
        # Scales that are finite: the upper byte of each half of the first eight and the last two bytes.
        data[:, :, [1, 3, size - 1]] &= 0x3B
        file(kind.name, [("blk.0.weight", data.reshape(4 * ROWS, -1), kind)])
    file("many", [(f"blk.{i}.weight", SMALL, None) for i in range(MANY)])


def make_zarr(folder):
    import zarr

    for name, format in (("zstd.zarr", 3), ("many.zarr", 2)):
        root = zarr.open_group(f"{folder}/{name}", mode="w", zarr_format=format)
        if name == "zstd.zarr":
            root.create_array("layer0.weight", data=weights(0), chunks=(256, 256), compressors=zarr.codecs.ZstdCodec(level=3))
        else:
            for i in range(MANY):
                root.create_array(f"layer{i}.weight", data=SMALL, compressors=None)


def make_pytorch(folder):
    import torch
    from torch.distributed import checkpoint

    values = {f"layer{i}.weight": torch.from_numpy(SMALL) for i in range(MANY)}
    torch.save({name: value.clone() for name, value in values.items()}, f"{folder}/many.pt")
    checkpoint.save({name: value.clone() for name, value in values.items()}, checkpoint_id=f"{folder}/many.distcp")


def make_paddle(folder):
    # What paddle.save writes of a state_dict (python/paddle/framework/io.py): a pickle of arrays, and of the parameters' names.
    names = {f"layer{i}.weight": f"linear_{i}.w_0" for i in range(MANY)}
    values = {name: SMALL.copy() for name in names}
    with open(f"{folder}/many.pdparams", "wb") as file:
        pickle.dump({**values, "StructuredToParameterName@@": names}, file, protocol=4)


def decode(path):
    name = os.path.basename(path)
    if name.endswith(".zarr"):
        import json

        import numcodecs

        # Its chunks by the C library itself, put together by numpy: what zarr adds to that is not the format's.
        array = f"{path}/layer0.weight"
        with open(f"{array}/zarr.json") as file:
            metadata = json.load(file)
        rows, columns = metadata["chunk_grid"]["configuration"]["chunk_shape"]
        result = np.empty(metadata["shape"], np.float32)
        codec = numcodecs.Zstd()
        for i in range(0, result.shape[0], rows):
            for j in range(0, result.shape[1], columns):
                with open(f"{array}/c/{i // rows}/{j // columns}", "rb") as file:
                    chunk = np.frombuffer(codec.decode(file.read()), np.float32)
                result[i : i + rows, j : j + columns] = chunk.reshape(rows, columns)
    elif name.endswith(".npz"):
        with np.load(path) as arrays:
            for key in arrays.files:
                arrays[key].sum()
    elif name.endswith(".h5"):
        import h5py

        with h5py.File(path) as file:
            for group in file.values():
                group["kernel"][()]
    elif name.endswith(".onnx"):
        import onnx
        from onnx import numpy_helper

        tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
        if "s" in tensors:
            w, s, z = tensors["w"], tensors["s"][:, None], tensors["z"][:, None]
            (w.astype(np.float32) - z.astype(np.float32)) * s
    else:
        import gguf

        with np.errstate(all="ignore"):
            for tensor in gguf.GGUFReader(path).tensors:
                np.array(gguf.dequantize(tensor.data, tensor.tensor_type))


if __name__ == "__main__":
    command, argument = sys.argv[1:3]
    if command == "make":
        for make in (make_npz, make_hdf5, make_onnx, make_gguf, make_zarr, make_pytorch, make_paddle):
            try:
                make(argument)
            except ImportError as error:
                print(error, file=sys.stderr)
    else:
        decode(argument)
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            decode(argument)
            seconds.append(time.perf_counter() - start)
        print(min(seconds))
