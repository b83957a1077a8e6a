"""The rows of the tables: planes, or groups of planes where the labels are coarser."""

from __future__ import annotations

from collections.abc import Iterable

from sonoassist.core.planes import BY_KEY
from sonoassist.evaluation.paper import ORDER

Group = tuple[str, ...]
"""Plane keys in the paper's order: one for a plane, several for a label like "any heart view"."""

_PLACE = {key: place for place, key in enumerate(ORDER)}


def group_of(accepted: Iterable[str]) -> Group:
    """The accepted planes of a label in a fixed order."""
    return tuple(sorted(set(accepted), key=_PLACE.__getitem__))


def in_order(groups: Iterable[Group]) -> list[Group]:
    """Groups without repeats, in the paper's order, the background last."""
    return sorted(set(groups), key=lambda group: ([_PLACE[key] for key in group], group))


def title(group: Group) -> str:
    """Name in tables: the paper's, joined where there are several."""
    return " / ".join(BY_KEY[key].published_label for key in group)


def short_title(group: Group) -> str:
    """Name where room is scarce: of several planes only the first is named."""
    rest = len(group) - 1
    return title(group[:1]) + (f" or {rest} more" if rest else "")


def is_background(group: Group) -> bool:
    """Whether the label says that no plane is shown."""
    return group == ("background",)


def is_shared(group: Group, groups: Iterable[Group]) -> bool:
    """Whether planes of a coarse row have other rows, which take its false positives.

    A wrong prediction counts for one row only, the narrowest that holds the plane; a coarse row
    beside it would never lose precision.
    """
    if len(group) < 2:
        return False
    others = (other for other in groups if other != group and len(other) <= len(group))
    return any(set(group) & set(other) for other in others)


def predicted_group(named: str, truth: Group, groups: Iterable[Group]) -> Group:
    """The row that a prediction counts for.

    What is accepted counts for the true row itself. Otherwise it counts for the row of exactly
    this plane, else for the narrowest row that holds it, else for a row of its own.
    """
    if named in truth:
        return truth
    holding = [group for group in groups if named in group]
    return min(holding, key=len) if holding else (named,)
