# The page's modules -> one: each becomes a function that returns what it exports, in an
# order in which all that one imports stands before it.  72 requests become one; there
# is no other build step, and tests also run the modules as they are.
# Usage: awk -f bundle.awk page/app.js      (reads what that imports, and so on)
# Knows the forms the page is written in: one import or export a line, at its start, no
# export that is assigned to later.  Anything else, and circles, are errors.
BEGIN {
	bundle(ARGV[1])
	exit failed
}

function fail(file, line, what) {
	printf "bundle.awk: %s: %s: %s\n", file, what, line >"/dev/stderr"
	failed = 1
}

# "page/views" + "../parts/chip.js" -> "page/parts/chip.js"; vendor/ is beside page/
function path_of(from, name,   folder) {
	folder = from
	sub(/\/[^\/]*$/, "", folder)
	while (name ~ /^\.\.?\//) {
		if (name ~ /^\.\.\//)
			sub(/\/?[^\/]*$/, "", folder)
		sub(/^\.\.?\//, "", name)
	}
	return name ~ /^vendor\// ? name : folder "/" name
}

function named(list, as) { # "{ a, b as c }" -> "{ a, b: c }"
	gsub(/[^ ,{}]+ as /, "&\001", list)
	gsub(/ as \001/, as, list)
	return list
}

function exported(list, names, i, n, both, out) { # "{a as h,fe as html}" -> "{ h: a, html: fe }"
	gsub(/^export *\{|\};?$/, "", list)
	n = split(list, names, ",")
	for (i = 1; i <= n; i++) {
		split(names[i], both, " as ")
		out = out (i > 1 ? ", " : "") both[2] ": " both[1]
	}
	return "return { " out " };"
}

function bundle(file,   line, code, exports, parts, from, what, i) {
	if (state[file] == "made")
		return
	if (state[file] == "begun") {
		fail(file, "import", "a circle of imports")
		return
	}
	state[file] = "begun"
	while ((i = getline line <file) > 0) {
		if (line ~ /^[ \t]*\/\// || line == "")
			continue
		if (line ~ /^import /) {
			if (line !~ /^import .* from '[^']*';$/) {
				fail(file, line, "an import of a form that is not known")
				continue
			}
			from = what = line
			sub(/^.* from '/, "", from)
			sub(/';$/, "", from)
			sub(/^import /, "", what)
			sub(/ from '.*$/, "", what)
			from = path_of(file, from)
			bundle(from)
			code = code "const " (what ~ /^\{/ ? named(what, ": ") : "{ default: " what " }") " = modules['" from "'];\n"
			continue
		}
		if (line ~ /^export default /) {
			sub(/^export default /, "return ", line)
			if (exports != "")
				fail(file, line, "a default beside other exports")
		} else if (match(line, /^export (async )?(function|const|class) [A-Za-z0-9_]+/)) {
			what = substr(line, 1, RLENGTH)
			sub(/^.* /, "", what)
			exports = exports (exports == "" ? "" : ", ") what
			sub(/^export /, "", line)
		} else if (line ~ /^export /) {
			fail(file, line, "an export of a form that is not known")
		} else if (match(line, /export\{[^}]*\};?$/)) { # a vendored module, minified
			line = substr(line, 1, RSTART - 1) "\n" exported(substr(line, RSTART))
		}
		code = code line "\n"
	}
	if (i < 0)
		fail(file, "", "cannot be read")
	close(file)
	if (code ~ /\nreturn \{\n/ || code ~ /^return \{\n/)
		sub(/return \{\n/, "return { default: {\n", code) && sub(/\n};\n$/, "\n} };\n", code)
	if (state["first"] == "")
		printf "const modules = {};\n"
	state["first"] = "said"
	printf "modules['%s'] = (() => {\n%s%s})();\n", file, code, exports == "" ? "" : "return { " exports " };\n"
	state[file] = "made"
}
