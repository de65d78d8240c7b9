#!/usr/bin/env python3
"""The lint itself: a small clean tree passes, and each rule catches what is planted against it and nothing else does."""

import pathlib
import tempfile
import unittest

import layers

CLEAN = {
    "server/meson.build": "# Sources.\nfiles('config.c', 'util/clock.c', 'store/store.c')\n"
    "files('cbs/actions.c', 'cbs/create_disks.c', 'http/http.c')\n",
    "server/config.h": "/* Settings. */\n#include \"http/http.h\"\nint config(void);\n",
    "server/config.c": "/* Settings. */\n#include \"config.h\"\n",
    "server/util/clock.h": "/* Time. */\nlong clock_wall_ms(void);\n",
    "server/util/clock.c": "/* Time. */\n#include <time.h>\nlong clock_wall_ms(void)\n{\n\treturn clock_gettime(0, 0);\n}\n",
    "server/store/store.h": "/* Rows. */\n#include \"util/clock.h\"\nint store(void);\n",
    "server/store/store_internal.h": "/* For store/ only. */\n#include \"store/store.h\"\nint inner(void);\n",
    "server/store/store.c": "/* Rows. */\n#include <sqlite3.h>\n#include \"store/store_internal.h\"\n/* no strcpy(a, b) here */\n",
    "server/cbs/actions.c": "/* The table. */\nextern int create_disks;\nint *rows[] = { &create_disks };\n",
    "server/cbs/create_disks.c": "/* An action. */\nconst struct action create_disks = { \"sleep(1)\" };\n",
    "server/http/http.h": "/* Sockets. */\n#include \"util/clock.h\"\nint http(void);\n",
    "server/http/http.c": "/* Sockets. */\n#include <microhttpd.h>\n#include \"http/http.h\"\n",
    "tests/meson.build": "# Tests.\nfoo = ['test_clock']\n",
    "tests/unit/test_clock.c": "/* A test. */\n",
    "fixtures/meson.build": "# Data.\nfiles('atlas/CreateSnapshot/InvalidDisk.Busy.json')\n",
    "fixtures/atlas/CreateSnapshot/InvalidDisk.Busy.json": "{}\n",
    "schema/gen.py": '#!/usr/bin/env python3\n"""Makes things."""\n',
}


