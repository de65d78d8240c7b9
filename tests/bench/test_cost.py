"""A request that becomes dearer is noticed: the instructions of a CreateSnapshot, over the bare answerer's, against the recorded figure.

A change that is worth its price records the new one: CBSMOCK_RECORD_COST=1 tests/run cost"""

import json
import os
import pathlib
import shutil

import pytest

import cost

RECORD = pathlib.Path(__file__).with_name("cost.json")
DEARER = 1.05


def test_a_request_costs_what_it_did():
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    if not pathlib.Path(cost.bare()).is_file():
        pytest.skip("the bare answerer is not built")
    of = cost.per_request()
    ratio = of["cbsmock"] / of["bare"]
    if os.environ.get("CBSMOCK_RECORD_COST"):
        RECORD.write_text(json.dumps({"instructions over bare": round(ratio, 3)}, indent=1) + "\n", encoding="utf-8")
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))["instructions over bare"]
    told = f"{of['cbsmock']:.0f} instructions a request, {ratio:.2f} times the bare answerer's {of['bare']:.0f}; recorded is {recorded}"
    print(told)
    assert ratio <= recorded * DEARER, f"{told}; a change that is worth it records the new figure: CBSMOCK_RECORD_COST=1 tests/run cost"
