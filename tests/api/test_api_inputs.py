"""Wrong arguments: each is refused in one line that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_made import made_model, runs_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import sonoassist as sa

GREY = np.zeros((40, 50), np.uint8)


@pytest.fixture(scope="module")
def model() -> Iterator[sa.Model]:
    with made_model() as made:
        yield made


def refused(call: Any, *arguments: Any, **named: Any) -> sa.UsageError:
    with pytest.raises(sa.UsageError) as caught:
        call(*arguments, **named)
    error = caught.value
    assert isinstance(error, (ValueError, TypeError))
    assert error.message
    assert error.hint
    assert "\n" not in str(error)
    return error


WRONG_PICTURES = [
    (None, TypeError, "pixels is None", "NumPy array"),
    ([[1, 2], [3, 4]], TypeError, "a list", "NumPy array"),
    ("picture.png", TypeError, "a str", "NumPy array"),
    (GREY.tobytes(), TypeError, "a bytes", "NumPy array"),
    (np.ma.masked_array(GREY), TypeError, "masked", "filled"),
    (GREY / 255, TypeError, "float64", "np.round(255 * pixels).astype(np.uint8)"),
    (GREY + np.float32(200), TypeError, "float32", "np.round(pixels).astype(np.uint8)"),
    (GREY + np.nan, TypeError, "float64", "not finite"),
    (GREY + np.inf, TypeError, "float64", "not finite"),
    (GREY - 1.5, TypeError, "float64", "-1.5"),
    (GREY.astype(np.uint16) + 4095, TypeError, "uint16", "from 4095 to 4095"),
    (GREY.astype(np.int64), TypeError, "int64", "np.uint8"),
    (GREY.astype(bool), TypeError, "bool", "255 * pixels.astype(np.uint8)"),
    (GREY.astype(object), TypeError, "object", "uint8"),
    (GREY.astype(complex), TypeError, "complex128", "uint8"),
    (GREY.astype(str), TypeError, "<U", "uint8"),
    (GREY[0], ValueError, "(50,)", "(H, W)"),
    (np.uint8(3) + np.zeros((), np.uint8), TypeError, "pixels is", "NumPy array"),
    (GREY[..., None], ValueError, "(40, 50, 1)", "pixels[..., 0]"),
    (np.dstack([GREY] * 4), ValueError, "(40, 50, 4)", "pixels[..., :3]"),
    (np.stack([GREY] * 3), ValueError, "(3, 40, 50)", "np.moveaxis(pixels, 0, -1)"),
    (GREY[None], ValueError, "(1, 40, 50)", "pixels[0]"),
    (np.dstack([GREY] * 3)[None], ValueError, "(1, 40, 50, 3)", "pixels[0]"),
    (np.stack([GREY] * 25), ValueError, "(25, 40, 50)", "sonoassist.analyse"),
    (np.zeros((25, 40, 50, 3), np.uint8), ValueError, "(25, 40, 50, 3)", "sonoassist.analyse"),
    (GREY[:0], ValueError, "empty", "uint8"),
    (np.zeros((0, 0, 3), np.uint8), ValueError, "empty", "uint8"),
    (GREY[:15], ValueError, "50x15", "16x16"),
    (np.zeros((40, 15, 3), np.uint8), ValueError, "15x40", "16x16"),
]


@pytest.mark.parametrize(("pixels", "kind", "wrong", "hint"), WRONG_PICTURES)
def test_wrong_pictures(
    model: sa.Model, pixels: Any, kind: type[Exception], wrong: str, hint: str
) -> None:
    for call in (model.analyse, model.localise):
        error = refused(call, pixels)
        assert isinstance(error, kind)
        assert wrong in error.message
        assert hint in error.hint
    assert not runs_of(model)


ARRAYS = hnp.arrays(
    dtype=st.one_of(
        hnp.boolean_dtypes(),
        hnp.integer_dtypes(),
        hnp.unsigned_integer_dtypes(),
        hnp.floating_dtypes(),
        hnp.complex_number_dtypes(),
        hnp.unicode_string_dtypes(),
        hnp.datetime64_dtypes(),
    ),
    shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=20),
    fill=st.nothing(),
)


@given(pixels=ARRAYS)
def test_any_array_is_judged_or_refused(pixels: np.ndarray) -> None:
    right = (
        pixels.dtype == np.uint8
        and (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3))
        and min(pixels.shape[:2]) >= 16
    )
    with made_model() as model:
        if right:
            assert model.analyse(pixels).state in sa.STATES
        else:
            refused(model.analyse, pixels)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.binary(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.integers()),
    st.just(GREY),
    st.just(object),
)


@given(value=ANYTHING.filter(lambda one: not isinstance(one, np.ndarray)))
def test_anything_else_is_no_picture(model: sa.Model, value: Any) -> None:
    assert isinstance(refused(model.analyse, value), TypeError)


@given(value=ANYTHING.filter(lambda one: not isinstance(one, str)))
def test_anything_else_is_no_source(model: sa.Model, value: Any) -> None:
    assert isinstance(refused(sa.open_source, value), TypeError)
    assert isinstance(refused(sa.analyse, value, model), TypeError)


@given(text=st.text(st.characters(exclude_characters=":/.~")))
def test_any_text_that_names_nothing(text: str) -> None:
    """Its error is one that a program can catch by the library's own name."""
    with pytest.raises(sa.SonoAssistError):
        sa.open_source(f"no such folder/{text}")


