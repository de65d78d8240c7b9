#!/usr/bin/env python3
"""Turns an image of a world into C: embed_image.py IMAGE OUTPUT.c

Four fifths of one are zeros, room that SQLite leaves in its pages. The program carries what lies between them, and where that belongs
(server/gateway/default_world.h)."""

import pathlib
import re
import sys

sys.dont_write_bytecode = True  # into the sources
from embed import byte_rows, write_c  # noqa: E402

ZEROS = re.compile(rb"\0{32,}")  # shorter ones cost less to carry than a piece more


def pieces(data: bytes) -> list[tuple[int, int]]:
    """Where each begins and ends."""
    edges = [0, *(edge for zeros in ZEROS.finditer(data) for edge in zeros.span()), len(data)]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2]) if end > start]


def image(source: pathlib.Path, name: str) -> list[str]:
    data = source.read_bytes()
    parts = pieces(data)
    return [
        '#include "gateway/default_world.h"',
        "",
        "static const struct image_piece pieces[] = {",
        *(f"\t{{ {start}, {end - start} }}," for start, end in parts),
        "};",
        "",
        "static const unsigned char bytes[] = {",
        *byte_rows(b"".join(data[start:end] for start, end in parts)),
        "};",
        "",
        f"const struct packed_image {name} = {{ pieces, {len(parts)}, bytes, {len(data)} }};",
    ]


if __name__ == "__main__":
    sys.exit(write_c(__doc__, image))
