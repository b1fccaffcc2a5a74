/* Lines, characters and the places of faults: what all formats need. */
#include <inttypes.h>
#include <string.h>

#include "engine/intake/reader_internal.h"

struct line_cut line_cut_make(const char *bytes, size_t length, bool cr_breaks)
{
	struct line_cut cut = { .at = bytes, .end = bytes + length, .cr_breaks = cr_breaks };

	cut.lf = cut.cr = NULL; /* not looked for yet */
	return cut;
}

static const char *find_or_end(const char *at, const char *end, char c)
{
	const char *found = memchr(at, c, (size_t)(end - at));

	return found == NULL ? end : found;
}

bool line_cut_next(struct line_cut *cut, struct line_piece *piece)
{
	const char *stop;

	if (cut->at == cut->end)
		return false;
	/* Each is looked for only once it was passed: a chunk without any CR, or
	 * of CR alone, is not searched again for every line. */
	if (cut->lf == NULL || cut->lf < cut->at)
		cut->lf = find_or_end(cut->at, cut->end, '\n');
	if (!cut->cr_breaks)
		cut->cr = cut->end;
	else if (cut->cr == NULL || cut->cr < cut->at)
		cut->cr = find_or_end(cut->at, cut->end, '\r');
	stop = cut->lf < cut->cr ? cut->lf : cut->cr;
	piece->at = cut->at;
	piece->length = (size_t)(stop - cut->at);
	piece->break_length = 0;
	if (stop < cut->end)
		piece->break_length = *stop == '\r' && cut->lf == stop + 1 && cut->lf < cut->end ? 2 : 1;
	cut->at = stop + piece->break_length;
	return true;
}

void line_piece_pass(struct reader_place *place, const struct line_piece *piece)
{
	place->offset += piece->length + piece->break_length;
	if (piece->break_length == 0) {
		place->column += reader_characters(piece->at, piece->length);
		place->after_cr = false;
		return;
	}
	place->line++;
	place->column = 1;
	place->after_cr = piece->break_length == 1 && piece->at[piece->length] == '\r';
}

int64_t reader_characters(const char *bytes, size_t length)
{
	int64_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
	return count;
}

enum status reader_fail(const struct error *fault, struct error *error)
{
	if (error != NULL)
		*error = *fault;
	return fault->status;
}

void reader_fault_place(const struct reader *reader, struct error *fault, int64_t line,
                        const char *at)
{
	error_prefix(fault, "%s: row %" PRId64 " (line %" PRId64 ")%s", reader->name,
	             reader->here.row + 1, line, at);
}

bool reader_text_check(const char *bytes, size_t length, struct error *fault)
{
	size_t bad = 0;

	if (length > 0 && memchr(bytes, '\0', length) != NULL) {
		error_set(fault, STATUS_USAGE,
		          "holds a NUL byte (UTF-16 text? convert it with: iconv -f UTF-16 -t UTF-8)");
		return false;
	}
	if (!utf8_check(bytes, length, &bad)) {
		error_set(fault, STATUS_USAGE,
		          "not UTF-8 (byte 0x%02x); if the items are GBK, convert them with: "
		          "iconv -f GB18030 -t UTF-8",
		          (unsigned char)bytes[bad]);
		return false;
	}
	return true;
}

void reader_json_fault(struct json_span text, const struct json_fault *json_fault,
                       struct error *fault)
{
	size_t bad = 0;
	bool not_text = !utf8_check(text.at, text.length, &bad) && bad <= json_fault->offset;

	if (json_fault->offset < text.length && text.at[json_fault->offset] == '\0')
		not_text = true;
	if (!not_text || reader_text_check(text.at, text.length, fault))
		error_set(fault, STATUS_USAGE, "%s", json_fault->reason);
}
