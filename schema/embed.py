#!/usr/bin/env python3
"""Turns a file into a C array, so that the program needs no file beside it: embed.py INPUT OUTPUT.c

The symbol is the output's name. A NUL follows the bytes and is not counted, so a text can be used as a C string. Bytes and not a
string literal, because compilers need not take literals of more than 4095 characters. JSON goes in without the white space that people
read it by, which was a quarter of it."""

import json
import pathlib
import sys
from collections.abc import Callable

PER_LINE = 24


def contents(source: pathlib.Path) -> bytes:
    if source.suffix != ".json":
        return source.read_bytes()
    return json.dumps(json.loads(source.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":")).encode()


def byte_rows(data: bytes) -> list[str]:
    """The inside of an array."""
    return ["\t" + ",".join(str(byte) for byte in data[i : i + PER_LINE]) + "," for i in range(0, len(data), PER_LINE)]


def write_c(usage: str, lines_of: Callable[[pathlib.Path, str], list[str]]) -> int:
    """Makes the second file of the command line from the first; `lines_of` gives what follows the opening, for a symbol of that name."""
    if len(sys.argv) != 3:
        print(usage.splitlines()[0], file=sys.stderr)
        return 2
    source, target = (pathlib.Path(arg) for arg in sys.argv[1:])
    if not target.stem.isidentifier():
        print(f"{target}: its name cannot be a C symbol", file=sys.stderr)
        return 2
    lines = [f"/* Made from {source.name}. */", *lines_of(source, target.stem)]
    target.write_text("\n".join(lines) + "\n", encoding="ascii")
    return 0


def array(source: pathlib.Path, name: str) -> list[str]:
    data = contents(source)
    return [
        "#include <stddef.h>",
        "",
        f"extern const unsigned char {name}[];",
        f"extern const size_t {name}_len;",
        "",
        f"const unsigned char {name}[] = {{",
        *byte_rows(data),
        "\t0",
        "};",
        f"const size_t {name}_len = {len(data)};",
    ]


if __name__ == "__main__":
    sys.exit(write_c(__doc__, array))
