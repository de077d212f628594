"""
One gettext catalogue for every part of the product, so that Qt-free services speak both languages.

Message ids are the English texts. Fragments lie in ``translations/zh_CN/LC_MESSAGES/*.po``;
``make catalogue`` merges them into ``lianyue.mo``, which is what runs.
"""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import Final

CHINESE: Final = "zh_CN"
ENGLISH: Final = "en"
LANGUAGES: Final = (CHINESE, ENGLISH)

_FOLDER: Final = Path(__file__).parent / "translations"


class _Catalogue:
    """The language in use; gettext keeps one per process by nature, and so do we."""

    def __init__(self) -> None:
        self.language = CHINESE
        self.messages: gettext.NullTranslations = gettext.NullTranslations()
        self.loaded = False

    def use(self, language: str) -> None:
        self.language = language
        self.messages = (
            gettext.translation("lianyue", _FOLDER, languages=[language], fallback=True)
            if language != ENGLISH
            else gettext.NullTranslations()
        )
        self.loaded = True


_catalogue: Final = _Catalogue()


def use_language(language: str) -> None:
    """Switch the language of every text asked for from now on; ``zh_CN`` or ``en``."""
    if language not in LANGUAGES:
        raise ValueError(f"no catalogue for {language!r}")
    _catalogue.use(language)


def language() -> str:
    """Return the language in use."""
    return _catalogue.language


def tr(text: str, /, **values: object) -> str:
    """
    Translate an English text and fill its ``{name}`` places.

    Call it when the text is shown, never at import time.
    """
    if not _catalogue.loaded:
        _catalogue.use(_catalogue.language)
    message = _catalogue.messages.gettext(text)
    return message.format(**values) if values else message


def trn(singular: str, plural: str, count: int, /, **values: object) -> str:
    """
    Translate a text that shows a number of things, in the form that the language has for it.

    ``{count}`` is filled with the number; the other places come from ``values``.
    """
    if not _catalogue.loaded:
        _catalogue.use(_catalogue.language)
    return _catalogue.messages.ngettext(singular, plural, count).format(count=count, **values)
