"""The same work in scikit-learn: called by evaluation.bench.ts, prints milliseconds as JSON."""
import json
import time

import numpy as np
import sklearn
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score

ROWS, GROUPS = 1_000_000, 20
random = np.random.default_rng(1)
truth = (random.random(ROWS) < 0.3).astype(int)
scores = np.clip(0.35 + 0.3 * truth + 0.4 * (random.random(ROWS) - 0.5), 0, 1)
decided = (scores >= 0.5).astype(int)
groups = random.integers(0, GROUPS, ROWS)
metrics = [accuracy_score, precision_score, recall_score, lambda y, p: p.mean(), f1_score]


def frame():
    for group in range(GROUPS):
        rows = groups == group
        y, p = truth[rows], decided[rows]
        for metric in metrics:
            metric(y, p)


right_a, right_b = random.random(10_000) < 0.89, random.random(10_000) < 0.93
difference = right_b.astype(float) - right_a


def bootstrap():
    for start in range(0, 10_000, 100):
        rows = random.integers(0, 10_000, (100, 10_000))
        difference[rows].mean(axis=1)


def best(runs, work):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


print(json.dumps({
    "version": sklearn.__version__,
    "frame": best(2, frame),
    "area": best(3, lambda: roc_auc_score(truth, scores)),
    "bootstrap": best(1, bootstrap),
}))
