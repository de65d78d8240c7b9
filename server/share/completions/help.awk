# Reads a --help and prints what may be typed, a line each: the word, a tab, what it means. Part of the completion of every shell, so
# no quote and no backslash may be in it.
#   prefix: "  cbsmock " for commands, "  cbsmock faults " for what faults can do; or option: "--dialect" for its values; or neither:
#   options
function meaning(text) { return match(text, /   */) ? substr(text, RSTART + RLENGTH) : "" }
function tell(word, text) { if (word ~ /^-?-?[a-z][a-z0-9_-]*$/) print word "	" text }
prefix != "" && index($0, prefix) == 1 {
	rest = substr($0, length(prefix) + 1)
	word = rest
	sub(/ .*/, "", word)
	gsub(/[][]/, "", word)
	if (word !~ /^-/)
		tell(word, meaning(rest))
}
option != "" && index($0, "  " option " ") == 1 && substr($0, length(option) + 4, 1) != " " {
	count = split($2, values, "|")
	for (i = 1; i <= count; i++)
		if (values[i] ~ /^@?FILE$|^DIR$/)
			print values[i] "	"
		else
			tell(values[i], "")
}
prefix == "" && option == "" && /^  -/ { tell($1, meaning(substr($0, 3))) }
