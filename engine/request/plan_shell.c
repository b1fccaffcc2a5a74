/* Words of a command for a POSIX shell.  ${env:NAME} is "$NAME" there; what comes
 * from elsewhere is put into a variable first, and the command is not run where
 * that fails.  The shell encodes as encode.c and buffer.c do, with nothing but
 * what POSIX has: od and awk.  No tabs and no '!': it is pasted at prompts. */
#include <ctype.h>
#include <string.h>

#include "engine/request/plan_internal.h"

/* Bytes as numbers: awk reads lines, and not all awks read every byte. */
#define BYTES "  printf %s \"$1\" | od -An -v -tu1 | LC_ALL=C awk '"

#define PERCENT(name, keeps)                                                                \
	name "() {\n" BYTES "{ for (i = 1; i <= NF; i++) {\n"                                 \
	     "    d = $i + 0; c = sprintf(\"%c\", d)\n"                                       \
	     "    if (" keeps ") printf \"%s\", c; else printf \"%%%02X\", d } }'\n}\n"

static const char url[] =
    PERCENT("sluice_url", "d > 32 && d < 127 && index(\"\\\"#<>\\\\^`{|}\", c) == 0");

static const char percent[] = PERCENT("sluice_percent", "c ~ /[A-Za-z0-9._~-]/");

/* What is no UTF-8 becomes U+FFFD. */
static const char json[] =
    "sluice_json() {\n" BYTES "\n"
    "    BEGIN { e[8] = \"b\"; e[9] = \"t\"; e[10] = \"n\"; e[12] = \"f\"; e[13] = \"r\"\n"
    "      e[34] = \"\\\"\"; e[92] = \"\\\\\" }\n"
    "    { for (i = 1; i <= NF; i++) b[n++] = $i + 0 }\n"
    "    END { for (i = 0; i < n; i += k) {\n"
    "      d = b[i]; k = 1\n"
    "      if (d in e) printf \"\\\\%s\", e[d]\n"
    "      else if (d < 32) printf \"\\\\u%04x\", d\n"
    "      else if (d < 128) printf \"%c\", d\n"
    "      else {\n"
    "        m = d < 194 || d > 244 ? 0 : d < 224 ? 1 : d < 240 ? 2 : 3\n"
    "        low = d == 224 ? 160 : d == 240 ? 144 : 128\n"
    "        high = d == 237 ? 159 : d == 244 ? 143 : 191\n"
    "        for (; k <= m && b[i + k] >= low && b[i + k] <= high; k++) { low = 128; high = 191 }\n"
    "        if (m == 0 || k <= m) printf \"%s\", \"\\357\\277\\275\"\n"
    "        else for (j = i; j < i + k; j++) printf \"%c\", b[j] } } }'\n"
    "}\n";

static const struct {
	const char *name, *function;
} codings[] = {
    [CODING_NONE] = {NULL, NULL},
    [CODING_URL] = {"sluice_url", url},
    [CODING_PERCENT] = {"sluice_percent", percent},
    [CODING_JSON] = {"sluice_json", json},
};

/* A file without its last line end, as sluice reads it; $(…) by itself would cut
 * all of them. */
static const char file[] = "sluice_file() {\n"
                           "  SLUICE_SECRET=$(cat && echo .) || return\n"
                           "  SLUICE_SECRET=${SLUICE_SECRET%.}\n"
                           "  SLUICE_SECRET=${SLUICE_SECRET%'\n'}\n"
                           "  SLUICE_SECRET=${SLUICE_SECRET%\"$(printf '\\r')\"}\n"
                           "}\n";

/* Inside '…', where only the quote itself is special. */
static void put_quoted(struct buffer *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\'')
			buffer_text(out, "'\\''");
		else
			buffer_char(out, text[i]);
	}
}

static bool is_variable(const char *reference)
{
	return strncmp(reference, "env:", 4) == 0;
}

static bool is_file(const char *reference)
{
	return strncmp(reference, "file:", 5) == 0;
}

static void put_variable(struct buffer *out, const struct secret_marker *marker)
{
	if (is_variable(marker->reference))
		buffer_printf(out, "\"$%s\"", marker->reference + 4);
	else
		buffer_printf(out, "\"$SLUICE_SECRET_%d\"", marker->index + 1);
}

static void put_secret(struct shell *shell, const struct secret_marker *marker)
{
	struct buffer *out = &shell->command;

	shell->codings |= 1U << marker->coding;
	while (!is_variable(marker->reference) && !shell->needed.failed &&
	       shell->needed.length <= (size_t)marker->index)
		buffer_char(&shell->needed, '\0');
	if (!is_variable(marker->reference) && !shell->needed.failed)
		shell->needed.data[marker->index] = 1;
	if (marker->coding == CODING_NONE) {
		put_variable(out, marker);
		return;
	}
	buffer_printf(out, "\"$(%s ", codings[marker->coding].name);
	put_variable(out, marker);
	buffer_text(out, ")\"");
}

void shell_word(struct shell *shell, const char *text, size_t length)
{
	struct secret_marker marker;

	buffer_char(&shell->command, '\'');
	while (secret_marker_find(shell->markers, text, length, &marker)) {
		put_quoted(&shell->command, text, marker.at);
		buffer_char(&shell->command, '\'');
		put_secret(shell, &marker);
		buffer_char(&shell->command, '\'');
		text += marker.at + marker.length;
		length -= marker.at + marker.length;
	}
	put_quoted(&shell->command, text, length);
	buffer_char(&shell->command, '\'');
}

/* The place that a credential was given at, as far as a shell takes it for text. */
static void put_place(struct buffer *out, const char *place)
{
	for (; *place; place++)
		buffer_char(out, isalnum((unsigned char)*place) || strchr(".-_[]", *place) ? *place : '_');
}

static void put_needed(struct buffer *out, int index, const char *reference)
{
	if (is_file(reference)) {
		buffer_text(out, "sluice_file <'");
		put_quoted(out, reference + 5, strlen(reference + 5));
		buffer_printf(out, "' && SLUICE_SECRET_%d=$SLUICE_SECRET &&\n", index + 1);
		return;
	}
	buffer_printf(out, ": \"${SLUICE_SECRET_%d:?is to be the credential of ", index + 1);
	put_place(out, reference + strcspn(reference, ":") + 1);
	buffer_text(out, ", which is never stored; set it and paste again}\" &&\n");
}

bool shell_script(const struct shell *shell, struct buffer *out)
{
	bool reads = false;

	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++)
		if (shell->codings & 1U << i && codings[i].function)
			buffer_text(out, codings[i].function);
	for (size_t i = 0; i < shell->needed.length; i++)
		reads |= shell->needed.data[i] && is_file(secret_set_reference(shell->markers, (int)i));
	if (reads)
		buffer_text(out, file);
	for (size_t i = 0; i < shell->needed.length; i++)
		if (shell->needed.data[i])
			put_needed(out, (int)i, secret_set_reference(shell->markers, (int)i));
	buffer_append(out, shell->command.data, shell->command.length);
	return !out->failed && !shell->command.failed && !shell->needed.failed;
}

void shell_free(struct shell *shell)
{
	buffer_free(&shell->command);
	buffer_free(&shell->needed);
}
