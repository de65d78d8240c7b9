#!/usr/bin/env python3
"""Builds what the suites need, runs them, and counts single tests, in C and in Python alike. Called by tests/run."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build"
REPORTS = BUILD / "reports"
VENV = BUILD / "venv"
REQUIREMENTS = TOP / "tests" / "requirements.txt"
SUITE_SECONDS = 900  # for the tests of one folder; those of a sanitized build may take as many times as long as it is slower

# A build: meson options and the compiler, if not the usual one. Sanitized code draws warnings that the plain builds settle.
BUILDS = {
    "tests": ((), None),
    "clang": ((), "clang"),
    "asan": (("-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dwerror=false"), None),
    "tsan": (("-Db_sanitize=thread", "-Db_lundef=false", "-Dwerror=false"), None),
    "fuzz": (("-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dwerror=false", "-Dfuzz=true"), "clang"),
}
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
    "fuzz": ("fuzz", (), ("fuzz",)),
    "clients": ("tests", (), ("clients",)),
    "sdks": ("tests", (), ("sdks",)),
    "readme": ("tests", (), ("readme",)),
    "ship": ("tests", (), ("ship",)),
    "docker": ("tests", (), ("docker",)),
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


def say(text):
    print(text, flush=True)


class Skip(Exception):
    """Why a suite cannot run here."""


class Failure(Exception):
    """Why a suite could not get as far as its tests."""


class Count:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


# ---- processes -------------------------------------------------------------------------------------------------------------------


def living(group):
    """The processes of a group that are not merely waiting to be buried."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state not in "ZX":
            yield int(stat.parent.name)


def kill_group(group):
    """Ends what is left of a process group; true when there was something."""
    left = list(living(group))
    if left:
        os.killpg(group, signal.SIGKILL)
    return bool(left)


