"""What the program carries of the built-in world is all of it: zeros between the pieces, and nothing else, are left out."""

import pathlib
import random
import re
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "schema" / "embed_image.py"


def embedded(folder, data):
    source, target = folder / "world.db", folder / "default_world.c"
    source.write_bytes(data)
    subprocess.run([sys.executable, "-B", SCRIPT, source, target], check=True)
    return target.read_text(encoding="ascii")


def rebuilt(text):
    """As image_unpack does it."""
    count, size = map(int, re.search(r"default_world = \{ pieces, (\d+), bytes, (\d+) \};", text).groups())
    carried = bytes(int(number) for number in re.findall(r"\d+", re.search(r"bytes\[\] = \{([^}]*)\}", text)[1]))
    whole, used = bytearray(size), 0
    pieces = [(int(at), int(length)) for at, length in re.findall(r"\{ (\d+), (\d+) \},", text)]
    assert len(pieces) == count
    for at, length in pieces:
        whole[at : at + length] = carried[used : used + length]
        used += length
    assert used == len(carried)
    return bytes(whole), len(carried)


@pytest.mark.parametrize("data", [b"x", b"\0" * 31 + b"x", b"x" + b"\0" * 100, b"\0" * 100 + b"x", b"x" + b"\0" * 32 + b"y"])
def test_edges(tmp_path, data):
    assert rebuilt(embedded(tmp_path, data))[0] == data


def test_pages_of_mostly_nothing(tmp_path):
    chance = random.Random(1)
    data = b"".join(chance.randbytes(chance.randrange(1, 600)) + bytes(chance.randrange(4000)) for _ in range(100))
    whole, carried = rebuilt(embedded(tmp_path, data))
    assert whole == data
    assert carried < len(data) / 4
