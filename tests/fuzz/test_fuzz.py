"""Every fuzzer for its part of CBSMOCK_FUZZ_SECONDS (90, all together), from the kept corpus on.

What breaks one is written to the reports folder as TARGET-crash-…; put it into corpus/TARGET under a name that says what it shows,
and it is a test of the suite "unit" from then on. What a long run finds new is left in the reports folder too.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
TARGETS = sorted(folder.name for folder in (HERE / "corpus").iterdir())
SECONDS = int(os.environ.get("CBSMOCK_FUZZ_SECONDS", "90"))
INPUT_MAX = 8192
STUCK_SECONDS = 25
MEMORY_MIB = 2048
WORD = re.compile(r"[A-Za-z][A-Za-z0-9._-]{2,40}")


def programs():
    """Where the fuzzers are: beside the server of their build."""
    binary = os.environ.get("CBSMOCK_BINARY")
    return pathlib.Path(binary).parents[1] / "tests" / "fuzz" if binary else TOP / "build" / "fuzz" / "tests" / "fuzz"


@pytest.fixture(scope="session")
def dictionary(tmp_path_factory):
    """The words of the API, of worlds and of fault rules."""
    words = set()

    def collect(value):
        if isinstance(value, dict):
            for key, item in value.items():
                words.update(WORD.findall(key)[:1])
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)
        elif isinstance(value, str) and WORD.fullmatch(value):
            words.add(value)

    for name in ("cbs-model.json", "cbs-rules.json", "fixture.schema.json", "fault.schema.json"):
        collect(json.loads((TOP / "schema" / name).read_text(encoding="utf-8")))
    path = tmp_path_factory.mktemp("fuzz") / "words"
    path.write_text("".join(f'"{word}"\n' for word in sorted(words)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def results(request, dictionary, tmp_path_factory):
    """What came of the chosen targets, for which a fuzzer a core is at work: each by its name, as a future."""
    chosen = [item.callspec.params["target"] for item in request.session.items if item.function is test_fuzz]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {target: pool.submit(fuzz, target, dictionary, tmp_path_factory.mktemp(target)) for target in chosen}


def fuzz(target, dictionary, found):
    """Its status and all it said."""
    program = programs() / f"fuzz_{target}"
    assert program.is_file(), f"{program} is not there: build with -Dfuzz=true and clang"
    reports = TOP / "build" / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    words = [str(program), f"-max_total_time={max(1, SECONDS // len(TARGETS))}", f"-max_len={INPUT_MAX}", f"-timeout={STUCK_SECONDS}",
             f"-rss_limit_mb={MEMORY_MIB}", f"-artifact_prefix={reports}/{target}-", f"-dict={dictionary}", "-print_final_stats=1",
             str(found), str(HERE / "corpus" / target)]
    with (reports / f"fuzz-{target}.log").open("w+", encoding="utf-8", errors="replace") as log:
        status = subprocess.run(words, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                timeout=SECONDS + 300).returncode
        log.seek(0)
        return status, log.read()


@pytest.mark.parametrize("target", TARGETS)
def test_fuzz(target, results):
    status, said = results[target].result()
    assert status == 0, said[-6000:]
