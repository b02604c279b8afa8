"""The options of the OpenCL delegate."""

from __future__ import annotations

from typing import Literal

from delegraph import at_least, field, frozen


@frozen
class Options:
    """What a user may choose."""

    device: str | None = (
        None  # index, "gpu" or "cpu", or part of a name; None: the first of `delegraph devices`
    )
    # "auto": float16 on a GPU that computes it, else float32. "bfloat16": what weights are multiplied.
    precision: Literal["float32", "float16", "bfloat16", "auto"] = "float32"
    quantized: bool = True  # take int8 and uint8 models, too
    max_partitions: int | None = field(default=None, validator=at_least(1))
    # Take images of 4 channels (RGBA) where the model has 3: the fourth is not looked at.
    input_channels: Literal[4] | None = None
    min_ops: int = field(default=1, validator=at_least(1))
    serialization_dir: str | None = (
        None  # keep compiled programs and packed weights here; "auto": the user's cache
    )
    # MiB that the entries there may take; of more, those that were not used for the longest time go.
    serialization_limit: int = field(default=1024, validator=at_least(1))
    model_token: str | None = None  # names the model in the cache; None: a digest of it
    # Which kernels: "cpu" (few long work-items), "gpu" (many short ones); "auto": by the device's type.
    kernels: Literal["auto", "cpu", "gpu"] = "auto"
    # Let PoCL 3.0 compile for a CPU newer than itself, by a write to its memory (``device/cpu_name.py``).
    rename_cpu: bool = True
    # Measure work-group sizes in the first prepare, and remember them; None: on GPUs.
    tune: bool | None = None
