"""The loop of the last seconds: every captured picture, within a bound of memory.

Pictures are kept as they are while they fit. Where they do not, as many of the older ones are
encoded as must be for the rest to have room. That is done on a thread of the loop's own: capture
only ever appends.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from sonoassist.core.packets import Analysis, Frame, FrameKey
from sonoassist.live.loop_pictures import LoopPicture, LoopPictures
from sonoassist.live.status import View
from sonoassist.temporal.steady import SteadyLabel

ENCODE_FROM = 0.75
"""Share of the memory from which on pictures are encoded; the rest is for those that come
meanwhile."""
ALL_FROM = 0.8
"""Share from which on also those are encoded that were to stay as they are."""
QUICKLY_FROM = 0.85
"""Share from which on they are encoded in half the time, with a little more loss."""
STEADY_OVER_S = 2.5
"""A label is steadied by the pictures of so long before; what is older has hardly any weight."""


class Loop:
    """A ring of captured pictures, bounded by time and by memory; any thread may call.

    Pictures that are held for a freeze stay as long as it lasts, and count as well.

    Args:
        seconds: How far back.
        megabytes: How much memory, in MiB; the oldest are encoded first, and go first.
    """

    def __init__(self, seconds: float, megabytes: int) -> None:
        self.seconds = seconds
        self.megabytes = megabytes
        self._changed = threading.Condition()
        self._ring: deque[LoopPicture] = deque()
        self._held: tuple[LoopPicture, ...] = ()
        self._known: dict[FrameKey, LoopPicture] = {}
        self._counted: dict[LoopPicture, int] = {}
        self._bytes = 0
        self._solid: set[LoopPicture] = set()  # cannot be made smaller
        self._spared: set[LoopPicture] = set()  # there is room for them as they are
        self._encoding: LoopPicture | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def size_bytes(self) -> int:
        """Memory that the pictures take, held ones included."""
        with self._changed:
            return self._bytes

    def add(self, frame: Frame) -> None:
        """Add the newest captured picture."""
        picture = LoopPicture(View(frame))
        with self._changed:
            if picture.key in self._known:
                return
            self._ring.append(picture)
            self._known[picture.key] = picture
            self._count(picture)
            self._forget(frame.captured_at_s - self.seconds)
            self._call_encoder()

    def put_result(self, view: View) -> None:
        """Keep what was found of a picture when it was its turn."""
        with self._changed:
            picture = self._known.get(view.frame.key)
            if picture is not None:
                picture.put_view(view)
                self._count(picture)

    def put_late_result(self, analysis: Analysis, threshold: float) -> None:
        """Keep what was found of a picture out of its turn.

        Its label, and those of the next pictures that have a result out of turn, are steadied by
        the results before them that there are by now.

        Args:
            analysis: Of the picture.
            threshold: Softmax that a plane needs to be named.
        """
        key = analysis.frame.key
        with self._changed:
            for picture in self._all_of(key):
                picture.out_of_turn = True
                around = self._held if picture in self._held else self._ring
                _put_steadied(around, picture, analysis, threshold)
                self._count(picture)

    def pictures(self) -> LoopPictures:
        """The last seconds, oldest first."""
        with self._changed:
            return LoopPictures(self._ring)

    def hold(self, pictures: LoopPictures | None) -> None:
        """Keep these for a freeze, in the place of those held before; None for none."""
        with self._changed:
            before, self._held = self._held, () if pictures is None else pictures.pictures
            for picture in self._held:
                self._known.setdefault(picture.key, picture)
                self._count(picture)
            ring = set(self._ring)
            for picture in set(before) - set(self._held):
                if picture not in ring:
                    self._drop(picture)
            self._call_encoder()

    def clear(self) -> None:
        """Forget everything that is not held."""
        with self._changed:
            held = set(self._held)
            for picture in self._ring:
                if picture not in held:
                    self._drop(picture)
            self._ring.clear()

    def stop(self) -> None:
        """End the thread; it has ended when this returns."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    # --- under the lock ---------------------------------------------------------------------

    def _all_of(self, key: FrameKey) -> list[LoopPicture]:
        """A picture of the loop, and the one held in its place, which may be another one."""
        known = self._known.get(key)
        found = [one for one in self._held if one.key == key]
        return found if known is None or known in found else [known, *found]

    def _count(self, picture: LoopPicture) -> None:
        size = picture.size_bytes
        self._bytes += size - self._counted.get(picture, 0)
        self._counted[picture] = size

    def _drop(self, picture: LoopPicture) -> None:
        self._bytes -= self._counted.pop(picture, 0)
        if self._known.get(picture.key) is picture:
            del self._known[picture.key]
        self._solid.discard(picture)
        self._spared.discard(picture)

    def _forget(self, oldest_s: float) -> None:
        limit = self.megabytes * 2**20
        while len(self._ring) > 1 and self._ring[0].frame.captured_at_s < oldest_s:
            self._leave(0)
        while len(self._ring) > 1 and self._bytes > limit:
            self._leave(self._first_raw())

    def _first_raw(self) -> int:
        """Which goes where the memory is full: the oldest that is large.

        Where pictures come faster than they can be encoded some are missing, and the loop still
        reaches as far back as it can; work that was done is not thrown away.
        """
        last = len(self._ring) - 1
        for place in range(last):
            picture = self._ring[place]
            if not picture.is_encoded and picture is not self._encoding:
                return place
        return 0

    def _leave(self, place: int) -> None:
        picture = self._ring[place]
        del self._ring[place]
        if picture not in self._held:
            self._drop(picture)

    def _fills(self, share: float) -> bool:
        return self._bytes > share * self.megabytes * 2**20

    def _call_encoder(self) -> None:
        if not self._fills(ENCODE_FROM) or self._stopping:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="loop", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _next_raw(self) -> LoopPicture | None:
        """The oldest picture that must be made smaller, where memory is short."""
        if not self._fills(ENCODE_FROM):
            return None
        for picture in (*self._held, *self._ring):
            if picture.is_encoded or picture in self._solid:
                continue
            if self._fills(ALL_FROM):
                return picture
            if picture in self._spared:
                continue
            if not self._can_spare(picture):
                return picture
            self._spared.add(picture)
        return None

    def _can_spare(self, picture: LoopPicture) -> bool:
        """Whether all the seconds have room where this picture stays as it is."""
        ring = set(self._ring)
        aside = sum(self._counted[one] for one in self._held if one not in ring)
        stays = self._spared | self._solid
        settled = [self._counted[one] for one in ring if one.is_encoded or one in stays]
        mean = (sum(settled) + self._counted[picture]) / (len(settled) + 1)
        return mean * self._pictures_in_all() <= ENCODE_FROM * self.megabytes * 2**20 - aside

    def _pictures_in_all(self) -> float:
        """How many there will be when the loop reaches back as far as it shall."""
        times_s = [one.frame.captured_at_s for one in self._ring]
        reached_s = times_s[-1] - times_s[0] if times_s else 0.0
        if reached_s <= 0:
            return len(times_s)
        return max((len(times_s) - 1) * self.seconds / reached_s, 1.0)

    # --- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while (picture := self._wait_for_raw()) is not None:
            with self._changed:
                in_need = self._fills(QUICKLY_FROM)
            smaller = picture.encoded_data(quick=in_need)
            with self._changed:
                if smaller is None:
                    self._solid.add(picture)
                elif picture in self._counted:
                    picture.put_encoded(smaller)
                    self._count(picture)

    def _wait_for_raw(self) -> LoopPicture | None:
        with self._changed:
            while not self._stopping:
                picture = self._encoding = self._next_raw()
                if picture is not None:
                    return picture
                self._changed.wait()
        return None


def _put_steadied(
    pictures: Sequence[LoopPicture], picture: LoopPicture, found: Analysis, threshold: float
) -> None:
    """Put the result of a picture, and steady the next labels that it bears on."""
    label, reached = SteadyLabel(threshold), False
    for one in pictures:
        analysis = found if one is picture else one.analysis
        if analysis is None or not _near(one.frame, picture.frame):
            continue
        steady = label.update(analysis)
        reached = reached or one is picture
        if reached and one.out_of_turn:
            one.put_result(analysis, steady)


def _near(one: Frame, other: Frame) -> bool:
    """Whether the label of the one may bear on that of the other."""
    apart_s = abs(one.captured_at_s - other.captured_at_s)
    return one.source_id == other.source_id and apart_s <= STEADY_OVER_S
