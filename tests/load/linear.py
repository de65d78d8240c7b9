"""Is there an order of operations, each between its begin and its end, in which one object alone would have given these answers?

Operations are taken up as they begin. When one ends, every way in which those under way may have taken effect before is followed, and
only the ways in which this one did are kept; when none is left, there is no such order. (Lowe, "Testing for linearizability".)
"""


class NotLinearizable(AssertionError):
    pass


def check(events, start, step):
    """`events` in the order of time: (begins, key, operation). `step(state, operation)` is the next state, or None when the object
    would have answered otherwise. States are hashable."""
    ways = {(start, frozenset())}  # a state, and the operations under way that are in it
    under_way = {}
    for begins, key, operation in events:
        if begins:
            under_way[key] = operation
            continue
        ways = {(state, done - {key}) for state, done in follow(ways, under_way, step) if key in done}
        if not ways:
            others = "\n".join(f"  {other}" for other in under_way.values())
            raise NotLinearizable(f"nothing explains {operation}; under way were\n{others}")
        del under_way[key]


def follow(ways, under_way, step):
    """All ways that come of these by operations under way."""
    seen, left = set(ways), list(ways)
    while left:
        state, done = left.pop()
        for key, operation in under_way.items():
            if key in done:
                continue
            after = step(state, operation)
            way = (after, done | {key})
            if after is not None and way not in seen:
                seen.add(way)
                left.append(way)
    return seen