class Lint(unittest.TestCase):
    def places(self, changes, rule):
        with tempfile.TemporaryDirectory() as top:
            for name, text in {**CLEAN, **changes}.items():
                path = pathlib.Path(top, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return list(rule(layers.Tree(top)))

    def caught(self, rule, name, text, expected):
        """The rule names the place once the text is planted, and did not before."""
        self.assertEqual(self.places({}, rule), [])
        places = self.places({name: text}, rule)
        self.assertEqual(len(places), 1, places)
        self.assertIn(expected, places[0])

    def test_a_clean_tree_passes_every_rule(self):
        for rule in layers.RULES:
            with self.subTest(rule.__name__):
                self.assertEqual(self.places({}, rule), [])

    def test_an_include_that_points_up(self):
        text = '/* Rows. */\n\n#include "cbs/list.h"\n'
        changes = {"server/cbs/list.h": "/* Lists. */\nint list(void);\n", "server/store/store.c": text}
        self.assertEqual(self.places(changes, layers.check_arrows), ["server/store/store.c:3: store may not include cbs/list.h"])

    def test_an_include_that_points_sideways(self):
        changes = {"server/cli/cli.c": '/* A client. */\n#include "http/http.h"\n'}
        self.assertEqual(self.places(changes, layers.check_arrows), ["server/cli/cli.c:2: cli may not include http/http.h"])

    def test_one_header_of_a_folder_may_be_allowed(self):
        client = '/* A client. */\n#include "gateway/sign.h"\n#include "gateway/mock.h"\n'
        changes = {"server/cli/cli.c": client}
        changes |= {f"server/gateway/{name}.h": "/* Ours. */\nint f(void);\n" for name in ("sign", "mock")}
        self.assertEqual(self.places(changes, layers.check_arrows), ["server/cli/cli.c:3: cli may not include gateway/mock.h"])

    def test_an_include_of_the_top(self):
        text = '/* Sockets. */\n#include "config.h"\n'
        self.caught(layers.check_arrows, "server/http/http.c", text, "http may not include config.h")

    def test_an_include_not_written_from_server(self):
        text = '/* Rows. */\n#include "store.h"\n'
        self.caught(layers.check_arrows, "server/store/store.c", text, "store.h is no file of server/")

    def test_an_internal_header_outside_its_folder(self):
        text = '/* Settings. */\n  #  include "store/store_internal.h"\n'
        self.caught(layers.check_arrows, "server/config.c", text, "server/config.c:2: store/store_internal.h is for its own folder")

    def test_a_folder_nobody_planned(self):
        text = '/* Misc. */\n#include "util/clock.h"\n'
        self.caught(layers.check_arrows, "server/misc/a.c", text, "misc may not include util/clock.h")

    def test_libraries_in_the_wrong_folder(self):
        for library in ("microhttpd.h", "sqlite3.h", "gnutls/gnutls.h", "nettle/sha2.h"):
            with self.subTest(library):
                text = f"/* An action. */\n#include <{library}>\n"
                self.caught(layers.check_libraries, "server/cbs/list.c", text, f"server/cbs/list.c:2: {library} belongs to")
        text = "/* Rows. */\n#include <cjson/cJSON.h>\n"
        self.caught(layers.check_libraries, "server/store/store.c", text, "cjson/cJSON.h belongs to")

    def test_a_library_header_without_its_folder(self):
        self.caught(layers.check_libraries, "server/cbs/list.c", "/* Lists. */\n#include <cJSON.h>\n", "<cjson/cJSON.h>")

    def test_a_circle_of_headers(self):
        circle = "server/util/clock.h -> server/store/store.h -> server/util/clock.h"
        changes = {"server/util/clock.h": '/* Time. */\n#include "store/store.h"\n'}
        places = self.places(changes, layers.check_cycles)
        self.assertTrue(any(sorted(set(place.split(" -> "))) == sorted(set(circle.split(" -> "))) for place in places), places)

    def test_a_header_that_needs_another_first(self):
        places = self.places({"server/store/store.h": "/* Rows. */\nsize_t store(void);\n"}, layers.check_headers_alone)
        self.assertEqual([place.split(":")[0] for place in places], ["server/store/store.h", "server/store/store_internal.h"])
        self.assertIn("size_t", places[0])

    def test_a_file_that_is_too_long(self):
        for name in ("server/util/clock.c", "server/util/clock.h", "schema/gen.py"):
            with self.subTest(name):
                self.assertEqual(self.places({name: CLEAN[name] + "\n" * (600 - CLEAN[name].count("\n"))}, layers.check_size), [])
                self.caught(layers.check_size, name, CLEAN[name] + "\n" * (601 - CLEAN[name].count("\n")), "601 lines")

    def test_banned_calls(self):
        for call in layers.BANNED_CALLS:
            with self.subTest(call):
                self.caught(layers.check_calls, "server/cbs/list.c", f"/* Lists. */\nint x = {call}(0);\n", f"list.c:2: {call}()")

    def test_sleep_is_banned_where_clocks_are_read_too(self):
        text = CLEAN["server/util/clock.c"] + "int x = usleep (5);\n"
        self.caught(layers.check_calls, "server/util/clock.c", text, "usleep()")

    def test_words_that_only_look_like_banned_calls(self):
        text = "/* sleep(1) */ // time(0)\nint a = snprintf(0), b = my_time(0), c = v.time(0), d = p->sleep(0);\n"
        text += 'char *s = "\\"gets(x)";\nchar q = \'"\';\n'
        self.assertEqual(self.places({"server/cbs/list.c": text}, layers.check_calls), [])

    def test_a_missing_opening_comment(self):
        for name, text in (
            ("server/cbs/list.c", "#include <time.h>\n/* Late. */\n"),
            ("server/util/clock.h", "#ifndef X\n#define X\n#endif\n"),
            ("server/api/errors.def", "E(A, 1)\n"),
            ("schema/gen.py", "#!/usr/bin/env python3\nimport sys\n"),
            ("schema/schema.sql", "CREATE TABLE t (a);\n"),
        ):
            with self.subTest(name):
                self.caught(layers.check_opening, name, text, f"{name}:1: no opening comment")

    def test_unclean_lines(self):
        for text, expected in (
            ("/* Lists. */ \n", ":1: trailing blanks"),
            ("/* Lists. */\n\t\n", ":2: trailing blanks"),
            ("/* Lists. */\nint x;", "no newline"),
            ("/* Lists. */\nint x = 1;/* " + "-" * 130 + " */\n", ":2: 146 columns"),
            ("/* Lists. */\n" + "\t" * 30 + "int abc; /* " + "x" * 7 + "*/\n", ":2: 141 columns"),
        ):
            with self.subTest(expected):
                self.caught(layers.check_text, "server/cbs/list.c", text, expected)
        self.caught(layers.check_text, "tests/run", "#!/bin/sh\necho \n", "tests/run:2: trailing blanks")

    def test_files_missing_from_their_list(self):
        for name, text in (
            ("server/cbs/list.c", "/* Lists. */\n"),
            ("tests/unit/test_list.c", "/* Lists. */\n"),
            ("fixtures/atlas/CreateSnapshot/MissingParameter.json", "{}\n"),
        ):
            with self.subTest(name):
                self.caught(layers.check_lists, name, text, f"{name}: not named in {name.split('/')[0]}/meson.build")

    def test_an_action_without_a_row(self):
        text = "/* An action. */\n\nconst struct action resize_disk = { 0 };\n"
        self.caught(layers.check_actions, "server/cbs/resize_disk.c", text, "resize_disk.c:3: resize_disk has no row")

    def test_a_row_that_is_only_mentioned(self):
        text = "/* The table: &create_disks. */\nint *rows[] = { 0 };\n"
        self.caught(layers.check_actions, "server/cbs/actions.c", text, "create_disks has no row")

    def test_machine_paths(self):
        for folder in ("home", "root", "work", "Users"):
            with self.subTest(folder):
                self.caught(layers.check_words, "README.md", f"See `/{folder}/me/file`.\n", "README.md:1: a path of some machine")
        harmless = "http://host/" + "home/page, docs/" + "work/plan, a/" + "root/b and ~/" + "work/x\n"
        self.assertEqual(self.places({"README.md": harmless}, layers.check_words), [])

    def test_things_left_for_later(self):
        word = "TO" + "DO"
        self.caught(layers.check_words, "server/cbs/list.c", f"/* Lists.\n * {word}: more. */\n", "list.c:2: left for later")

    def test_a_tree_without_sources_is_refused(self):
        with tempfile.TemporaryDirectory() as top, self.assertRaises(SystemExit):
            pathlib.Path(top, "server").mkdir()
            layers.main([top])


if __name__ == "__main__":
    unittest.main()
