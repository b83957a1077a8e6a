from __future__ import annotations

import numpy as np
import pytest
from screens_made import screen

from sonoassist.core.opencv import cv2
from sonoassist.phantom.exam import PhantomExam
from sonoassist.preprocess.annotations import annotation_mask, remove_annotations


@pytest.fixture(scope="module")
def tissue() -> np.ndarray:
    """The fan of a phantom exam, without the screen round it."""
    exam = PhantomExam(3)
    return np.ascontiguousarray(exam.frame(round(0.5 * exam.fps)).pixels[200:620, 150:750])


def marked(tissue: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Calipers, a dotted line and text; and where they are."""
    drawn = np.zeros(tissue.shape[:2], np.uint8)
    for column, row in ((300, 320), (520, 330)):
        cv2.line(drawn, (column - 8, row), (column + 8, row), 255, 2)
        cv2.line(drawn, (column, row - 8), (column, row + 8), 255, 2)
    for step in np.linspace(0, 1, 30):
        at = (round(310 + 200 * step), round(321 + 9 * step))
        cv2.rectangle(drawn, at, (at[0] + 1, at[1] + 1), 255, -1)
    cv2.putText(drawn, "FL 32.3mm", (340, 240), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1)
    picture = tissue.copy()
    picture[drawn > 0] = 255
    return picture, drawn > 0


def test_clean_tissue_is_left_as_it_is(tissue: np.ndarray) -> None:
    assert remove_annotations(tissue) is tissue
    speckle = screen(bar=False)[0][60:600, 200:760]
    assert not annotation_mask(speckle).any()


def test_calipers_dots_and_text_are_painted_over(tissue: np.ndarray) -> None:
    picture, drawn = marked(tissue)
    mask = annotation_mask(picture)
    assert (mask & drawn).sum() > 0.9 * drawn.sum()
    assert mask.mean() < 0.04
    clean = remove_annotations(picture)
    far = ~mask
    np.testing.assert_array_equal(clean[far], picture[far])
    before = np.abs(picture[drawn].astype(float) - tissue[drawn]).mean()
    after = np.abs(clean[drawn].astype(float) - tissue[drawn]).mean()
    assert after < 0.35 * before


def test_grey_pictures_of_one_channel(tissue: np.ndarray) -> None:
    picture, drawn = marked(tissue)
    mask = annotation_mask(np.ascontiguousarray(picture[..., 0]))
    assert (mask & drawn).sum() > 0.9 * drawn.sum()


def test_coloured_marks_also_on_a_tinted_picture(tissue: np.ndarray) -> None:
    for tint in ((1.0, 1.0, 1.0), (0.75, 0.75, 1.0)):
        picture = (tissue * np.array(tint)).astype(np.uint8)
        assert annotation_mask(picture).mean() < 0.001
        cv2.putText(picture, "AC 15.2", (300, 300), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 200, 0), 2)
        assert 0.001 < annotation_mask(picture).mean() < 0.04


def test_what_covers_much_is_no_annotation() -> None:
    stripes = np.zeros((240, 320), np.uint8)
    stripes[::6] = 255
    assert not annotation_mask(stripes).any()
