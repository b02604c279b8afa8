"""What core asks of a delegate, a member at a time: one that misbehaves is named, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import PluginError
from ..log import logger
from ..model import Graph, Op
from .guard import Unfit, begin, call, listed, said, shown
from .support_row import OpSupport, Refusal

if TYPE_CHECKING:
    from .delegate import Delegate

T = TypeVar("T")
Decision = tuple["OpSupport | None", list[Refusal]]
MOST_PROBLEMS = 100  # that are remembered of one delegate


def ask(delegate: Delegate, method: str, read: Callable[[Any], T], *given: Any) -> T:
    """Return what a method of a delegate answers, as ``read`` makes it.

    :raises PluginError: it raised, or answered something that ``read`` does not take.
    """
    return call(lambda: f"{method}() of {owner(delegate)}", read, lambda: getattr(delegate, method)(*given))


def ask_or(delegate: Delegate, method: str, read: Callable[[Any], T], otherwise: T, *given: Any) -> T:
    """Return what a method of a delegate answers; where it misbehaves ``otherwise``, and remember that."""
    try:
        return ask(delegate, method, read, *given)
    except PluginError as e:
        tell(delegate, str(e))
        return otherwise


def member_or(delegate: Delegate, member: str, read: Callable[[Any], T], otherwise: T) -> T:
    """Return a member of a delegate, no method; where it is unfit ``otherwise``, and remember that."""
    try:
        return call(lambda: f"{member} of {owner(delegate)}", read, lambda: getattr(delegate, member))
    except PluginError as e:
        tell(delegate, str(e).replace("needs to return", "needs to be"))
        return otherwise


def decided(delegate: Delegate, op: Op, graph: Graph | None = None) -> Decision:
    """Return the row by which a delegate takes an op; or None, and why not: one that cannot say refuses."""
    begin(lambda: f"decide() of {owner(delegate)}")
    try:
        row, refusals = delegate.decide(op, graph)
        if type(row) is OpSupport and refusals == []:  # most ops, without further ado
            return row, refusals
        return _decision(row, refusals)
    except BaseException as e:
        why = f"decide() of {owner(delegate)} failed: {said(e)}"
        return None, [Refusal("a decision of the delegate", why, kind="failed")]


def tell(delegate: Delegate, message: str) -> None:
    """Remember what is wrong with a delegate, and log it the first time."""
    if message not in delegate.problems and len(delegate.problems) < MOST_PROBLEMS:
        delegate.problems = (*delegate.problems, message)
        logger.warning("%s", message)


def owner(delegate: Delegate) -> str:
    """Name a delegate and who made it: ``"delegate 'npu' of plugin 'mynpu'"``."""
    plugin = delegate.plugin or type(delegate).__module__.partition(".")[0]
    return f"delegate {getattr(delegate, 'label', type(delegate).__name__)!r} of plugin {plugin!r}"


def _decision(row: Any, refusals: Any) -> Decision:
    if row is not None and not isinstance(row, OpSupport):
        raise Unfit(f"it needs to return a row or None, found {shown(row)}")
    return row, read_refusals(refusals, least=row is None)


def read_refusals(answer: Any, least: int = 0) -> list[Refusal]:
    """Read a list of refusals, ``least`` of them or more."""
    found = listed(answer)
    if wrong := [r for r in found if not isinstance(r, Refusal)]:
        raise Unfit(f"refusals, found {shown(wrong[0])}")
    if len(found) < least:
        raise Unfit("a row or a refusal, found neither")
    return found
