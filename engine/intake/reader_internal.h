/* What the parsers of the formats share.  Only reader*.c include this. */
#ifndef SLUICE_INTAKE_READER_INTERNAL_H
#define SLUICE_INTAKE_READER_INTERNAL_H

#include "engine/intake/reader.h"

/* Memory that a reader keeps between rows; what one huge row took beyond it is
 * given back. */
#define READER_KEEP_MAX (1u << 20)

struct reader_place {
	uint64_t offset; /* bytes of the stream before it */
	int64_t row;     /* rows that ended before it, good and bad */
	int64_t rows;    /* the good ones */
	int64_t line;    /* physical line it is on, from 1 */
	int64_t column;  /* character within that line, from 1 */
	bool after_cr;   /* the byte before is a CR: a LF that follows belongs to it */
	bool open_row;   /* the last row ended with the stream, not with a line break */
};

/* One format.  `feed` and `end` move reader->here and call reader_good and
 * reader_bad; their state hangs on reader->parsing. */
struct reader_parser {
	const char *name; /* as in reader_state() */
	enum items_format format;
	void *(*make)(void); /* NULL: no memory */
	void (*free)(void *parsing);
	enum status (*feed)(struct reader *reader, const char *bytes, size_t length,
	                    struct error *error);
	enum status (*end)(struct reader *reader, struct error *error);
	/* CSV only, else NULL: the header's names. */
	void (*columns)(const struct reader *reader, struct buffer *out);
	/* Be behind a row, as reader_restore() says; `columns` is empty where the
	 * state has none.  NULL: nothing to do. */
	enum status (*resume)(struct reader *reader, struct json_span columns,
	                      struct error *error);
};

extern const struct reader_parser reader_parser_csv, reader_parser_ndjson, reader_parser_lines,
    reader_parser_json;

/* Memory for the names of the object that is looked at. */
struct reader_names {
	struct buffer list, plain;
};

struct reader {
	char *name;
	enum items_format format; /* FORMAT_AUTO until known */
	bool never_csv;           /* FORMAT_AUTO, named .json */
	struct reader_sink sink;
	const struct reader_parser *parser; /* NULL until the format is known */
	void *parsing;
	struct reader_place here; /* up to where the parser has moved */
	struct reader_place mark; /* see reader_mark() */
	bool begun;               /* past byte order mark and format detection */
	struct buffer head;       /* first bytes, held back until `begun` */
	bool past_magic;          /* past the byte order mark, if there is one */
	struct reader_names names; /* scratch of reader_object_check() */
	enum status failed;       /* why it takes no more */
};

/* The parser of a format; `format` is not FORMAT_AUTO. */
enum status reader_format_use(struct reader *reader, enum items_format format,
                              struct error *error);

/* Hand on the row that ends at reader->here. */
enum status reader_good(struct reader *reader, struct json_span input, int64_t line,
                        struct error *error);
/* Of an item that `sluice export` wrote, its input; any other as it is. */
struct json_span reader_unwrap(struct json_span item);
enum status reader_bad(struct reader *reader, const struct error *fault, struct json_span raw,
                       struct error *error);

/* Return a fault as the error. */
enum status reader_fail(const struct error *fault, struct error *error);

/* Put "users.csv: row 3 (line 5)" before fault->text, where the row after
 * reader->here.row is meant and `line` is where it begins.  `at` follows that
 * place: ", column 2", or "". */
void reader_fault_place(const struct reader *reader, struct error *fault, int64_t line,
                        const char *at);

/* NUL or not UTF-8?  Fills fault->text with why, and what to do about it. */
bool reader_text_check(const char *bytes, size_t length, struct error *fault);

/* The same for text that json_trim refused: fill fault->text with why. */
void reader_json_fault(struct json_span text, const struct json_fault *json_fault,
                       struct error *fault);

void reader_names_free(struct reader_names *names);
/* Does everybody read this object alike: no name twice, no half a character, at
 * any depth?  Else *fault tells where in `text`, which holds it; its reason is
 * NULL where there was no memory. */
bool reader_object_check(struct reader_names *names, struct json_span text,
                         struct json_span object, struct json_fault *fault);

/* Characters (not bytes) of valid UTF-8. */
int64_t reader_characters(const char *bytes, size_t length);

/* Cuts a chunk into pieces that end behind line breaks (LF, CRLF and, where
 * `cr` says so, CR), or with the chunk. */
struct line_cut {
	const char *at, *end;
	const char *lf, *cr; /* the next ones at or behind `at`, or `end` */
	bool cr_breaks;
};
struct line_piece {
	const char *at;
	size_t length;       /* without the break */
	size_t break_length; /* 0: the chunk ended first */
};
struct line_cut line_cut_make(const char *bytes, size_t length, bool cr_breaks);
bool line_cut_next(struct line_cut *cut, struct line_piece *piece);
/* Move `place` behind a piece. */
void line_piece_pass(struct reader_place *place, const struct line_piece *piece);

#endif
