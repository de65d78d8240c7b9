#!/usr/bin/env python3
"""Builds what the suites need, runs them, and counts single tests, in C and in Python alike. Called by tests/run."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

from making import BUILD, REPORTS, TOP, Failure, Skip, Workshop, run, say, try_sanitizer

SUITE_SECONDS = 900  # for the tests of one folder; those of a sanitized build may take as many times as long as it is slower

SANITIZERS = {
    "asan": {
        "ASAN_OPTIONS": "strict_string_checks=1:detect_stack_use_after_return=1:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    },
    "tsan": {"TSAN_OPTIONS": "second_deadlock_stack=1"},
    "fuzz": {
        "ASAN_OPTIONS": "strict_string_checks=1:detect_stack_use_after_return=1:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    },
}
# What a sanitized build is given more of (tests/support/pace.py).
PACE = {
    "asan": {"CBSMOCK_TESTS_SLOWER": "4", "CBSMOCK_TESTS_LARGER": "4", "CBSMOCK_TESTS_KEPT_MIB": "400"},
    "tsan": {"CBSMOCK_TESTS_SLOWER": "6", "CBSMOCK_TESTS_LARGER": "32", "CBSMOCK_TESTS_KEPT_MIB": "400"},
}
# A suite: its build, the meson suites, the folders or files of Python tests.
SUITES = {
    "lint": ("tests", ("lint",), ()),
    "unit": ("tests", ("unit",), ("unit",)),
    "cases": ("tests", ("cases",), ()),
    "wire": ("tests", (), ("wire",)),
    "atlas": ("tests", (), ("atlas",)),
    "parallel": ("tests", (), ("parallel",)),
    "crash": ("tests", (), ("crash",)),
    "load": ("tests", (), ("load",)),
    "cost": ("tests", (), ("bench/test_cost.py",)),
    "clients": ("tests", (), ("clients",)),
    "sdks": ("tests", (), ("sdks",)),
    "readme": ("tests", (), ("readme",)),
    "ship": ("tests", (), ("ship",)),
    "docker": ("tests", (), ("docker",)),
    "fuzz": ("fuzz", (), ("fuzz",)),
    "asan": ("asan", ("unit", "cases"), ("wire", "atlas", "parallel")),
    "tsan": ("tsan", ("unit",), ("wire", "atlas", "parallel")),
    "clang": ("clang", ("unit",), ()),
    "peers": ("tests", (), ("bench/peers",)),
    "valgrind": ("tests", (), ("valgrind",)),
    "asan-all": ("asan", ("unit", "cases"), ("wire", "atlas", "parallel", "crash", "load", "clients", "readme")),
    "tsan-all": ("tsan", ("unit", "cases"), ("wire", "atlas", "parallel", "crash", "load", "clients", "readme")),
}
# Those that run only when they are named.
ON_REQUEST = ("sdks", "peers", "valgrind", "asan-all", "tsan-all")


class Count:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


# ---- what tests are run with -----------------------------------------------------------------------------------------------------


def environment(name):
    """What the tests of a build see; sanitizers write their reports beside the other results."""
    env = {**os.environ, "CBSMOCK_BINARY": str(BUILD / name / "server" / "cbsmock"), "PYTHONDONTWRITEBYTECODE": "1", **PACE.get(name, {})}
    for variable, options in SANITIZERS.get(name, {}).items():
        env[variable] = f"{options}:log_path={REPORTS / name}.report"
    return env


def suite_seconds(name):
    """More when a longer run is asked for: that of fuzzers and of the soak in seconds, that of kills in rounds of some seconds each."""
    asked = {"CBSMOCK_FUZZ_SECONDS": 1, "CBSMOCK_SOAK_SECONDS": 1, "CBSMOCK_CRASH_ROUNDS": 15}
    longer = sum(int(os.environ.get(variable, 0)) * each for variable, each in asked.items())
    return (SUITE_SECONDS + longer) * float(PACE.get(name, {}).get("CBSMOCK_TESTS_SLOWER", 1))


# What clang's runtime writes where no llvm-symbolizer is installed: no finding.
NO_SYMBOLIZER = re.compile(r"^==\d+==WARNING: (invalid path to|Failed to use and restart) external symbolizer!$", re.M)


def sanitizer_reports(name):
    """Each report is a failure, whatever the program that made it was asked to do next."""
    count = Count()
    for report in sorted(REPORTS.glob(f"{name}.report.*")):
        text = NO_SYMBOLIZER.sub("", report.read_text(encoding="utf-8", errors="replace"))
        if text.strip():
            say(text)
            count.failed += 1
    return count


# ---- tests in C ------------------------------------------------------------------------------------------------------------------

CHECK_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)
TAP_LINE = re.compile(r"^(not )?ok \d+", re.M)
UNITTEST_LINE = re.compile(r"^Ran (\d+) tests?", re.M)
UNITTEST_BAD = re.compile(r"\b(?:failures|errors)=(\d+)")


def count_output(text):
    """The single tests in what a test program printed: Check's summary, TAP, or Python's unittest."""
    count = Count()
    for checks, failures, errors in CHECK_LINE.findall(text):
        bad = int(failures) + int(errors)
        count.add(Count(int(checks) - bad, bad))
    for bad in TAP_LINE.findall(text):
        count.add(Count(0, 1) if bad else Count(1))
    for ran in UNITTEST_LINE.findall(text):
        bad = sum(map(int, UNITTEST_BAD.findall(text)))
        count.add(Count(int(ran) - bad, bad))
    return count


def count_program(test):
    """One entry of meson's log. A program that prints no count is one test."""
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    if test["result"] == "SKIP":
        say(f"skipped: {test['name']}")
        return Count(skipped=1)
    count = count_output(output)
    if test["result"] == "OK":
        return count if count.passed + count.failed else Count(1)
    say(f"{test['name']}: {test['result']} ({test['returncode']})\n{output.rstrip()}")
    return count if count.failed else Count(count.passed, count.failed + 1)


