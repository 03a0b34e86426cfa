"""The usual way: the whole tensor in memory, sorted. Prints one JSON line; the caller compares.

usage: numpy_way.py FILE OFFSET COUNT    (COUNT float32 values at byte OFFSET)
"""
import json
import sys
import time

import numpy as np

path, offset, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
start = time.perf_counter()
w = np.fromfile(path, dtype="<f4", count=count, offset=offset)
a = np.sort(np.abs(w))
energy = np.cumsum(np.square(a, dtype=np.float64))
cosine = np.sqrt(np.maximum(0, 1 - energy / energy[-1]))
p = np.linspace(0, 1, 101)
k = np.round(p * count).astype(np.int64)
c = np.where(k == 0, 1.0, cosine[np.maximum(k - 1, 0)])
best = int(np.argmin(np.hypot(1 - c, 1 - p)))
try:
    from scipy.stats import kurtosis

    kurt = float(kurtosis(w, fisher=False))
except ImportError:
    d = w - w.mean(dtype=np.float64)
    kurt = float(np.mean(d**4) / np.mean(d**2) ** 2)
seconds = time.perf_counter() - start
peak = 0
try:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
except ImportError:
    pass
print(json.dumps({"seconds": seconds, "prunedFraction": best / 100, "kurtosis": kurt, "peakBytes": peak}))
