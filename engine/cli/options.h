/* The command line's one table: commands and their options.
 *
 * It drives parsing, --help, shell completion and the run options' way into
 * the job file; a unit test holds the man page to it. */
#ifndef SLUICE_CLI_OPTIONS_H
#define SLUICE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

enum command_id {
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_SERVE,
	COMMAND_LS,
	COMMAND_STATUS,
	COMMAND_ITEMS,
	COMMAND_SHOW,
	COMMAND_GROUPS,
	COMMAND_EXPORT,
	COMMAND_RETRY,
	COMMAND_SKIP,
	COMMAND_RESOLVE,
	COMMAND_PAUSE,
	COMMAND_RESUME,
	COMMAND_CANCEL,
	COMMAND_SET,
	COMMAND_RM,
	COMMAND_DB,
	COMMAND_EXPLAIN,
	COMMAND_ALERT,
	COMMAND_COMPLETION,
	COMMANDS
};

struct command {
	const char *name;
	const char *group;       /* heading in `sluice --help` */
	const char *synopsis;    /* what follows the name: "[OPTIONS] JOB SEQ" */
	const char *summary;     /* one line, no capital, no full stop */
	const char *description; /* lines for --help, or NULL */
	const char *examples;    /* lines, or NULL */
	const char *operands;    /* for completion: "job", "file", "none" or words "check|backup" */
	int operands_min, operands_max;
	bool unfinished; /* recognised and refused: not supported yet */
};

enum option_value {
	VALUE_NONE, /* a switch */
	VALUE_TEXT,
	VALUE_OPTIONAL, /* --name or --name=TEXT */
	VALUE_FILE,
	VALUE_INTEGER, /* min..max */
	VALUE_SECONDS, /* decimal seconds, min..max in ms */
	VALUE_RATE,    /* "50/s" */
	VALUE_CHOICE,  /* one of the words in `choices` */
};

enum option_id {
	/* run, check: the request */
	OPTION_REQUEST,
	OPTION_HEADER,
	OPTION_DATA,
	OPTION_JSON_BODY,
	OPTION_LOCATION,
	OPTION_MAX_TIME,
	OPTION_CONNECT_TIMEOUT,
	OPTION_PROXY,
	OPTION_CACERT,
	OPTION_CERT,
	OPTION_KEY_FILE,
	/* run, check: the items */
	OPTION_ITEMS,
	OPTION_FORMAT,
	OPTION_KEY,
	OPTION_LIMIT,
	OPTION_SKIP_BAD_ROWS,
	/* run: pace */
	OPTION_CONCURRENCY,
	OPTION_RATE,
	OPTION_BURST,
	OPTION_NO_ADAPT,
	/* run: answers and retries */
	OPTION_OK_IF,
	OPTION_EXTRACT,
	OPTION_RETRY,
	OPTION_RETRY_DELAY,
	OPTION_RETRY_MAX_DELAY,
	OPTION_RETRY_MAX_TIME,
	OPTION_IDEMPOTENCY_KEY,
	/* run: the job */
	OPTION_NAME,
	OPTION_NEW,
	OPTION_UPDATE_JOB,
	OPTION_APPEND_ITEMS,
	OPTION_DRY_RUN,
	OPTION_STAY,
	OPTION_PROGRESS,
	/* run: not supported yet */
	OPTION_CANARY,
	OPTION_HALT,
	OPTION_SHARD,
	OPTION_SHARD_BY,
	/* check */
	OPTION_RENDER,
	/* listings */
	OPTION_FILTER,
	OPTION_STATE,
	OPTION_ROWS,
	OPTION_AFTER,
	OPTION_CURL,
	OPTION_WATCH,
	OPTION_EXPORT_FORMAT,
	OPTION_OUTPUT,
	OPTION_JSON,
	/* retry, skip, resolve */
	OPTION_SELECT_ALL,
	OPTION_SELECT_FILTER,
	OPTION_SELECT_GROUP,
	OPTION_SELECT_SEQ,
	OPTION_AS,
	OPTION_FORCE,
	OPTION_COUNT_ONLY,
	OPTION_REASON,
	/* set */
	OPTION_SET_CONCURRENCY,
	OPTION_SET_RATE,
	OPTION_SET_BURST,
	/* explain */
	OPTION_METHOD,
	OPTION_ATTEMPT,
	OPTION_KEYED,
	OPTION_CURL_ERROR,
	OPTION_BYTES_SENT,
	/* common */
	OPTION_DB,
	OPTION_LISTEN,
	OPTION_NO_UI,
	OPTION_READ_ONLY,
	OPTION_BASE_PATH,
	OPTION_LABEL,
	OPTION_THREADS,
	OPTION_NO_COLOR,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTIONS
};

