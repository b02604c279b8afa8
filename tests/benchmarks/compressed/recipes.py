"""What is made of each model: commands, each of which reads what the one before it wrote.

``{data}`` stands for samples, ``{train}`` for those to train on and how long, ``{teacher}`` for the model
of floats where there are no labels.
"""

from __future__ import annotations

PRUNE, CLUSTER = "prune {given} -o {made} {data}", "cluster {given} -o {made} {data}"
INT8 = "quantize {given} -o {made} --scheme int8 {data}"
PRUNED, CLUSTERED, TRAINED = (
    f"{c} {{given}} -o {{made}} {{train}}" for c in ("prune --train", "cluster --train", "train")
)
FLOATS = "floats, trained"  # of labels alone: without them floats are what is wanted
RECIPES = {
    "50 % zeros": (f"{PRUNE} --sparsity 0.5",),
    "50 % zeros, sparse tensors": (f"{PRUNE} --sparsity 0.5 --sparse",),
    "50 % zeros, 8 significant bits": (f"{PRUNE} --sparsity 0.5 --significand 8",),
    "75 % zeros": (f"{PRUNE} --sparsity 0.75",),
    "2:4": (f"{PRUNE} --pattern 2:4",),
    "10 % of channels out": (f"{PRUNE} --structured --sparsity 0.1",),
    "30 % of channels out": (f"{PRUNE} --structured --sparsity 0.3",),
    "30 % of channels out, shared out": (f"{PRUNE} --structured --per model --sparsity 0.3",),
    "32 clusters": (f"{CLUSTER} --clusters 32",),
    "16 clusters": (f"{CLUSTER} --clusters 16",),
    "int8": (INT8,),
    "50 % zeros, 32 clusters": (f"{PRUNE} --sparsity 0.5", f"{CLUSTER} --clusters 32"),
    "50 % zeros, 32 clusters, int8": (f"{PRUNE} --sparsity 0.5", f"{CLUSTER} --clusters 32", INT8),
    "50 % zeros, 16 clusters, int8": (f"{PRUNE} --sparsity 0.5", f"{CLUSTER} --clusters 16", INT8),
    FLOATS: (f"{TRAINED} --float",),
    "50 % zeros, trained": (f"{PRUNED} --sparsity 0.5",),
    "75 % zeros, trained": (f"{PRUNED} --sparsity 0.75",),
    "2:4, trained": (f"{PRUNED} --pattern 2:4",),
    "30 % of channels out, trained": (
        f"{PRUNE} --structured --sparsity 0.3",
        f"{TRAINED} --float {{teacher}}",
    ),
    "30 % of channels out, shared out, trained": (f"{PRUNED} --structured --per model --sparsity 0.3",),
    "32 clusters, trained": (f"{CLUSTERED} --clusters 32",),
    "16 clusters, trained": (f"{CLUSTERED} --clusters 16",),
    "int8, trained": (TRAINED,),
    "int4 weights": (f"{INT8} --weights int4 --method minmax --rounding nearest",),
    "int4 weights, trained": (f"{TRAINED} --bits 4,8 --effort best",),
    "50 % zeros, 32 clusters, int8, trained": (
        f"{PRUNED} --sparsity 0.5",
        f"{CLUSTERED} --clusters 32",
        INT8,
    ),
    "50 % zeros, 16 clusters, int8, trained": (
        f"{PRUNED} --sparsity 0.5",
        f"{CLUSTERED} --clusters 16",
        INT8,
    ),
    "75 % zeros, 16 clusters, int8, trained": (
        f"{PRUNED} --sparsity 0.75",
        f"{CLUSTERED} --clusters 16",
        INT8,
    ),
}
BESIDE = {"int8, trained": "int8", "int4 weights, trained": "int4 weights"}  # what it should be better than


def trains(templates: tuple[str, ...]) -> bool:
    return any("{train}" in template for template in templates)
