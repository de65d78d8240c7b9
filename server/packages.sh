# Finds out what a Debian machine lacks for cbsmock and installs just that, and how a program to be used is built there. Sourced by
# server/run, tests/run and tests/bench/run; everything it says goes to stderr.

missing=()

say() {
	printf '%s: %s\n' "$program" "$*" >&2
}

# want PACKAGE COMMAND...: the package is missing unless the command succeeds
want() {
	local package=$1
	shift
	"$@" >/dev/null 2>&1 || missing+=("$package")
}

has_program() {
	command -v "$1"
}

has_library() {
	pkg-config --exists "$1"
}

can_compile() {
	printf '#include <stdio.h>\nint main(void) { return 0; }\n' | "${CC:-cc}" -fsyntax-only -x c -
}

want_build_tools() {
	want gcc has_program "${CC:-cc}"
	want libc6-dev can_compile
	want meson has_program meson
	want ninja-build has_program ninja
	want pkg-config has_program pkg-config
	want python3 python3 -c 'import json, sqlite3'
	want libmicrohttpd-dev has_library libmicrohttpd
	want libcjson-dev has_library libcjson
	want libsqlite3-dev has_library sqlite3
	want libgnutls28-dev has_library gnutls
	want nettle-dev has_library nettle
}

# How a program to be used, and to be measured, is built. Debian's own compiler optimizes it as a whole; another may lack what that takes.
release_options=(--buildtype=release "-Db_lto=$([ -z "${CC-}" ] && echo true || echo false)")

apt_get() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# Installs what `want` noted. Package lists are fetched only when those at hand do not do.
install_missing() {
	local log as_root=()
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		say "missing here: ${missing[*]} (names of Debian packages); this is no Debian, so install them by hand"
		return 1
	fi
	if [ "$EUID" -ne 0 ]; then
		if ! command -v sudo >/dev/null || ! sudo -v </dev/null >/dev/null 2>&1; then
			say "missing here: ${missing[*]}; as root: apt-get install ${missing[*]}"
			return 1
		fi
		as_root=(sudo)
	fi
	say "installing ${missing[*]}"
	log=$(mktemp)
	if ! apt_get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 &&
		! { apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		say "cannot install ${missing[*]}"
		return 1
	fi
	rm -f "$log"
	missing=()
}
