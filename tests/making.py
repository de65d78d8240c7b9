"""Makes what the suites need: builds, and a virtual environment for the tests in Python. Each is made once a run, one after another,
ahead of the suites and out of their way; and no process that is begun here outlives the run."""

import concurrent.futures
import contextlib
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build"
REPORTS = BUILD / "reports"
VENV = BUILD / "venv"
REQUIREMENTS = TOP / "tests" / "requirements.txt"
STEP_SECONDS = 900
LOOK_SECONDS = 0.1  # between looks whether somebody waits

# A build: meson options and the compiler, if not the usual one. Sanitized code draws warnings that the plain builds settle. What only
# tests run is built for lines in its reports, not for a debugger: that takes half as long.
LINES = ("-Ddebug=false", "-Dc_args=-g1")
SANITIZED = ("-Db_lundef=false", "-Dwerror=false", *LINES)
BUILDS = {
    "tests": ((), None),
    "clang": (LINES, "clang"),
    "asan": (("-Db_sanitize=address,undefined", "-Doptimization=1", *SANITIZED), None),
    "tsan": (("-Db_sanitize=thread", "-Doptimization=1", *SANITIZED), None),
    "fuzz": (("-Db_sanitize=address,undefined", "-Dfuzz=true", *SANITIZED), "clang"),
}
MADE_FOR = "made-for.txt"  # in what is made: the options it was made with


def say(text):
    print(text, flush=True)


class Skip(Exception):
    """Why a suite cannot run here."""


class Failure(Exception):
    """Why a suite could not get as far as its tests."""


# ---- processes -------------------------------------------------------------------------------------------------------------------

lock = threading.Lock()
running = set()  # process groups
ending = False


def processes():
    """(process, parent, group) of all that are not merely waiting to be buried."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, group = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if state not in "ZX":
            yield int(stat.parent.name), int(parent), int(group)


def living(group):
    """The processes of a group, and their descendants in whatever group: meson has one for each test."""
    rows, found = list(processes()), set()
    while more := {pid for pid, parent, its_group in rows if its_group == group or parent in found} - found:
        found |= more
    return found


def kill_group(group):
    """Ends what is left of a process group; true when there was something."""
    left = living(group)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(left)


def stand_back(pid):
    """From now on a process and its children get only what others leave idle. Where groups share by themselves, this one asks for
    next to nothing."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
    with contextlib.suppress(OSError):
        pathlib.Path(f"/proc/{pid}/autogroup").write_text("19", encoding="ascii")


@contextlib.contextmanager
def begun(command, **options):
    """A process in a group of its own, of which nothing is left behind."""
    with lock:
        if ending:
            raise Failure("the run ends")
        process = subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, start_new_session=True, **options)
        running.add(process.pid)
    try:
        yield process
    except BaseException:
        kill_group(process.pid)
        process.wait()
        raise
    finally:
        with lock:
            running.discard(process.pid)


def finish(process, seconds=STEP_SECONDS):
    """Waits for its end: (status, whether it left something running)."""
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise Failure(f"{pathlib.Path(process.args[0]).name}: not done after {seconds} s") from None
    return status, kill_group(process.pid)


def run(command, seconds=STEP_SECONDS, **options):
    """Runs a command to its end: (status, whether it left something running)."""
    with begun(command, **options) as process:
        return finish(process, seconds)


def end_all():
    """Ends what still runs, in whatever thread; nothing is begun any more."""
    global ending
    with lock:
        ending = True
        groups = list(running)
    for group in groups:
        kill_group(group)


def check_step(command, status, log):
    if status:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        raise Failure("\n".join([*tail, f"{' '.join(map(str, command[:3]))} … ended with {status}; all it said is in {log}"]))


def run_logged(command, log, env=None):
    """Runs a step of building; its output matters only when it fails."""
    with log.open("ab") as out:
        status, _ = run(command, env=env, stdout=out, stderr=subprocess.STDOUT)
    check_step(command, status, log)


# ---- builds ----------------------------------------------------------------------------------------------------------------------


@functools.cache
def try_sanitizer(name):
    """What to put before a command so that the sanitizer runs here: on some kernels it needs a fixed memory layout."""
    sanitizers = [option.partition("=")[2] for option in BUILDS[name][0] if option.startswith("-Db_sanitize=")]
    if not sanitizers:
        return []
    flag = sanitizers[0]
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