struct option {
	char letter;      /* 'c', or 0 */
	const char *name; /* "concurrency" */
	enum option_value value;
	const char *value_name; /* "N" in --help; NULL for a switch */
	const char *choices;    /* "csv|ndjson" */
	int64_t min, max;
	uint32_t commands; /* bit 1 << COMMAND_… each */
	const char *group; /* heading in --help */
	const char *path;  /* the job file's key it stands for, or NULL */
	bool repeatable;
	bool may_be_empty;
	const char *once; /* why it is refused to be given twice; NULL: the last one counts */
	bool unfinished;  /* recognised and refused: not supported yet */
	const char *help; /* one line, at most 48 columns */
};

extern const struct command command_table[COMMANDS];
extern const struct option option_table[OPTIONS];

struct option_use {
	enum option_id id;
	const char *text; /* the value as written; NULL where there is none */
	int64_t number;   /* VALUE_INTEGER; milliseconds of VALUE_SECONDS */
};

struct arguments {
	enum command_id command;
	struct option_use *uses; /* in the order given */
	int use_count;
	const char **operands;
	int operand_count;
};

/* Which command is this?  False: none of that name. */
bool command_find(const char *name, enum command_id *command);
/* The command nearest to a mistyped name, or NULL where none is near. */
const char *command_nearest(const char *name);

/* Parse what follows the command's name.  Options and operands may be mixed;
 * `--` ends the options.  Texts stay argv's.  STATUS_USAGE: "unknown option
 * --rat (did you mean --rate?)".  --help stops the parsing and is then the
 * last use. */
enum status arguments_parse(enum command_id command, int count, char *const words[],
                            struct arguments *arguments, struct error *error);
void arguments_free(struct arguments *arguments);

/* The last use of an option, or NULL. */
const struct option_use *arguments_use(const struct arguments *arguments, enum option_id id);
bool arguments_has(const struct arguments *arguments, enum option_id id);
/* Its text, or `otherwise` where it was not given. */
const char *arguments_text(const struct arguments *arguments, enum option_id id,
                           const char *otherwise);
int64_t arguments_number(const struct arguments *arguments, enum option_id id, int64_t otherwise);
int arguments_count(const struct arguments *arguments, enum option_id id);

/* Does the option belong to the command? */
bool option_listed(const struct option *option, enum command_id command);
/* Does the command take it?  `check` takes every option of `run`, so that a
 * `run` command line can be checked as it stands. */
bool option_applies(const struct option *option, enum command_id command);

/* ---- parts of arguments_parse ------------------------------------------------ */

/* Options that exclude each other, or one given twice that may be given once:
 * STATUS_USAGE naming both. */
enum status arguments_agree(const struct arguments *arguments, struct error *error);
/* STATUS_USAGE about an option the command has not: "unknown option --rat (did
 * you mean --rate?)", or what stands here for curl's and parallel's.  `word` is
 * behind the dashes, `dashes` "-" or "--". */
enum status option_unknown(enum command_id command, const char *dashes, const char *word,
                           size_t length, struct error *error);

#endif
