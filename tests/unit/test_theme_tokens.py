"""The design's tokens reach every painter unchanged."""

from __future__ import annotations

import pytest

from resources import theme_tokens


def test_image_background_is_pure_black() -> None:
    assert theme_tokens.color("image.bg") == "#000000"


def test_alpha_is_read_last_as_in_css() -> None:
    assert theme_tokens.rgba("overlay.outline") == theme_tokens.Rgba(0, 0, 0, 200)
    assert theme_tokens.rgba("ai") == theme_tokens.Rgba(199, 146, 248, 255)


def test_sizes_carry_their_group() -> None:
    assert theme_tokens.px("vp.header") == 24
    assert theme_tokens.px("space.2") == 8
    assert theme_tokens.px("radius.control") == 4
    assert theme_tokens.px("stroke.finding.proposed") == 1.75
    assert theme_tokens.dash("dash.proposed") == (6, 4)


def test_type_scale_is_read_whole() -> None:
    assert theme_tokens.font_role("overlay") == theme_tokens.FontRole(12, 16, 400)
    assert theme_tokens.font_families()[:4] == ("Lianyue Sans", "Lianyue Sans SC", "Inter", "Noto Sans CJK SC")


def test_an_unknown_token_is_a_bug_not_a_default() -> None:
    with pytest.raises(KeyError):
        theme_tokens.color("pink")


def test_tokens_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(TypeError):
        theme_tokens.tokens().colors["bg0"] = "#FFFFFF"  # type: ignore[index]  # the point of the test
