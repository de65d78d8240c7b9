"""Lets the tests here use the bare connection of the wire tests."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
