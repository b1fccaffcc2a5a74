# queries.sql -> C.  A statement stands under a heading of its own:
#   -- claim_fresh
#   SELECT …;
# becomes enum query { QUERY_CLAIM_FRESH, … } and its text in query_text[].
# Other comment lines ("--- …") explain and are dropped.
BEGIN { count = 0 }
function flush_statement() {
	if (name == "") return
	names[count] = name
	texts[count] = text
	count++
	name = ""; text = ""
}
/^-- [a-z_0-9]+$/ { flush_statement(); name = $2; next }
/^---/ { next }
/^[ \t]*$/ { next }
{
	if (name == "") { print "queries.sql:" NR ": text without a heading" >"/dev/stderr"; exit 1 }
	line = $0
	gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line)
	text = text "\n    \"" line "\\n\""
}
END {
	flush_statement()
	if (part == "header") {
		print "/* Made from schema/queries.sql. */"
		print "#ifndef SLUICE_QUERIES_H\n#define SLUICE_QUERIES_H\n\nenum query {"
		for (i = 0; i < count; i++) print "\tQUERY_" toupper(names[i]) ","
		print "\tQUERIES\n};\n\nextern const char *const query_text[QUERIES];\nextern const char *const query_name[QUERIES];\n\n#endif"
	} else {
		print "/* Made from schema/queries.sql. */\n#include \"queries.h\"\n\nconst char *const query_text[QUERIES] = {"
		for (i = 0; i < count; i++) print "\t[QUERY_" toupper(names[i]) "] =" texts[i] ","
		print "};\n\nconst char *const query_name[QUERIES] = {"
		for (i = 0; i < count; i++) print "\t[QUERY_" toupper(names[i]) "] = \"" names[i] "\","
		print "};"
	}
}
