"""The digest that a hub promises: told in two headers, kept by the very bytes only."""

from __future__ import annotations

import pytest

from worklist.promised import keeps, promised_by

# the empty input. Source: test_vectors.json of the BLAKE3 team; FIPS 180-4 examples
EMPTY_BLAKE3 = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ETAG = f'"sha256:{EMPTY_SHA256}"'
TOLD = "blake3=:rxNJufX5oaagQE3qNtzJSZvLJcmtwRK3zJqTyuQfMmI=:"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"repr-digest": TOLD, "etag": ETAG}, f"blake3:{EMPTY_BLAKE3}"),
        ({"repr-digest": f"sha-512=:AA==:, {TOLD}"}, f"blake3:{EMPTY_BLAKE3}"),
        ({"repr-digest": "sha-512=:AA==:", "etag": ETAG}, f"sha256:{EMPTY_SHA256}"),
        ({"repr-digest": "blake3=:short:", "etag": ETAG}, f"sha256:{EMPTY_SHA256}"),
        ({"etag": f"W/{ETAG}"}, ""),
        ({}, ""),
    ],
)
def test_the_fastest_promise_is_taken(headers: dict[str, str], expected: str) -> None:
    assert promised_by(headers) == expected


def test_only_the_very_bytes_keep_a_promise() -> None:
    for promised in (f"blake3:{EMPTY_BLAKE3}", f"sha256:{EMPTY_SHA256}"):
        assert keeps(b"", promised)
        assert not keeps(b"x", promised)
    for nothing in ("", "blake3:", "md5:d41d8cd98f00b204e9800998ecf8427e", f"blake3:{EMPTY_SHA256}"):
        assert not keeps(b"", nothing)
