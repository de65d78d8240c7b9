"""What a sanitized server is given more of. tests/suites.py says how much: how many times as slow, and how much memory the sanitizer keeps
for itself (freed blocks, shadows). Limits in tests are stretched by it; what must hold stays the same."""

import os

SLOWER = float(os.environ.get("CBSMOCK_TESTS_SLOWER", "1"))
LARGER = float(os.environ.get("CBSMOCK_TESTS_LARGER", "1"))
KEPT = int(os.environ.get("CBSMOCK_TESTS_KEPT_MIB", "0")) * 1024 * 1024


def seconds(count):
    """So many of an ordinary server's seconds."""
    return count * SLOWER


def memory(size):
    """So many bytes of an ordinary server's memory."""
    return size * LARGER + KEPT
