"""What is to be made better than it is at first, and what each effort stands for."""

from __future__ import annotations

from attrs import evolve, frozen
from delegraph import InputError

LIGHT = 1 << 23  # bytes that ops write in a run: of less, biases are corrected in little time and memory
ROUNDINGS = ("nearest", "gptq", "adaround", "blocks")


@frozen
class Wishes:
    """How a quantized model is to be made better; what is None is as the effort has it."""

    effort: str = "normal"
    equalize: bool | None = None
    bias_correction: bool | None = None
    rounding: str | None = None
    iterations: int = 500  # of adaround, for each op, and of blocks, for each block
    seed: int = 0
    looked_at: int | None = None  # samples, at most; None: 64, or as many as fit in a GiB
    mirrored: bool = False  # whether the mirror images of samples are looked at, too
    spare: bool | None = None  # whether some weights keep 8 bits where 4 are asked for
    rounds_gates: bool = False  # of LSTMs, by gptq: their weights of 8 bits have one scale for each matrix

    def check(self) -> None:
        """:raises InputError: a word is none of those known."""
        for name, found, known in (
            ("effort", self.effort, tuple(_EFFORTS)),
            ("rounding", self.rounding, (None, *ROUNDINGS)),
        ):
            if found not in known:
                told = ", ".join(k for k in known if k is not None)
                raise InputError(f"{name} needs one of {told}, found {found!r}")
        if self.looked_at is not None and self.looked_at < 1:
            raise InputError(f"rounding_samples needs at least 1, found {self.looked_at}")

    @property
    def asked(self) -> list[str]:
        """What somebody asked for that needs samples, by the names of the arguments."""
        given = {
            "bias_correction": self.bias_correction,
            "rounding": self.rounding not in (None, "nearest"),
            "rounding_samples": self.looked_at is not None,
            "mirror": self.mirrored,
        }
        return [name for name, wanted in given.items() if wanted]

    def settled(
        self,
        weights: str,
        has_samples: bool,
        scheme: str = "",
        work: int = LIGHT,
        has_gates: bool = False,
    ) -> Wishes:
        """Return the wishes with nothing left open, for weights of a type.

        :param work: bytes that the ops of the model write in a run.
        :param has_gates: whether it has an LSTM.
        """
        few = _EFFORTS[self.effort][weights] if has_samples else _NOTHING
        if has_samples and self.effort == "normal" and scheme == "int8" and work < LIGHT:
            few = evolve(few, bias_correction=True)
        return evolve(
            self,
            equalize=few.equalize if self.equalize is None else self.equalize,
            bias_correction=few.bias_correction if self.bias_correction is None else self.bias_correction,
            rounding=few.rounding if self.rounding is None else self.rounding,
            spare=few.spare if self.spare is None else self.spare,
            rounds_gates=has_gates and has_samples and self._may_round,
        )

    @property
    def _may_round(self) -> bool:
        return self.effort != "fast" if self.rounding is None else self.rounding != "nearest"

    @property
    def needs_samples(self) -> bool:
        return bool(self.bias_correction) or self.rounds_gates or self.rounding not in (None, "nearest")


_NOTHING = Wishes(equalize=False, bias_correction=False, rounding="nearest", spare=False)
_EFFORTS = {
    "fast": {"int8": _NOTHING, "int4": _NOTHING},
    "normal": {"int8": _NOTHING, "int4": evolve(_NOTHING, bias_correction=True, rounding="gptq")},
    "best": {
        "int8": evolve(_NOTHING, bias_correction=True),
        "int4": evolve(_NOTHING, bias_correction=True, rounding="gptq", spare=True),
    },
}
EFFORTS = tuple(_EFFORTS)