def test_a_picture_given_as_a_source(model: sa.Model) -> None:
    assert "Model.analyse" in refused(sa.analyse, GREY, model).hint
    assert "bytes" in refused(sa.open_source, b"exam.mp4").message


@pytest.mark.parametrize("named", ["exam:nothing", "exam:last/0", "exam:last/x"])
def test_exams_that_are_not_there(
    model: sa.Model, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))
    for call in (lambda: sa.open_source(named), lambda: sa.analyse(named, model)):
        with pytest.raises(sa.UsageError) as caught:
            call()
        assert caught.value.hint


WRONG_LOADS = [
    ({"name": 3}, TypeError, "name is an int"),
    ({"name": Path("a.npz")}, TypeError, "name is a"),
    ({"name": " "}, ValueError, "name is empty"),
    ({"engine": "tensorflow"}, ValueError, "no engine 'tensorflow'"),
    ({"engine": None}, TypeError, "engine is None"),
    ({"precision": "float16"}, ValueError, "no precision 'float16'"),
    ({"precision": 16}, TypeError, "precision is an int"),
    ({"device": "tpu"}, ValueError, "no device 'tpu'"),
    ({"device": 0}, TypeError, "device is an int"),
    ({"crop": "middle"}, ValueError, "the crop 'middle'"),
    ({"crop": "1,2,3"}, ValueError, "the crop '1,2,3'"),
    ({"crop": "0,0,3,3"}, ValueError, "too small"),
    ({"crop": (0, 0, 64, 48)}, TypeError, "crop is a tuple"),
    ({"crop": None}, TypeError, "crop is None"),
    ({"crop": sa.Box(0.5, 0, 64, 48)}, ValueError, "whole pixels"),
    ({"crop": sa.Box(-1, 0, 64, 48)}, ValueError, "whole pixels"),
    ({"crop": sa.Box(float("nan"), 0, 64, 48)}, ValueError, "whole pixels"),
    ({"crop": sa.Box(0, 0, float("inf"), 48)}, ValueError, "whole pixels"),
    ({"crop": sa.Box("0", 0, 64, 48)}, ValueError, "whole pixels"),  # type: ignore[arg-type]
    ({"crop": sa.Box(64, 0, 0, 48)}, ValueError, "no area"),
    ({"crop": sa.Box(0, 0, 8, 8)}, ValueError, "too small"),
    ({"threshold": 70}, ValueError, "threshold is 70"),
    ({"threshold": -0.1}, ValueError, "threshold is -0.1"),
    ({"threshold": float("nan")}, ValueError, "threshold is nan"),
    ({"threshold": "0.7"}, TypeError, "threshold is a str"),
    ({"threshold": True}, TypeError, "threshold is a bool"),
    ({"synthetic": "yes"}, TypeError, "synthetic is a str"),
    ({"synthetic": 1}, TypeError, "synthetic is an int"),
    ({"localiser": "mine"}, ValueError, "localiser"),
]


@pytest.mark.parametrize(("named", "kind", "wrong"), WRONG_LOADS)
def test_wrong_wishes_for_a_model(
    named: dict[str, Any],
    kind: type[Exception],
    wrong: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))
    error = refused(sa.load_model, **named)
    assert isinstance(error, kind)
    assert wrong in error.message
    assert list(tmp_path.iterdir()) == []  # it was refused before anything was done


def test_a_model_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))
    with pytest.raises(sa.ModelError, match="models install sononet64"):
        sa.load_model("sononet64")
    with pytest.raises(sa.ModelError, match="Installed: sononet32-synthetic"):
        sa.load_model("resnet50")
    assert sa.list_models() == ("sononet32-synthetic",)


def test_arguments_after_the_first_come_by_name(model: sa.Model) -> None:
    with pytest.raises(TypeError):
        sa.load_model("auto", "openvino")  # type: ignore[misc]
    with pytest.raises(TypeError):
        sa.analyse("exam.mp4", model, print)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("named", "kind", "wrong"),
    [
        ({"on_progress": 3}, TypeError, "on_progress is an int"),
        ({"on_progress": "print"}, TypeError, "on_progress is a str"),
        ({"cache": "no"}, TypeError, "cache is a str"),
        ({"cache": None}, TypeError, "cache is None"),
        ({"max_frames": 0}, ValueError, "max_frames is 0"),
        ({"max_frames": -3}, ValueError, "max_frames is -3"),
        ({"max_frames": 2.5}, TypeError, "max_frames is a float"),
        ({"max_frames": True}, TypeError, "max_frames is a bool"),
        ({"max_frames": "10"}, TypeError, "max_frames is a str"),
        ({"model": None}, TypeError, "model is None"),
        ({"model": "sononet32"}, TypeError, "model is a str"),
    ],
)
def test_wrong_wishes_for_an_analysis(
    model: sa.Model, named: dict[str, Any], kind: type[Exception], wrong: str
) -> None:
    error = refused(sa.analyse, sa.demo_exam(), **{"model": model, **named})
    assert isinstance(error, kind)
    assert wrong in error.message


def test_a_closed_model() -> None:
    with made_model() as model:
        pass
    model.close()
    for call in (lambda: model.analyse(GREY), lambda: sa.analyse(sa.demo_exam(), model)):
        with pytest.raises(sa.UsageError, match=r"the model is closed\. Load it again"):
            call()
