"""How often boxes are looked for, so that every frame gets its label.

Label and bars take the forward pass, the box takes the backward pass besides. Where both together
keep pace with the picture, each frame has its own box. Where they do not, labels follow the frames
and boxes take what time is left, or a fixed share of it where none is.
"""

from __future__ import annotations

from dataclasses import dataclass

from sonoassist.analysis.box_wish import BoxWish

LEAST_SHARE = 0.25
"""Of the time, so much goes into boxes where labels alone do not keep pace either."""
WHOLE_BELOW = 0.8
"""Each frame has its own box while that takes less than this share of the time between two."""
SPLIT_ABOVE = 1.0
"""Boxes come behind their labels from this share on. Between the two all stays as it is."""
DWELL_S = 2.0
"""So long it stays at least as it is."""
LONGEST_INTERVAL_S = 1.0
"""Frames further apart than this do not follow each other."""
TRY_QUICK_EVERY = 25
"""Labels by the exact pass, after which the quick one is tried again."""
_STEADYING = 0.15


@dataclass(slots=True)
class _Steadied:
    """A time, steadied over some measurements; NaN before the first one."""

    value_s: float = float("nan")

    @property
    def known(self) -> bool:
        return self.value_s == self.value_s

    def add(self, took_s: float) -> None:
        self.value_s += _STEADYING * (took_s - self.value_s) if self.known else 0.0
        self.value_s = self.value_s if self.known else took_s


class Cadence:
    """Decides for each frame how its label and its box are come by; used by one thread.

    A label is come by in two ways: quickly, with the exact pass behind it where there is doubt, or
    by the pass that a box starts from, which is exact. Which is quicker depends on the frames: the
    background is seldom in doubt, the planes of some exams are most of the time.

    All times are in seconds of one rising clock, that of `Frame.captured_at_s`.

    Attributes:
        finishes: Whether the box of the last frame asked about is to be found behind its label.
    """

    def __init__(self) -> None:
        self.finishes = False
        self._whole_s = _Steadied()
        self._label_s = {True: _Steadied(), False: _Steadied()}
        self._early_s = _Steadied()
        self._box_s = _Steadied()
        self._interval_s = _Steadied()
        self._last: tuple[int, float] | None = None
        self._split = False
        self._changed_at_s = float("-inf")
        self._asked_at_s: float | None = None
        self._credit_s = 0.0
        self._since_quick = 0

    @property
    def split(self) -> bool:
        """Whether labels go ahead of their boxes."""
        return self._split

    def restart(self) -> None:
        """The next frame is of another source, or follows a break; how quick passes are stays."""
        self._last = None
        self._asked_at_s = None
        self._interval_s = _Steadied()

    def wish(
        self, frame_id: int, captured_at_s: float, *, named: bool, background: bool, now_s: float
    ) -> BoxWish:
        """How the box of a frame is to be come by.

        Args:
            frame_id: Of the frame; those between two were dropped.
            captured_at_s: Of the frame.
            named: Whether the frame before is named a plane, which has a box.
            background: Whether the frame before shows background.
            now_s: The time.
        """
        self._see(frame_id, captured_at_s)
        self._settle(now_s)
        self.finishes = False
        if not self._split:
            return BoxWish.OWN
        if background or not self._label_s[False].known:
            return BoxWish.CARRIED
        self._earn(now_s)
        if named and self._credit_s >= self._extra_s:
            self._credit_s -= self._extra_s
            self.finishes = True
            return BoxWish.LATER
        return BoxWish.LATER if self._exact_is_quicker() else BoxWish.CARRIED

    def took(self, wish: BoxWish, took_s: float, *, background: bool) -> None:
        """Tell how long a frame took up to its label.

        Args:
            wish: As it was asked for.
            took_s: For what.
            background: Whether it shows background, which takes no backward pass.
        """
        if wish is BoxWish.CARRIED:
            self._label_s[background].add(took_s)
            self._since_quick = 0
        elif wish is BoxWish.LATER:
            self._early_s.add(took_s)
            self._since_quick += 1
        elif not background:
            self._whole_s.add(took_s)

    def box_took(self, took_s: float) -> None:
        """Tell how long a box took behind its label."""
        self._box_s.add(took_s)

    def _exact_is_quicker(self) -> bool:
        """Whether labels come sooner by the pass that a box starts from; looked at now and then."""
        if not self._early_s.known or self._since_quick >= TRY_QUICK_EVERY:
            return False
        return self._early_s.value_s <= self._label_s[False].value_s

    @property
    def _label_takes_s(self) -> float:
        """What the label of a frame that is no background takes, the quicker of two ways."""
        quick_s = self._label_s[False].value_s
        return min(quick_s, self._early_s.value_s) if self._early_s.known else quick_s

    @property
    def _extra_s(self) -> float:
        """What a frame with a box takes longer than one without."""
        if self._early_s.known and self._box_s.known:
            both_s = self._early_s.value_s + self._box_s.value_s
        else:
            both_s = self._whole_s.value_s
        return max(both_s - self._label_takes_s, 0.0)

    def _see(self, frame_id: int, captured_at_s: float) -> None:
        if self._last is not None and frame_id > self._last[0]:
            gap_s = (captured_at_s - self._last[1]) / (frame_id - self._last[0])
            if 0 < gap_s <= LONGEST_INTERVAL_S:
                self._interval_s.add(gap_s)
        self._last = frame_id, captured_at_s

    def _settle(self, now_s: float) -> None:
        if not self._interval_s.known or now_s - self._changed_at_s < DWELL_S:
            return
        interval_s = self._interval_s.value_s
        whole_s = self._whole_s.value_s
        if self._split and self._early_s.known and self._box_s.known:
            whole_s = self._early_s.value_s + self._box_s.value_s
        if self._split and whole_s < WHOLE_BELOW * interval_s:
            self._turn(False, now_s)
            self._whole_s = _Steadied()  # as it is now
        elif not self._split and whole_s > SPLIT_ABOVE * interval_s:
            self._turn(True, now_s)

    def _turn(self, split: bool, now_s: float) -> None:
        self._split = split
        self._changed_at_s = now_s
        self._asked_at_s = None

    def _earn(self, now_s: float) -> None:
        """Time for boxes: what labels leave, a share at least, and saved up for two."""
        if self._asked_at_s is None:
            self._credit_s = self._extra_s
        else:
            left = 0.0
            if self._interval_s.known:
                left = 1.0 - self._label_takes_s / self._interval_s.value_s
            self._credit_s += max(left, LEAST_SHARE) * (now_s - self._asked_at_s)
        self._credit_s = min(self._credit_s, 2 * self._extra_s)
        self._asked_at_s = now_s
