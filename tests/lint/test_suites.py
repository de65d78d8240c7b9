#!/usr/bin/env python3
"""The counting of tests/suites.py: a failure must never be lost between a test and the last line. And what tests/making.py makes ahead of
the suites: out of their way, and gone with them."""

import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import making
import suites
from support.wait import wait_until

UNITTEST = "Ran 24 tests in 0.5s\n\n"
JUNIT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure message="x"/></testcase><testcase name="c"><error message="x"/></testcase>
<testcase name="d"><skipped message="no tool"/></testcase><testcase name="e"><failure message="x"/><skipped message="y"/></testcase>
</testsuite></testsuites>"""


def quiet(function, *args):
    with contextlib.redirect_stdout(io.StringIO()):
        return str(function(*args))


class Counting(unittest.TestCase):
    def test_output_of_check(self):
        text = "Running suite(s): a\n97%: Checks: 34, Failures: 1, Errors: 2\nx.c:1:F:a:b:0: no\n100%: Checks: 5, Failures: 0, Errors: 0\n"
        self.assertEqual(str(suites.count_output(text)), "36 passed, 3 failed, 0 skipped")

    def test_output_in_tap(self):
        self.assertEqual(str(suites.count_output("1..3\nok 1 - a\n# x\nnot ok 2 - b\nok 3\n")), "2 passed, 1 failed, 0 skipped")

    def test_output_of_unittest(self):
        self.assertEqual(str(suites.count_output(UNITTEST + "OK\n")), "24 passed, 0 failed, 0 skipped")
        self.assertEqual(str(suites.count_output(UNITTEST + "FAILED (failures=2, errors=1)\n")), "21 passed, 3 failed, 0 skipped")

    def test_programs(self):
        for result, output, expected in (
            ("OK", "", "1 passed, 0 failed, 0 skipped"),
            ("OK", "100%: Checks: 5, Failures: 0, Errors: 0\n", "5 passed, 0 failed, 0 skipped"),
            ("FAIL", "", "0 passed, 1 failed, 0 skipped"),
            ("FAIL", "80%: Checks: 5, Failures: 1, Errors: 0\n", "4 passed, 1 failed, 0 skipped"),
            ("FAIL", "100%: Checks: 5, Failures: 0, Errors: 0\n", "5 passed, 1 failed, 0 skipped"),
            ("TIMEOUT", "Running suite(s): a\n", "0 passed, 1 failed, 0 skipped"),
            ("ERROR", "ok 1 - a\n", "1 passed, 1 failed, 0 skipped"),
            ("SKIP", "", "0 passed, 0 failed, 1 skipped"),
        ):
            with self.subTest(result=result, output=output):
                test = {"name": "x", "result": result, "returncode": 1, "stdout": output, "stderr": None}
                self.assertEqual(quiet(suites.count_program, test), expected)

    def test_junit(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "results.xml")
            path.write_text(JUNIT, encoding="utf-8")
            self.assertEqual(quiet(suites.count_junit, path), "1 passed, 3 failed, 1 skipped")

    def test_parts_that_cannot_run(self):
        def part(why):
            raise why

        self.assertEqual(quiet(suites.run_part, part, suites.Skip("no tool")), "0 passed, 0 failed, 1 skipped")
        self.assertEqual(quiet(suites.run_part, part, suites.Failure("broken")), "0 passed, 1 failed, 0 skipped")

    def test_sanitizer_reports_are_failures(self):
        with tempfile.TemporaryDirectory() as folder:
            kept, suites.REPORTS = suites.REPORTS, pathlib.Path(folder)
            self.addCleanup(setattr, suites, "REPORTS", kept)
            pathlib.Path(folder, "asan.report.17").write_text("heap-use-after-free", encoding="utf-8")
            self.assertEqual(quiet(suites.sanitizer_reports, "asan"), "0 passed, 1 failed, 0 skipped")
            self.assertEqual(quiet(suites.sanitizer_reports, "tsan"), "0 passed, 0 failed, 0 skipped")
            pathlib.Path(folder, "fuzz.report.18").write_text(
                "==18==WARNING: invalid path to external symbolizer!\n"
                "==18==WARNING: Failed to use and restart external symbolizer!\n\n", encoding="utf-8")
            self.assertEqual(quiet(suites.sanitizer_reports, "fuzz"), "0 passed, 0 failed, 0 skipped")


class Processes(unittest.TestCase):
    def test_status_and_leftovers(self):
        self.assertEqual(suites.run(["sh", "-c", "exit 3"]), (3, False))
        self.assertEqual(suites.run(["sh", "-c", "tail -f /dev/null & exit 0"]), (0, True))

    def test_what_went_into_a_group_of_its_own_ends_too(self):
        with making.begun(["setsid", "--wait", "tail", "-f", "/dev/null"]) as process:
            wait_until(lambda: len(making.living(process.pid)) >= 2, lambda: "one process only", 60)
            both = making.living(process.pid)
            making.kill_group(process.pid)
            process.wait()
            wait_until(lambda: not both & {pid for pid, _, _ in making.processes()}, lambda: "one is still there", 60)

    def test_a_command_that_does_not_end(self):
        with self.assertRaisesRegex(suites.Failure, "tail: not done after 0.2 s"):
            suites.run(["tail", "-f", "/dev/null"], seconds=0.2)

    def test_unknown_suites_are_refused(self):
        with self.assertRaisesRegex(SystemExit, "no suite unti; there are lint unit"):
            suites.main(["unti"])


class Making(unittest.TestCase):
    """Each build is a shell command here."""

    def workshop(self, **commands):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.log = pathlib.Path(folder.name), pathlib.Path(folder.name, "log")
        self.log.write_bytes(b"")

        def make(name, shop):
            shop.work(name, ["sh", "-c", f"cd {self.folder}; {commands[name]}"], self.log, None)
            return self.folder / name, f"built {name}"

        patched = mock.patch.object(making, "make_build", make)
        patched.start()
        self.addCleanup(patched.stop)
        self.addCleanup(setattr, making, "ending", False)
        shop = making.Workshop(commands, False)
        self.addCleanup(shop.close)
        return shop

    def wait_for(self, text):
        wait_until(lambda: text in self.log.read_text(encoding="utf-8"), lambda: f"no {text}", 60)

    def get(self, shop, name):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(shop.get(name), self.folder / name)
        return said.getvalue()

    @unittest.skipIf(subprocess.run(["chrt", "--idle", "0", "true"], capture_output=True).returncode, "nothing can stand back here")
    def test_it_stands_back_until_somebody_waits(self):
        shop = self.workshop(one="echo one", two="""
            test -e begun && exec chrt -p $$
            touch begun
            while :; do chrt -p $$; sleep 0.02; done""")
        self.assertEqual(self.get(shop, "one"), "built one\n")
        self.wait_for("SCHED_IDLE")
        self.assertEqual(self.get(shop, "two"), "built two\n")
        self.wait_for("SCHED_OTHER")
        self.assertEqual(self.get(shop, "two"), "")

    def test_what_cannot_be_built_is_told_once(self):
        shop = self.workshop(one="echo because; exit 7", two="true")
        with self.assertRaisesRegex(making.Failure, "because\nsh -c .* ended with 7"):
            shop.get("one")
        with self.assertRaisesRegex(making.Failure, "^one could not be built, see above$"):
            shop.get("one")
        self.get(shop, "two")

    def test_nothing_goes_on_after_the_end(self):
        shop = self.workshop(one="echo begun $$; exec tail -f /dev/null", two="true")
        self.wait_for("begun")
        group = int(self.log.read_text(encoding="utf-8").split()[1])
        shop.close()
        self.assertEqual(making.living(group), set())
        with self.assertRaisesRegex(making.Failure, "the run ends"):
            making.run(["true"])


if __name__ == "__main__":
    unittest.main()
