"""The training loop (paper, Section II-D): learn, validate, save, stop, go on."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from pydantic import NonNegativeInt, TypeAdapter

from sonoassist.core.errors import ModelError, OutputError, SourceError, UsageError
from sonoassist.core.files import ensure_folder, write_bytes
from sonoassist.core.wording import counted
from sonoassist.model.folding import Tensors
from sonoassist.model.networks import Network
from sonoassist.training.batches import Batch, Batches
from sonoassist.training.checkpoints import (
    STATE_ERRORS,
    Checkpoint,
    Checkpoints,
    refuse_others,
)
from sonoassist.training.curves import write_curves
from sonoassist.training.data import TrainingData
from sonoassist.training.learner import Learner, NotANumberError
from sonoassist.training.log import Log, LogRow
from sonoassist.training.options import TrainOptions
from sonoassist.training.parallel import Ranks
from sonoassist.training.report import MODEL, Story, metadata, write_card
from sonoassist.training.reproducible import (
    as_tuples,
    deterministic,
    numpy_state,
    seed_everything,
    slow_bf16,
)
from sonoassist.training.schedule import Plateau
from sonoassist.training.signals import StopRequest
from sonoassist.training.validation import ValidationScore, evaluate
from sonoassist.training.weights import (
    Arrays,
    encode_arrays,
    load_arrays,
    network_arrays,
    start_from,
)

CALIBRATION_BATCHES = 4
_BEST = "best."
"""In a checkpoint, in front of the names of the best weights so far."""
_COUNT: TypeAdapter[int] = TypeAdapter(NonNegativeInt)
_PLATEAU: TypeAdapter[Plateau] = TypeAdapter(Plateau)
_SCORE: TypeAdapter[ValidationScore] = TypeAdapter(ValidationScore)
"""What a damaged checkpoint holds in the place of these is refused before it is gone on with."""
RETRY_S = 60.0
"""Pause before a checkpoint that could not be written is tried again."""


class TrainingWatcher(Protocol):
    """Who is told how the training goes."""

    def began(self, done: int, total: int) -> None:
        """The loop begins behind iteration `done`."""

    def learnt(self, row: LogRow) -> None:
        """One more iteration is done."""

    def validated(self, iteration: int, score: ValidationScore, best: bool) -> None:
        """The network was validated."""

    def note(self, line: str) -> None:
        """Something the user should know."""


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """How a run ended.

    Attributes:
        iterations: Done in all sittings.
        signal: That stopped it, or 0 when it came to its end.
        plateau: It ended since validation no longer improved.
        best_iteration: Whose weights are in the model; 0 when there are none.
        validation: Figures of the best weights; None before the first validation.
        test: Figures of them on the test cases; only at the end.
        files: What was written.
        start: Validation of the model that was fine-tuned; None from random weights.
        start_test: Figures of that model on the test cases; only at the end.
    """

    iterations: int
    signal: int
    plateau: bool
    best_iteration: int
    validation: ValidationScore | None
    test: ValidationScore | None
    files: tuple[Path, ...]
    start: ValidationScore | None = None
    start_test: ValidationScore | None = None

    @property
    def start_kept(self) -> bool:
        """A fine-tuning of which nothing was better than the model it began with."""
        return self.start is not None and not self.best_iteration


class Trainer:
    """One sitting of a training run.

    Args:
        options: Of the run.
        data: Prepared pictures.
        out: Folder of the run.
        ranks: The processes that train together.
        watcher: Told of everything; silent in all processes but the first.
        folded: Weights to fine-tune, or None.
        command: For the card.
    """

    def __init__(
        self,
        options: TrainOptions,
        data: TrainingData,
        out: Path,
        ranks: Ranks,
        watcher: TrainingWatcher,
        folded: Tensors | None = None,
        command: str = "",
    ) -> None:
        self.options, self.data, self.out = options, data, out
        self.ranks, self._watcher, self._command = ranks, watcher, command
        self.done = 0
        self.plateau = Plateau()
        self.best: ValidationScore | None = None
        self.start: ValidationScore | None = None
        self._best_iteration = 0
        self._best_arrays: Arrays = {}
        self._model_due = False
        self._log = Log(out)
        self._checkpoints = Checkpoints(out)
        self._saved_s = time.monotonic()
        seed_everything(options.seed)
        network = Network(options.spec, batch_norm=options.spec.batch_norm).to(ranks.device)
        if folded is not None:
            start_from(network, folded, self._examples())
        self._start_arrays: Arrays = {} if folded is None else network_arrays(network)
        self.learner = Learner(options, ranks, network)
        plan_size = options.batch_planes * 13 + options.batch_background
        if ranks.world > plan_size:
            raise UsageError(
                f"{counted(ranks.world, 'process', 'processes')}"
                f" cannot share a batch of {plan_size}"
            )

    def _examples(self) -> Iterator[torch.Tensor]:
        """Some training batches, to measure the statistics of loaded weights on."""
        with Batches(self.data.train, self.options, 1) as batches:
            for _ in range(CALIBRATION_BATCHES):
                yield torch.from_numpy(batches.get().inputs).to(self.ranks.device)

    def resume(self) -> None:
        """Go on from the newest checkpoint.

        Raises:
            UsageError: There is none, or it was made with other settings or data.
            ModelError: It cannot be used.
        """
        checkpoint = self._checkpoints.newest(self._watcher.note)
        try:
            self._restore(checkpoint)
        except STATE_ERRORS as error:
            raise ModelError(
                f"the state in {checkpoint.path.name} is damaged",
                "Remove that file to go on from the one before it",
            ) from error
        self._log.load(self.done)

    def _restore(self, checkpoint: Checkpoint) -> None:
        refuse_others(checkpoint.state["settings"], self._settings())
        state = checkpoint.state
        self.learner.load(checkpoint.tensors, state)
        self.done = _COUNT.validate_python(state["iteration"], strict=True)
        self.plateau = _PLATEAU.validate_python(state["plateau"])
        self.best = _SCORE.validate_python(state["best"]) if state["best"] else None
        start = state.get("start")  # checkpoints of before the start was measured have none
        self.start = _SCORE.validate_python(start) if start else None
        self._best_iteration = self.plateau.best_iteration
        self._best_arrays = {
            name.removeprefix(_BEST): np.asarray(values, np.float32)
            for name, values in checkpoint.tensors.items()
            if name.startswith(_BEST)
        }
        # The model of an earlier end may hold weights that this checkpoint does not know of.
        self._model_due = bool(self._best_arrays)
        random.setstate(as_tuples(state["python"]))
        np.random.set_state(numpy_state(state["numpy"]))

    def run(self) -> TrainingOutcome:
        """Train until the end, a plateau, or a signal.

        Raises:
            UsageError: The folder holds another run.
            ModelError: The loss is not a number any more.
            OutputError: The last checkpoint or the model cannot be written.
        """
        if self.ranks.first:
            ensure_folder(self.out)
            if not self.done and self._checkpoints.paths():
                raise UsageError(
                    f"{self.out} holds a training already",
                    "Add --resume to go on with it, or choose another folder",
                )
        if self.options.amp == "bf16" and slow_bf16(self.ranks.device):
            self._watcher.note("warning: this processor has no bf16; --amp off is much faster")
        self._watcher.began(self.done, self.options.iterations)
        with deterministic(self.ranks.device), StopRequest(self._heard) as stop:
            try:
                if self._start_arrays and not self.done:
                    self._measure_start()
                self._learn(stop)
                self._save(last=True)
                return self._outcome(stop.received, None) if stop.received else self._finish()
            except NotANumberError as error:
                raise self._explained(error) from error
            except SourceError:
                self._save(last=True)  # a prepared picture has gone; what is learnt has not
                raise
            except torch.OutOfMemoryError as error:
                raise UsageError(
                    f"the memory of {self.ranks.device} is too small for this batch",
                    "Give smaller --batch-planes and --batch-background, or a smaller --patch",
                ) from error

    def _heard(self) -> None:
        """A signal has come."""
        self._watcher.note("stopping: this iteration is finished, then everything is saved")

    def _learn(self, stop: StopRequest) -> None:
        ranks, options = self.ranks, self.options
        first = self.done + 1
        with Batches(self.data.train, options, first, ranks.rank, ranks.world) as batches:
            while self.done < options.iterations and not self.plateau.stopped:
                self._iterate(batches.get())
                if self._asked_to_stop(stop):
                    return

    def _iterate(self, batch: Batch) -> None:
        began_s = time.perf_counter()
        lr = self.plateau.lr(batch.iteration, self.options)
        loss = self.learner.step(batch, lr)
        self.done = batch.iteration
        seconds = time.perf_counter() - began_s
        score = None
        if self.done % self.options.val_every == 0:
            score = self._validate()
        row = LogRow(
            batch.iteration,
            loss,
            lr,
            batch.inputs.shape[-1],
            seconds,
            score.loss if score else None,
            score.accuracy if score else None,
        )
        self._log.add(row)
        self._watcher.learnt(row)
        if score or time.monotonic() - self._saved_s > self.options.save_every_s:
            self._save()

    def _measure_start(self) -> None:
        """What a fine-tuning has to be better than; before anything is changed."""
        score = self._checked(evaluate(self.learner, self.data.validation))
        self.start = score
        self.plateau.begin_at(score.error, score.loss)
        lr, size_px = self.plateau.lr(1, self.options), self.options.patch_at(1)
        self._log.add(LogRow(0, None, lr, size_px, 0.0, score.loss, score.accuracy))
        self._watcher.validated(0, score, False)

    def _validate(self) -> ValidationScore:
        score = self._checked(evaluate(self.learner, self.data.validation))
        best = self.plateau.update(self.done, score.error, score.loss, self.options)
        if best:
            self._take_best(score)
        self._watcher.validated(self.done, score, best)
        return score

    def _checked(self, score: ValidationScore) -> ValidationScore:
        """Refuse weights that are no numbers before they can become the model."""
        if not np.isfinite(score.loss):
            raise NotANumberError(f"validation at iteration {self.done} gives no number")
        return score

    def _take_best(self, score: ValidationScore) -> None:
        self.best, self._best_iteration = score, self.done
        self._best_arrays = network_arrays(self.learner.network)
        self._model_due = True

    def _asked_to_stop(self, stop: StopRequest) -> bool:
        """Whether any process was asked; they all stop behind the same iteration."""
        if self.ranks.world > 1 and self.ranks.wait(bool(stop.received)):
            stop.received = stop.received or signal.SIGTERM
        return bool(stop.received)

    def _save(self, last: bool = False) -> None:
        """Write everything; while the training goes on, a full disk is only warned of.

        Stopping would lose what is in memory; going on keeps it, and room may be made meanwhile.
        """
        if not self.ranks.first:
            return
        try:
            self._write()
            self._saved_s = time.monotonic()
        except OutputError as error:
            if last:
                raise OutputError(
                    f"{error.message}; the newest whole checkpoint is {self._newest_name()}",
                    "Free some space and go on with --resume",
                ) from error
            self._watcher.note(f"warning: {error}; the training goes on and will try again")
            self._saved_s = time.monotonic() - self.options.save_every_s + RETRY_S

    def _write(self) -> None:
        """The checkpoint first: it can replace all the others, and nothing can replace it."""
        best = {_BEST + name: values for name, values in self._best_arrays.items()}
        self._checkpoints.save(self.done, {**self.learner.tensors(), **best}, self._state())
        self._write_model()
        self._write_log()

    def _write_log(self) -> None:
        try:
            self._log.write()
            write_curves(self.out, self._log.rows)
        except OutputError as error:
            self._watcher.note(f"warning: {error}; the checkpoint is written all the same")

    def _write_model(self) -> None:
        if self._model_due:
            about = metadata(self._story())
            write_bytes(self.out / MODEL, self._encoded(about))
            self._model_due = False

    def _encoded(self, about: Mapping[str, str]) -> bytes:
        return encode_arrays(self._best_arrays, self.options.architecture, about)

    def _state(self) -> dict[str, Any]:
        """What is no tensor. The place in the sampling is the iteration: see `BatchPlan`."""
        return {
            "iteration": self.done,
            "settings": self._settings(),
            "plateau": self.plateau.state(),
            "best": asdict(self.best) if self.best else None,
            "start": asdict(self.start) if self.start else None,
            "python": random.getstate(),
            "numpy": [
                part if isinstance(part, str | int | float) else part.tolist()
                for part in np.random.get_state()
            ],
            **self.learner.state(),
        }

    def _settings(self) -> dict[str, Any]:
        return self.options.settings() | {"data": self.data.digest}

    def _newest_name(self) -> str:
        paths = self._checkpoints.paths()
        return paths[0].name if paths else "none"

    def _explained(self, error: NotANumberError) -> ModelError:
        if self.ranks.first:
            self._log.write()
        return ModelError(
            f"{error.message.rstrip('.')}; the last good checkpoint is {self._newest_name()}",
            "Start again with a smaller --lr, from the best model so far if there is one "
            f"(--from {self.out / MODEL})",
        )

    def _finish(self) -> TrainingOutcome:
        """The end: a last validation if one is due, the test, the card."""
        # What comes now is not in the checkpoint: with more iterations a resumed run goes on
        # exactly as if it had never stopped here.
        if self._best_iteration != self.done and self.done % self.options.val_every:
            self._validate_last()
        test, start_test = None, None
        if self.ranks.first:
            self._write_model()
            start_test = self._test(self._start_arrays)
            test = self._test(self._best_arrays)
            self._describe(test, start_test)
        return self._outcome(0, test, start_test)

    def _validate_last(self) -> None:
        score = self._checked(evaluate(self.learner, self.data.validation))
        reached = (score.error, score.loss)
        better = reached < (self.plateau.best_error, self.plateau.best_loss)
        if better:
            self._take_best(score)
        self._watcher.validated(self.done, score, better)
        if self._log.rows:
            self._log.add_validation(score.loss, score.accuracy)

    def _test(self, arrays: Arrays) -> ValidationScore | None:
        if not len(self.data.test) or not arrays:
            return None
        self._watcher.note(
            f"testing on {counted(len(self.data.test), 'picture')} of the test cases"
        )
        network = Network(self.options.spec, batch_norm=self.options.spec.batch_norm)
        load_arrays(network, arrays)
        alone = Ranks(0, 1, self.ranks.device)
        return evaluate(Learner(self.options, alone, network.to(self.ranks.device)), self.data.test)

    def _describe(self, test: ValidationScore | None, start_test: ValidationScore | None) -> None:
        self._write_log()
        if not self._best_arrays:
            return  # the start is kept
        story = self._story(test, start_test)
        write_bytes(self.out / MODEL, self._encoded(metadata(story)))
        write_card(self.out, story)

    def _story(
        self, test: ValidationScore | None = None, start_test: ValidationScore | None = None
    ) -> Story:
        assert self.best is not None
        return Story(
            self.options,
            self.data,
            self._command,
            self.done,
            self._best_iteration,
            self.best,
            test,
            self.start,
            start_test,
        )

    def _outcome(
        self,
        stopped_by: int,
        test: ValidationScore | None,
        start_test: ValidationScore | None = None,
    ) -> TrainingOutcome:
        names = (MODEL, "model-card.toml", "log.csv", "curves.png")
        files = [self.out / name for name in names if (self.out / name).is_file()]
        return TrainingOutcome(
            iterations=self.done,
            signal=stopped_by,
            plateau=self.plateau.stopped,
            best_iteration=self._best_iteration,
            validation=self.best,
            test=test,
            files=tuple(files),
            start=self.start,
            start_test=start_test,
        )