def run(command, seconds=SUITE_SECONDS, env=None, **options):
    """Runs a command as a group of its own, so that nothing of it outlives us: (status, what it left running)."""
    process = subprocess.Popen(command, cwd=TOP, env=env, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_group(process.pid)
        process.wait()
        raise Failure(f"{pathlib.Path(command[0]).name}: not done after {seconds} s") from None
    except BaseException:
        kill_group(process.pid)
        process.wait()
        raise
    return status, kill_group(process.pid)


def run_logged(command, log, env=None):
    """Runs a step of building; its output matters only when it fails."""
    with log.open("ab") as out:
        status, _ = run(command, env=env, stdout=out, stderr=subprocess.STDOUT)
    if status:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        raise Failure("\n".join([*tail, f"{' '.join(map(str, command[:3]))} … ended with {status}; all it said is in {log}"]))


# ---- builds ----------------------------------------------------------------------------------------------------------------------

built = {}


def try_sanitizer(name):
    """What to put before a command so that the sanitizer runs here: on some kernels it needs a fixed memory layout."""
    flag = BUILDS[name][0][0].partition("=")[2]
    probe = REPORTS / f"probe-{name}"
    source = "#include <stdlib.h>\nint main(void) { free(malloc(1)); return 0; }\n"
    compiler = (BUILDS[name][1] or os.environ.get("CC", "cc")).split()
    command = [*compiler, f"-fsanitize={flag}", "-x", "c", "-o", probe, "-"]
    made = subprocess.run(command, input=source, capture_output=True, text=True)
    if made.returncode:
        raise Skip(f"{compiler[0]} cannot build with -fsanitize={flag}")
    for prefix in ([], ["setarch", os.uname().machine, "-R"]):
        if subprocess.run([*prefix, probe], capture_output=True).returncode == 0:
            return prefix
    raise Skip(f"programs built with -fsanitize={flag} do not run here")


def build(name):
    """The folder of a build, made or brought up to date once a run."""
    if name not in built:
        built[name] = None
        built[name] = make_build(name)
    if built[name] is None:
        raise Failure(f"{name} could not be built, see above")
    return built[name]


def make_build(name):
    folder, log = BUILD / name, BUILD / f"{name}.log"
    options, compiler = BUILDS[name]
    env = dict(os.environ)
    if compiler:
        if not shutil.which(compiler):
            raise Skip(f"{compiler} is not installed")
        env["CC"] = compiler
    log.write_bytes(b"")
    info = folder / "meson-info" / "meson-info.json"
    if info.is_file() and json.loads(info.read_text(encoding="utf-8"))["directories"]["source"] != str(TOP):
        shutil.rmtree(folder)
    if not (folder / "build.ninja").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        run_logged(["meson", "setup", *options, folder, TOP], log, env)
    started = time.monotonic()
    run_logged(["ninja", "-C", folder], log, env)
    say(f"built {name} in {time.monotonic() - started:.0f} s")
    return folder


def environment(name):
    """What the tests of a build see; sanitizers write their reports beside the other results."""
    env = {**os.environ, "CBSMOCK_BINARY": str(BUILD / name / "server" / "cbsmock"), "PYTHONDONTWRITEBYTECODE": "1", **PACE.get(name, {})}
    for variable, options in SANITIZERS.get(name, {}).items():
        env[variable] = f"{options}:log_path={REPORTS / name}.report"
    return env


def suite_seconds(name):
    return SUITE_SECONDS * float(PACE.get(name, {}).get("CBSMOCK_TESTS_SLOWER", 1))


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


def run_meson(name, suites, prefix):
    folder = build(name)
    logs = folder / "meson-logs" / "suites.json"
    logs.unlink(missing_ok=True)
    chosen = [part for suite in suites for part in ("--suite", suite)]
    command = [*prefix, "meson", "test", "-C", folder, "--no-rebuild", "--quiet", "--logbase", "suites", *chosen]
    with (BUILD / f"{name}-tests.log").open("wb") as out:
        _, left = run(command, suite_seconds(name), environment(name), stdout=out, stderr=subprocess.STDOUT)
    if not logs.is_file():
        raise Failure((BUILD / f"{name}-tests.log").read_text(encoding="utf-8", errors="replace"))
    count = Count()
    for line in logs.read_text(encoding="utf-8").splitlines():
        count.add(count_program(json.loads(line)))
    return with_leftovers(count, left)


def with_leftovers(count, left):
    if left:
        say("the tests left processes running")
        count.failed += 1
    return count


# ---- tests in Python -------------------------------------------------------------------------------------------------------------


def python():
    """The interpreter of a virtual environment with what requirements.txt asks for, made anew when that changes."""
    stamp, wanted = VENV / "made-for.txt", REQUIREMENTS.read_text(encoding="utf-8")
    interpreter = VENV / "bin" / "python"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == f"{VENV}\n{wanted}":
        return interpreter
    log = BUILD / "venv.log"
    log.write_bytes(b"")
    try:
        run_logged([sys.executable, "-m", "venv", "--clear", VENV], log)
        run_logged([interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS], log)
    except Failure as why:
        raise Skip(f"no virtual environment with tests/requirements.txt:\n{why}") from None
    stamp.write_text(f"{VENV}\n{wanted}", encoding="utf-8")
    return interpreter


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


def run_pytest(name, folder, prefix):
    build(name)
    interpreter = python()
    results = REPORTS / f"{name}-{folder.replace('/', '-')}.xml"
    results.unlink(missing_ok=True)
    command = [*prefix, interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}"]
    status, left = run([*command, TOP / "tests" / folder], suite_seconds(name), environment(name))
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


def fuzzer_library():
    """Skips where clang has no libFuzzer."""
    probe = REPORTS / "probe-fuzz-main"
    source = "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const unsigned char *, size_t);\n" \
             "int LLVMFuzzerTestOneInput(const unsigned char *d, size_t n) { return d == NULL && n > 1; }\n"
    command = ["clang", "-fsanitize=fuzzer,address,undefined", "-x", "c", "-o", probe, "-"]
    if not shutil.which("clang") or subprocess.run(command, input=source, capture_output=True, text=True).returncode:
        raise Skip("clang with its libFuzzer is not installed")


def memcheck():
    """Skips where there is no valgrind."""
    if not shutil.which("valgrind"):
        raise Skip("valgrind is not installed")


# What a suite needs beside its build.
NEEDS = {"docker": docker_engine, "fuzz": fuzzer_library, "valgrind": memcheck}


def run_suite(suite):
    name, programs, folders = SUITES[suite]
    try:
        if suite in NEEDS:
            NEEDS[suite]()
        prefix = try_sanitizer(name) if name in SANITIZERS else []
        build(name)
    except Skip as why:
        say(f"skipped: {suite}: {why}")
        return Count(skipped=1)
    except Failure as why:
        say(f"failed: {suite}: {why}")
        return Count(failed=1)
    for report in REPORTS.glob(f"{name}.report.*"):
        report.unlink()
    count = Count()
    if programs:
        count.add(run_part(run_meson, name, programs, prefix))
    for folder in folders:
        count.add(run_part(run_pytest, name, folder, prefix))
    count.add(sanitizer_reports(name))
    if not count.passed + count.failed + count.skipped:
        say(f"failed: {suite}: no test ran")
        count.failed = 1
    return count


def main(args):
    unknown = [name for name in args if name not in SUITES]
    if unknown:
        sys.exit(f"tests/run: no suite {unknown[0]}; there are {' '.join(SUITES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    REPORTS.mkdir(parents=True, exist_ok=True)
    total = Count()
    for suite in args or [name for name in SUITES if name not in ON_REQUEST]:
        started = time.monotonic()
        say(f"== {suite}")
        count = run_suite(suite)
        say(f"== {suite}: {count}, {time.monotonic() - started:.0f} s")
        total.add(count)
    say(str(total))
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
