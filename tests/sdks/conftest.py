"""A language's SDK is got once a run, its driver runs as long as a module's server."""

import pytest

import toolchains


@pytest.fixture(scope="session")
def toolchain_of():
    made = {}

    def find(name):
        if name not in made:
            try:
                made[name] = toolchains.LANGUAGES[name]()
            except pytest.skip.Exception as why:
                made[name] = why
        if isinstance(made[name], pytest.skip.Exception):
            raise made[name]
        return made[name]
    return find


@pytest.fixture(scope="session", params=list(toolchains.LANGUAGES))
def toolchain(request, toolchain_of):
    return toolchain_of(request.param)


@pytest.fixture(scope="module")
def sdk(toolchain, module_server, tmp_path_factory):
    """A driver that trusts the server's CA."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(module_server.admin.ca_pem())
    with toolchains.Driver(toolchain, str(path)) as driver:
        yield driver
