"""Above a narrow cell plane and slab are read whole: the word that a prior is not linked gives way to its sign."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewers.qt.header_strip import HeaderStrip, HeaderText
from viewers.qt.outlined_text import color
from viewers.scene.fidelity import Fidelity, FidelityKind
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui


@pytest.mark.parametrize(("width", "in_words"), [(300, False), (460, True)])
def test_that_a_prior_is_not_linked_is_said_in_words_only_where_the_slab_is_not_cut_for_them(
    qtbot: QtBot, qapp: QApplication, width: int, *, in_words: bool
) -> None:
    apply_theme(qapp)
    strip = HeaderStrip()
    qtbot.addWidget(strip)
    strip.setFixedWidth(width)
    strip.set_text(HeaderText("Coronal", "MIP 10 mm · Lung", "plane.coronal", apart="not linked"))
    strip.set_fidelity(Fidelity(FidelityKind.INTERPOLATED))
    strip.show()
    picture = strip.grab().toImage()
    seen = [picture.pixelColor(x, y) for x in range(150, width) for y in range(strip.height())]
    assert (sum(one.rgb() == color("warn.bg").rgb() for one in seen) > 200) == in_words
    assert sum(one.red() > 2 * one.blue() and one.red() > 120 for one in seen) > 10  # amber, in words or as the sign
    assert strip.accessibleName() == "Coronal MIP 10 mm · Lung not linked"
