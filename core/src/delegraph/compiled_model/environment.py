"""What several compiled models share in LiteRT: paths of libraries, which have no meaning here."""

from __future__ import annotations

import dataclasses
import os

from ..errors import InputError, StateError

__all__ = ["Environment", "EnvironmentOptions"]


@dataclasses.dataclass(frozen=True)
class EnvironmentOptions:
    """Where LiteRT looks for libraries; kept, and not used: delegates are installed packages."""

    runtime_path: str | None = None
    compiler_plugin_path: str = ""
    dispatch_library_path: str = ""


class Environment:
    """Paths of libraries, until it is closed."""

    def __init__(self, capsule: object, options: EnvironmentOptions) -> None:
        self._capsule: object | None = capsule
        self._options = options

    def __enter__(self) -> Environment:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._capsule = None

    @classmethod
    def create(
        cls,
        *,
        options: EnvironmentOptions | str | None = None,
        runtime_path: str | None = None,
        compiler_plugin_path: str = "",
        dispatch_library_path: str = "",
    ) -> Environment:
        """Make one, of options or of paths.

        :raises InputError: both are given.
        """
        if isinstance(options, str):
            if runtime_path is not None:
                raise InputError(
                    f"runtime_path needs to be given once, found {options!r} and {runtime_path!r}"
                )
            options, runtime_path = None, options
        if options is not None and (
            runtime_path is not None or compiler_plugin_path or dispatch_library_path
        ):
            raise InputError("Environment.create() needs options or paths, found both")
        found = options or EnvironmentOptions(runtime_path, compiler_plugin_path, dispatch_library_path)
        home = found.runtime_path or os.path.dirname(os.path.abspath(__file__))
        return cls(object(), dataclasses.replace(found, runtime_path=home))

    @property
    def options(self) -> EnvironmentOptions:
        return self._options

    @property
    def capsule(self) -> object:
        """What stands for LiteRT's handle.

        :raises StateError: the environment is closed.
        """
        if self._capsule is None:
            raise StateError("the environment is closed")
        return self._capsule