def run_meson(name, folder, suites, prefix):
    """What it left running; the results are in meson's log."""
    results(folder).unlink(missing_ok=True)
    chosen = [part for suite in suites for part in ("--suite", suite)]
    command = [*prefix, "meson", "test", "-C", folder, "--no-rebuild", "--quiet", "--logbase", "suites", *chosen]
    with (BUILD / f"{name}-tests.log").open("wb") as out:
        return run(command, suite_seconds(name), env=environment(name), stdout=out, stderr=subprocess.STDOUT)[1]


def results(folder):
    return folder / "meson-logs" / "suites.json"


def count_meson(name, folder, running):
    """What came of run_meson, when it is done."""
    left = running.result()
    if not results(folder).is_file():
        raise Failure((BUILD / f"{name}-tests.log").read_text(encoding="utf-8", errors="replace"))
    count = Count()
    for line in results(folder).read_text(encoding="utf-8").splitlines():
        count.add(count_program(json.loads(line)))
    return with_leftovers(count, left)


def with_leftovers(count, left):
    if left:
        say("the tests left processes running")
        count.failed += 1
    return count


# ---- tests in Python -------------------------------------------------------------------------------------------------------------


def count_junit(path):
    count = Count()
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        bad = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped")
        if bad:
            count.failed += 1
        elif skipped is not None:
            say(f"skipped: {case.get('name')}: {skipped.get('message')}")
            count.skipped += 1
        else:
            count.passed += 1
    return count


def run_pytest(name, folder, workshop, prefix):
    interpreter = workshop.get("venv")
    results = REPORTS / f"{name}-{folder.replace('/', '-')}.xml"
    results.unlink(missing_ok=True)
    command = [*prefix, interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}"]
    status, left = run([*command, TOP / "tests" / folder], suite_seconds(name), env=environment(name))
    if status not in (0, 1) or not results.is_file():
        raise Failure(f"pytest tests/{folder} ended with {status}")
    count = count_junit(results)
    if status and not count.failed:
        count.failed = 1
    return with_leftovers(count, left)


# ---- suites ----------------------------------------------------------------------------------------------------------------------


def run_part(part, *args):
    """One set of tests of a suite; that it cannot run is itself a result."""
    try:
        return part(*args)
    except Skip as why:
        say(f"skipped: {why}")
        return Count(skipped=1)
    except Failure as why:
        say(f"failed: {why}")
        return Count(failed=1)


IMAGE_BASE = "debian:bookworm-slim"


def docker_engine():
    """Skips where no image can be built."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True).returncode:
        raise Skip("no container engine answers to docker info")
    for how in (["image", "inspect"], ["pull", "--quiet"]):
        if subprocess.run(["docker", *how, IMAGE_BASE], capture_output=True).returncode == 0:
            return
    raise Skip(f"the engine has no {IMAGE_BASE} and cannot get it")


def memcheck():
    """Skips where there is no valgrind."""
    if not shutil.which("valgrind"):
        raise Skip("valgrind is not installed")


# What a suite needs beside its build.
NEEDS = {"docker": docker_engine, "valgrind": memcheck}


def run_suite(suite, workshop):
    name, programs, folders = SUITES[suite]
    try:
        if suite in NEEDS:
            NEEDS[suite]()
        folder = workshop.get(name)
    except Skip as why:
        say(f"skipped: {suite}: {why}")
        return Count(skipped=1)
    except Failure as why:
        say(f"failed: {suite}: {why}")
        return Count(failed=1)
    for report in REPORTS.glob(f"{name}.report.*"):
        report.unlink()
    count = run_tests(name, folder, programs, folders, workshop)
    count.add(sanitizer_reports(name))
    if not count.passed + count.failed + count.skipped:
        say(f"failed: {suite}: no test ran")
        count.failed = 1
    return count


def run_tests(name, folder, programs, folders, workshop):
    """The programs, then the folders of Python tests; at once where tests are patient, since those in Python do not fill a machine."""
    count, prefix = Count(), try_sanitizer(name)
    if programs:
        running = workshop.beside(run_meson, name, folder, programs, prefix)
    if programs and name not in PACE:
        count.add(run_part(count_meson, name, folder, running))
    for tests in folders:
        count.add(run_part(run_pytest, name, tests, workshop, prefix))
    if programs and name in PACE:
        count.add(run_part(count_meson, name, folder, running))
    return count


def leave(number, _):
    """Ends the run, once: whatever comes while it ends changes nothing."""
    for another in (signal.SIGINT, signal.SIGTERM):
        signal.signal(another, signal.SIG_IGN)
    sys.exit(128 + number)


def main(args):
    unknown = [name for name in args if name not in SUITES]
    if unknown:
        sys.exit(f"tests/run: no suite {unknown[0]}; there are {' '.join(SUITES)}")
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)
    REPORTS.mkdir(parents=True, exist_ok=True)
    suites = args or [name for name in SUITES if name not in ON_REQUEST]
    workshop = Workshop(dict.fromkeys(SUITES[suite][0] for suite in suites), any(SUITES[suite][2] for suite in suites))
    total = Count()
    try:
        for suite in suites:
            started = time.monotonic()
            say(f"== {suite}")
            count = run_suite(suite, workshop)
            say(f"== {suite}: {count}, {time.monotonic() - started:.0f} s")
            total.add(count)
    finally:
        workshop.close()
    say(str(total))
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
