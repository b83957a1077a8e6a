"""Searches exams one after another: the same in this process, in another, on another machine."""

from __future__ import annotations

from sonoassist.analysis.analyser import Analyser
from sonoassist.analysis.precision.choosing import engine_for
from sonoassist.core.errors import EngineError, SonoAssistError, SourceError
from sonoassist.engines.base import Engine
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.identity import Stamp
from sonoassist.retrieval.analysing import OnFrame, analyse_exam, analysed_from, is_synthetic
from sonoassist.retrieval.opening import Opener
from sonoassist.retrieval.order import LoadedModel, SearchOrder, Task
from sonoassist.retrieval.result import Bundle, make_bundle


class NoEngineError(EngineError):
    """No exam can be searched here: the engine cannot be made."""


class Searcher:
    """Keeps the engines while it goes from exam to exam.

    Args:
        order: What is asked for.
        cache: Where results of frames are kept; None for the user's own.
    """

    def __init__(self, order: SearchOrder, cache: AnalysisCache | None = None) -> None:
        self._order = order
        self._cache = cache or AnalysisCache.default()
        self._engines: dict[str, Engine] = {}

    def search(self, task: Task, told: OnFrame = lambda done, total: None) -> Bundle:
        """Analyse an exam, choose its frames and make its files.

        Args:
            task: The exam; what was kept of its analysis is used where it fits.
            told: Called after each frame that is read.

        Raises:
            NoEngineError: The engine cannot be made.
            SonoAssistError: The exam cannot be read or changes meanwhile, or the engine fails.
        """
        before = _unchanged(task)
        try:
            bundle = self._search(task, told)
        except SourceError as error:
            if task.exam.stamps() != before:
                raise _changed(task) from error
            raise
        if task.exam.stamps() != before:
            raise _changed(task)
        return bundle

    def _search(self, task: Task, told: OnFrame) -> Bundle:
        opening = Opener()
        synthetic = is_synthetic(task.exam, opening)
        key = self._order.analysis_key(task.fingerprint, synthetic=synthetic)
        analysed = analysed_from(task.kept, key)
        if analysed is None:
            model = self._order.model(synthetic=synthetic)
            analyser = Analyser(self._engine(model), model.card, self._order.options)
            analysed = analyse_exam(
                task.exam,
                analyser,
                key,
                told,
                opening,
                self._cache,
                synthetic=synthetic,
                any_precision=self._order.choice.precision == "auto",
            )
        return make_bundle(task, self._order, analysed, opening)

    def _engine(self, model: LoadedModel) -> Engine:
        name = model.card.name
        if name not in self._engines:
            try:
                engine = engine_for(model.card, model.tensors, self._order.choice)
                Analyser(engine, model.card, self._order.options).warm_up()
            except SonoAssistError as error:
                raise NoEngineError(error.message, error.hint) from error
            self._engines[name] = engine
        return self._engines[name]

    def close(self) -> None:
        """Let go of the engines."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()


def _unchanged(task: Task) -> tuple[Stamp, ...]:
    """The stamps of an exam that is still the one that was planned.

    Another machine may have a copy of it: then its content decides.

    Raises:
        SourceError: It is another one by now.
    """
    stamps = task.exam.stamps()
    if stamps != task.stamps and task.exam.fingerprint() != task.fingerprint:
        raise _changed(task)
    return stamps


def _changed(task: Task) -> SourceError:
    return SourceError(
        f"{task.exam.label} changed while it was read", "Start again when it is copied or recorded"
    )