def fuzzer_library():
    """Skips where clang has no libFuzzer."""
    probe = REPORTS / "probe-fuzz-main"
    source = "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const unsigned char *, size_t);\n" \
             "int LLVMFuzzerTestOneInput(const unsigned char *d, size_t n) { return d == NULL && n > 1; }\n"
    command = ["clang", "-fsanitize=fuzzer,address,undefined", "-x", "c", "-o", probe, "-"]
    if not shutil.which("clang") or subprocess.run(command, input=source, capture_output=True, text=True).returncode:
        raise Skip("clang with its libFuzzer is not installed")


def is_made_for(folder, wanted):
    stamp = folder / MADE_FOR
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted


def make_build(name, workshop):
    folder, log = BUILD / name, BUILD / f"{name}.log"
    options, compiler = BUILDS[name]
    env = dict(os.environ)
    if compiler:
        if not shutil.which(compiler):
            raise Skip(f"{compiler} is not installed")
        env["CC"] = compiler
    if name == "fuzz":
        fuzzer_library()
    prefix = try_sanitizer(name)
    log.write_bytes(b"")
    wanted = f"{TOP}\n{' '.join(options)}\n"
    if not (folder / "build.ninja").is_file() or not is_made_for(folder, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        run_logged([*prefix, "meson", "setup", *options, folder, TOP], log, env)
        (folder / MADE_FOR).write_text(wanted, encoding="utf-8")
    started = time.monotonic()
    stood_back = workshop.work(name, [*prefix, "ninja", "-C", folder], log, env)
    return folder, f"built {name} in {time.monotonic() - started:.0f} s{' beside other suites' if stood_back else ''}"


def make_venv():
    """A virtual environment with what requirements.txt asks for, made anew when that changes: its interpreter."""
    wanted = f"{VENV}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    interpreter = VENV / "bin" / "python"
    if is_made_for(VENV, wanted):
        return interpreter, None
    log = BUILD / "venv.log"
    log.write_bytes(b"")
    started = time.monotonic()
    try:
        run_logged([sys.executable, "-m", "venv", "--clear", VENV], log)
        run_logged([interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS], log)
    except Failure as why:
        raise Skip(f"no virtual environment with tests/requirements.txt:\n{why}") from None
    (VENV / MADE_FOR).write_text(wanted, encoding="utf-8")
    return interpreter, f"got Python packages in {time.monotonic() - started:.0f} s"


# ---- ahead of the suites ---------------------------------------------------------------------------------------------------------


class Workshop:
    """Builds in the order in which they will be asked for, while suites run. What nobody waits for yet gets what the suites leave idle;
    what somebody waits for gets its full share."""

    def __init__(self, builds, with_venv):
        self._order = list(builds)
        self._waited_for = -1  # the place in the order of what somebody waits for
        self._told = set()
        self._pools = builder, self._other = concurrent.futures.ThreadPoolExecutor(1), concurrent.futures.ThreadPoolExecutor()
        self._made = {name: builder.submit(make_build, name, self) for name in builds}
        if with_venv:
            self._made["venv"] = self.beside(make_venv)

    def beside(self, function, *args):
        """Has it done while the caller does something else: a future."""
        return self._other.submit(function, *args)

    def get(self, name):
        """The folder of a build, or the interpreter of "venv", once it is there."""
        if name in self._order:
            self._waited_for = self._order.index(name)
        try:
            result, told = self._made[name].result()
        except Failure:
            if name in self._told:
                raise Failure(f"{name} could not be built, see above") from None
            self._told.add(name)
            raise
        if told and name not in self._told:
            self._told.add(name)
            say(told)
        return result

    def work(self, name, command, log, env):
        """The long step of a build: out of the way until somebody waits for it, then begun again where it was. True when it ever stood
        back."""
        stood_back = False
        with log.open("ab") as out:
            interrupted = True
            while interrupted:
                interrupted = False
                with begun(command, env=env, stdout=out, stderr=subprocess.STDOUT) as process:
                    if not self._is_waited_for(name):
                        stand_back(process.pid)
                        stood_back = True
                        interrupted = self._interrupt(name, process)
                    status, _ = finish(process)
        check_step(command, status, log)
        return stood_back

    def _is_waited_for(self, name):
        return self._order.index(name) <= self._waited_for

    def _interrupt(self, name, process):
        """Ends a process when somebody begins to wait for it; false when it ended by itself before."""
        while process.poll() is None:
            if self._is_waited_for(name):
                os.killpg(process.pid, signal.SIGTERM)
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_SECONDS)
        return False

    def close(self):
        """Ends what is not done, and with it all that still runs."""
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)
        end_all()
        for pool in self._pools:
            pool.shutdown()
