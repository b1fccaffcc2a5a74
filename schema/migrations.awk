# schema/NNN-name.sql, in order -> const char *const migration_text[].  Strings
# are split by line, so that no literal grows beyond what C11 guarantees matters
# to pedantic compilers.
FNR == 1 {
	if (NR > 1) print "\t,"
	else print "/* Made from schema/NNN-*.sql. */\n#include \"engine/store/migrate.h\"\n\nconst char *const migration_text[] = {"
}
/^[ \t]*--/ || /^[ \t]*$/ { next }
{
	line = $0
	gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line)
	print "\t\"" line "\\n\""
}
END {
	print "};\n\nconst int migration_count = sizeof(migration_text) / sizeof(migration_text[0]);"
}
