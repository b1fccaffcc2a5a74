#include "engine/cli/options.h"

#include <stddef.h>

#define BIT(command) (UINT32_C(1) << COMMAND_##command)

#define RUN_CHECK (BIT(RUN) | BIT(CHECK))
#define LISTINGS (BIT(LS) | BIT(STATUS) | BIT(ITEMS) | BIT(SHOW) | BIT(GROUPS))
#define ACTS (BIT(RETRY) | BIT(SKIP) | BIT(RESOLVE))
#define CONTROLS (BIT(PAUSE) | BIT(RESUME) | BIT(CANCEL) | BIT(SET) | BIT(RM))
#define CALLS (LISTINGS | ACTS | CONTROLS | BIT(EXPORT) | BIT(DB))
#define WORKS (BIT(RUN) | BIT(SERVE))
#define EVERY ((UINT32_C(1) << COMMANDS) - 1)

#define CONCURRENCY_MAX 100000
/* As the job file has them (spec_keys.c). */
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define YEAR_MS (366 * DAY_MS)
#define BURST_MAX 1000000
#define COUNT_MAX INT64_C(1000000000000)

const struct command command_table[COMMANDS] = {
	[COMMAND_RUN] = {
		.name = "run", .group = "Work", .synopsis = "[OPTIONS] TARGET [-i ITEMS]",
		.summary = "send one request per item, or go on where it was left",
		.description =
			"TARGET is a URL template (it contains ://) or a job file. ITEMS is a CSV,\n"
			"NDJSON, JSON array or plain-lines file, or - for standard input.\n"
			"Creates the job or, where a job of that name is unfinished, resumes it.\n",
		.examples =
			"sluice run 'https://api.example.com/users/{{id}}' -i users.csv\n"
			"sluice run crm.json -i users.csv -c 30 --rate 50/s\n"
			"sluice run https://api.example.com/users -X POST -i users.ndjson \\\n"
			"    -H 'Authorization: Bearer ${env:TOKEN}' --idempotency-key\n",
		.operands = "file", .operands_min = 1, .operands_max = 1,
	},
	[COMMAND_CHECK] = {
		.name = "check", .group = "Work", .synopsis = "[OPTIONS] TARGET [-i ITEMS]",
		.summary = "validate job and items, show requests, send nothing",
		.description =
			"Takes a `run` command line as it stands; what only matters when sending\n"
			"(--db, --stay, --new, ...) changes nothing here.\n",
		.examples =
			"sluice check crm.json -i users.csv --render 3\n",
		.operands = "file", .operands_min = 1, .operands_max = 1,
	},
	[COMMAND_SERVE] = {
		.name = "serve", .group = "Work", .synopsis = "[OPTIONS]",
		.summary = "run every unfinished job and serve the dashboard",
		.description =
			"Takes new jobs over the API. Ends with Ctrl-C or SIGTERM, after draining.\n",
		.examples =
			"sluice serve --db /var/lib/sluice/sluice.db\n",
		.operands = "none",
	},
	[COMMAND_LS] = {
		.name = "ls", .group = "Look", .synopsis = "[OPTIONS]",
		.summary = "jobs, one a line, newest first", .operands = "none",
	},
	[COMMAND_STATUS] = {
		.name = "status", .group = "Look", .synopsis = "[OPTIONS] JOB",
		.summary = "progress of one job",
		.description =
			"JOB is a job's name or id.\n",
		.operands = "job", .operands_min = 1, .operands_max = 1,
	},
	[COMMAND_ITEMS] = {
		.name = "items", .group = "Look", .synopsis = "[OPTIONS] JOB",
		.summary = "a job's items",
		.description =
			"FILTER is made of terms, all of which must hold; - negates one:\n"
			"  state:failed http:503 code:1001 group:ID key:K seq:10-20 text:timeout\n"
			"  field.city:Beijing -http:404\n",
		.examples =
			"sluice items crm --filter state:failed\n"
			"sluice items crm --filter 'state:failed -http:404' --limit 200\n",
		.operands = "job", .operands_min = 1, .operands_max = 1,
	},
	[COMMAND_SHOW] = {
		.name = "show", .group = "Look", .synopsis = "[OPTIONS] JOB SEQ",
		.summary = "one item: input, every attempt, request and response",
		.examples =
			"sluice show crm 17\n"
			"sluice show crm 17 --curl\n",
		.operands = "job", .operands_min = 2, .operands_max = 2,
	},
	[COMMAND_GROUPS] = {
		.name = "groups", .group = "Look", .synopsis = "[OPTIONS] JOB",
		.summary = "failures, grouped by cause", .operands = "job", .operands_min = 1,
		.operands_max = 1,
	},
	[COMMAND_EXPORT] = {
		.name = "export", .group = "Look", .synopsis = "[OPTIONS] JOB",
		.summary = "items with their outcome as NDJSON or CSV",
		.examples =
			"sluice export crm --state failed --format csv -o failed.csv\n",
		.operands = "job", .operands_min = 1, .operands_max = 1,
	},
	[COMMAND_RETRY] = {
		.name = "retry", .group = "Act",
		.synopsis = "JOB (--all | --filter F | --group G | --seq N ...)",
		.summary = "send failed, unknown or skipped items again",
		.description =
			"They get a fresh budget of attempts; the history of attempts stays.\n",
		.examples =
			"sluice retry crm --all\n"
			"sluice retry crm --filter http:503 --dry-run\n"
			"sluice retry crm --seq 17 --seq 20-25\n",
		.operands = "job", .operands_min = 1, .operands_max = 10000,
	},
	[COMMAND_SKIP] = {
		.name = "skip", .group = "Act",
		.synopsis = "JOB (--all | --filter F | --group G | --seq N ...)",
		.summary = "mark failed, unknown, pending or waiting items skipped", .operands = "job", .operands_min = 1,
		.operands_max = 10000,
	},
	[COMMAND_RESOLVE] = {
		.name = "resolve", .group = "Act",
		.synopsis = "JOB --as STATE (--all|--filter F|--group G|--seq N ...)",
		.summary = "say what became of unknown items",
		.description =
			"An item is unknown when its request may have reached the server and sending\n"
			"it again might do it twice. Look it up there, then say which it was.\n",
		.operands = "job", .operands_min = 1, .operands_max = 10000,
	},
	[COMMAND_PAUSE] = {
		.name = "pause", .group = "Act", .synopsis = "JOB",
		.summary = "send nothing more until resumed", .operands = "job", .operands_min = 1,
		.operands_max = 1,
	},
	[COMMAND_RESUME] = {
		.name = "resume", .group = "Act", .synopsis = "JOB",
		.summary = "go on with a paused job", .operands = "job", .operands_min = 1,
		.operands_max = 1,
	},
	[COMMAND_CANCEL] = {
		.name = "cancel", .group = "Act", .synopsis = "JOB",
		.summary = "end a job for good", .operands = "job", .operands_min = 1,
		.operands_max = 1,
	},
	[COMMAND_SET] = {
		.name = "set", .group = "Act",
		.synopsis = "JOB [--concurrency N] [--rate R] [--burst N]",
		.summary = "change limits, live",
		.examples =
			"sluice set crm --concurrency 60 --rate 100/s\n",
		.operands = "job", .operands_min = 1, .operands_max = 1,
	},
	[COMMAND_RM] = {
		.name = "rm", .group = "Act", .synopsis = "JOB",
		.summary = "delete a job and all that is stored of it", .operands = "job",
		.operands_min = 1, .operands_max = 1,
	},
	[COMMAND_DB] = {
		.name = "db", .group = "Database", .synopsis = "check | backup FILE | vacuum",
		.summary = "check, back up or compact the database",
		.operands = "check|backup|vacuum", .operands_min = 1, .operands_max = 2,
	},
	[COMMAND_EXPLAIN] = {
		.name = "explain", .group = "Other",
		.synopsis = "[OPTIONS] [TARGET] < RAW_RESPONSE",
		.summary = "what would be decided on a response",
		.description =
			"Reads a raw response (status line, headers, body; as curl -i prints it) and\n"
			"prints the decision as one JSON object. TARGET: a job file, whose rules,\n"
			"retries and headers then apply. Sends nothing.\n",
		.examples =
			"curl -si https://api.example.com/users | sluice explain\n"
			"sluice explain job.json --attempt 3 < response.txt\n"
			"sluice explain --method POST --curl-error 56 --bytes-sent 151 < /dev/null\n",
		.operands = "file", .operands_max = 1,
	},
	[COMMAND_ALERT] = {
		.name = "alert", .group = "Other", .synopsis = "test JOB",
		.summary = "send a test alert (not yet)", .operands = "none", .unfinished = true,
	},
	[COMMAND_COMPLETION] = {
		.name = "completion", .group = "Other", .synopsis = "bash | zsh | fish",
		.summary = "print a completion script for your shell",
		.examples =
			"source <(sluice completion bash)\n"
			"sluice completion fish >~/.config/fish/completions/sluice.fish\n",
		.operands = "bash|zsh|fish", .operands_min = 1, .operands_max = 1,
	},
};

const struct option option_table[OPTIONS] = {
	[OPTION_REQUEST] = {'X', "request", VALUE_TEXT, "METHOD", .commands = RUN_CHECK,
		.group = "Request", .path = "request.method",
		.once = "a request has one method", .help = "HTTP method (GET, or POST where a body is given)"},
	[OPTION_HEADER] = {'H', "header", VALUE_TEXT, "'NAME: VALUE'", .commands = RUN_CHECK,
		.group = "Request", .path = "request.headers", .repeatable = true,
		.help = "a header; may hold {{field}} and ${env:NAME}"},
	[OPTION_DATA] = {'d', "data", VALUE_TEXT, "TEXT|@FILE", .commands = RUN_CHECK,
		.group = "Request", .path = "request.body", .repeatable = true, .may_be_empty = true,
		.help = "body template; form encoded unless it is JSON"},
	[OPTION_JSON_BODY] = {0, "json", VALUE_TEXT, "JSON|@FILE", .commands = RUN_CHECK,
		.group = "Request", .path = "request.json",
		.once = "one body is sent", .help = "JSON body template; POST, JSON both ways"},
	[OPTION_LOCATION] = {'L', "location", VALUE_NONE, NULL, .commands = RUN_CHECK,
		.group = "Request", .path = "request.follow_redirects", .help = "follow redirects"},
	[OPTION_MAX_TIME] = {'m', "max-time", VALUE_SECONDS, "S", NULL, 1, DAY_MS, RUN_CHECK,
		"Request", .path = "request.timeout_s", .help = "limit for one request (30)"},
	[OPTION_CONNECT_TIMEOUT] = {0, "connect-timeout", VALUE_SECONDS, "S", NULL, 1, DAY_MS,
		RUN_CHECK, "Request", .path = "request.connect_timeout_s",
		.help = "limit for connecting (10)"},
	[OPTION_PROXY] = {'x', "proxy", VALUE_TEXT, "URL", .commands = RUN_CHECK,
		.group = "Request", .path = "request.proxy", .help = "send through this proxy"},
	[OPTION_CACERT] = {0, "cacert", VALUE_FILE, "FILE", .commands = RUN_CHECK,
		.group = "Request", .path = "request.cacert",
		.help = "trust these CA certificates (PEM)"},
	[OPTION_CERT] = {'E', "cert", VALUE_FILE, "FILE", .commands = RUN_CHECK, .group = "Request",
		.path = "request.cert", .help = "client certificate (PEM)"},
	[OPTION_KEY_FILE] = {0, "key-file", VALUE_FILE, "FILE", .commands = RUN_CHECK,
		.group = "Request", .path = "request.key_file", .help = "its private key (PEM)"},

	[OPTION_ITEMS] = {'i', "items", VALUE_FILE, "FILE", .commands = RUN_CHECK, .group = "Items",
		.path = "items", .once = "one job has one source of items", .help = "the items, or - for standard input"},
	[OPTION_FORMAT] = {0, "format", VALUE_CHOICE, "FORMAT", "csv|ndjson|json|lines",
		.commands = RUN_CHECK, .group = "Items", .path = "format",
		.help = "csv, ndjson, json or lines (by name and content)"},
	[OPTION_KEY] = {0, "key", VALUE_TEXT, "COLUMN", .commands = RUN_CHECK, .group = "Items",
		.path = "key", .once = "one field names an item", .help = "the field that names an item, unique in the job"},
	[OPTION_LIMIT] = {0, "limit", VALUE_INTEGER, "N", NULL, 1, COUNT_MAX, RUN_CHECK, "Items",
		.path = "limit", .help = "only the first N items"},
	[OPTION_SKIP_BAD_ROWS] = {0, "skip-bad-rows", VALUE_NONE, NULL, .commands = RUN_CHECK,
		.group = "Items", .help = "record bad rows and go on (else: nothing is sent)"},

	[OPTION_CONCURRENCY] = {'c', "concurrency", VALUE_INTEGER, "N", NULL, 1, CONCURRENCY_MAX,
		RUN_CHECK, "Pace", .path = "limits.concurrency",
		.help = "requests in flight at most (16)"},
	[OPTION_RATE] = {0, "rate", VALUE_RATE, "N/s|N/m|N/h", .commands = RUN_CHECK,
		.group = "Pace", .path = "limits.rate",
		.help = "requests per second, minute or hour at most"},
	[OPTION_BURST] = {0, "burst", VALUE_INTEGER, "N", NULL, 1, BURST_MAX, RUN_CHECK, "Pace",
		.path = "limits.burst",
		.help = "requests that may go out at once after idling (1)"},
	[OPTION_NO_ADAPT] = {0, "no-adapt", VALUE_NONE, NULL, .commands = RUN_CHECK,
		.group = "Pace", .path = "limits.adapt",
		.help = "keep the limits fixed, whatever the server answers"},

	[OPTION_OK_IF] = {0, "ok-if", VALUE_TEXT, "CONDITION", .commands = RUN_CHECK,
		.group = "Answers", .path = "ok_if",
		.once = "join conditions with 'and'", .help = "e.g. 'status == 200 and $.code == 0'"},
	[OPTION_EXTRACT] = {0, "extract", VALUE_TEXT, "NAME=PATH", .commands = RUN_CHECK,
		.group = "Answers", .path = "extract", .repeatable = true,
		.help = "keep a value of the answer: id=$.data.id"},
	[OPTION_RETRY] = {0, "retry", VALUE_INTEGER, "N", NULL, 0, 1000, RUN_CHECK, "Answers",
		.path = "retry.max", .help = "retries after the first attempt (5)"},
	[OPTION_RETRY_DELAY] = {0, "retry-delay", VALUE_SECONDS, "S", NULL, 0, DAY_MS, RUN_CHECK,
		"Answers", .path = "retry.delay_s",
		.help = "base of the growing, jittered wait (0.5)"},
	[OPTION_RETRY_MAX_DELAY] = {0, "retry-max-delay", VALUE_SECONDS, "S", NULL, 0, DAY_MS,
		RUN_CHECK, "Answers", .path = "retry.delay_max_s", .help = "its upper limit (60)"},
	[OPTION_RETRY_MAX_TIME] = {0, "retry-max-time", VALUE_SECONDS, "S", NULL, 0, YEAR_MS,
		RUN_CHECK, "Answers", .path = "retry.time_max_s",
		.help = "no retry later than S after the first attempt"},
	[OPTION_IDEMPOTENCY_KEY] = {0, "idempotency-key", VALUE_OPTIONAL, "HEADER",
		.commands = RUN_CHECK, .group = "Answers", .path = "idempotency.header",
		.help = "send a stable key, so that POST may be repeated"},

	[OPTION_NAME] = {0, "name", VALUE_TEXT, "NAME", .commands = RUN_CHECK, .group = "Job",
		.path = "name", .once = "a job has one name", .help = "the job's name (the items file's)"},
	[OPTION_NEW] = {0, "new", VALUE_NONE, NULL, .commands = BIT(RUN), .group = "Job",
		.help = "start afresh; the old job is kept as NAME@ID"},
	[OPTION_UPDATE_JOB] = {0, "update-job", VALUE_NONE, NULL, .commands = BIT(RUN),
		.group = "Job", .help = "resume with a changed template or policy"},
	[OPTION_APPEND_ITEMS] = {0, "append-items", VALUE_NONE, NULL, .commands = BIT(RUN),
		.group = "Job", .help = "resume with items added at the end"},
	[OPTION_DRY_RUN] = {0, "dry-run", VALUE_NONE, NULL, .commands = BIT(RUN), .group = "Job",
		.help = "say what would be done, send nothing"},
	[OPTION_STAY] = {0, "stay", VALUE_NONE, NULL, .commands = BIT(RUN), .group = "Job",
		.help = "keep the dashboard up when done"},
	[OPTION_PROGRESS] = {0, "progress", VALUE_CHOICE, "HOW", "auto|tty|plain|json|none",
		.commands = BIT(RUN), .group = "Job", .help = "auto, tty, plain, json or none"},

	[OPTION_CANARY] = {0, "canary", VALUE_INTEGER, "N", NULL, 1, COUNT_MAX, RUN_CHECK, "Job",
		.path = "canary", .help = "send N, then wait for a go-ahead (sluice resume)"},
	[OPTION_HALT] = {0, "halt", VALUE_TEXT, "fail=N|fail=P%", .commands = RUN_CHECK,
		.group = "Job", .path = "halt", .help = "stop when so many items have failed"},
	[OPTION_SHARD] = {0, "shard", VALUE_TEXT, "I/N", .commands = BIT(RUN), .group = "Not yet",
		.unfinished = true, .help = "only this share of the items"},
	[OPTION_SHARD_BY] = {0, "shard-by", VALUE_TEXT, "COLUMN", .commands = BIT(RUN),
		.group = "Not yet", .unfinished = true, .help = "share them out by this field"},

	[OPTION_RENDER] = {0, "render", VALUE_INTEGER, "N", NULL, 0, 1000000, BIT(CHECK), "Output",
		.help = "show the first N requests (1)"},

	[OPTION_FILTER] = {0, "filter", VALUE_TEXT, "FILTER", .commands = BIT(ITEMS) | BIT(EXPORT),
		.group = "Selection", .once = "terms stand in one, --filter 'A B'", .help = "only items that match (see `sluice items --help`)"},
	[OPTION_STATE] = {0, "state", VALUE_CHOICE, "STATE",
		"pending|running|waiting|done|failed|unknown|skipped", .commands = BIT(EXPORT),
		.group = "Selection", .once = "--filter state:failed,unknown takes several", .help = "only items in this state"},
	[OPTION_ROWS] = {0, "limit", VALUE_INTEGER, "N", NULL, 1, COUNT_MAX,
		BIT(ITEMS) | BIT(GROUPS) | BIT(LS), "Selection", .help = "N of them at most"},
	[OPTION_AFTER] = {0, "after", VALUE_INTEGER, "SEQ", NULL, 0, COUNT_MAX, BIT(ITEMS),
		"Selection", .help = "go on behind this item"},
	[OPTION_CURL] = {0, "curl", VALUE_NONE, NULL, .commands = BIT(SHOW), .group = "Output",
		.help = "print its request as a curl command"},
	[OPTION_WATCH] = {0, "watch", VALUE_NONE, NULL, .commands = BIT(STATUS), .group = "Output",
		.help = "follow it until it ends or Ctrl-C"},
	[OPTION_EXPORT_FORMAT] = {0, "format", VALUE_CHOICE, "FORMAT", "ndjson|csv|html",
		.commands = BIT(EXPORT), .group = "Output",
		.help = "ndjson (the default), csv, or html: a report"},
	[OPTION_OUTPUT] = {'o', "output", VALUE_FILE, "FILE", .commands = BIT(EXPORT),
		.group = "Output", .once = "there is one output", .help = "write to FILE, whole or not at all"},
	[OPTION_JSON] = {0, "json", VALUE_NONE, NULL, .commands = CALLS,
		.group = "Output", .help = "print JSON: what the API answers"},

	[OPTION_SELECT_ALL] = {0, "all", VALUE_NONE, NULL, .commands = ACTS, .group = "Selection",
		.help = "every failed and unknown item"},
	[OPTION_SELECT_FILTER] = {0, "filter", VALUE_TEXT, "FILTER", .commands = ACTS,
		.group = "Selection", .once = "terms stand in one, --filter 'A B'", .help = "items that match (see `sluice items --help`)"},
	[OPTION_SELECT_GROUP] = {0, "group", VALUE_TEXT, "GROUP", .commands = ACTS,
		.group = "Selection", .once = "one call acts on one group", .help = "items of one cause (see `sluice groups`)"},
	[OPTION_SELECT_SEQ] = {0, "seq", VALUE_TEXT, "N|N-M|N,M", .commands = ACTS,
		.group = "Selection", .repeatable = true, .help = "items by number"},
	[OPTION_AS] = {0, "as", VALUE_CHOICE, "STATE", "done|failed", .commands = BIT(RESOLVE),
		.group = "Action", .once = "an item ended one way", .help = "done or failed"},
	[OPTION_FORCE] = {0, "force", VALUE_NONE, NULL, .commands = BIT(RETRY), .group = "Action",
		.help = "also items that are done: they are sent twice"},
	[OPTION_COUNT_ONLY] = {0, "dry-run", VALUE_NONE, NULL, .commands = ACTS, .group = "Action",
		.help = "only count"},
	[OPTION_REASON] = {0, "reason", VALUE_TEXT, "TEXT", .commands = ACTS, .group = "Action",
		.help = "why, for the job's log"},

	[OPTION_SET_CONCURRENCY] = {'c', "concurrency", VALUE_INTEGER, "N", NULL, 1,
		CONCURRENCY_MAX, BIT(SET), "Limits", .help = "requests in flight at most"},
	[OPTION_SET_RATE] = {0, "rate", VALUE_RATE, "N/s|N/m|N/h|none", .commands = BIT(SET),
		.group = "Limits", .help = "requests per second, minute, hour"},
	[OPTION_SET_BURST] = {0, "burst", VALUE_INTEGER, "N", NULL, 1, BURST_MAX, BIT(SET),
		"Limits", .help = "requests that may go out at once after idling"},

	[OPTION_METHOD] = {0, "method", VALUE_TEXT, "METHOD", .commands = BIT(EXPLAIN),
		.group = "The request", .help = "its method (the job file's, else GET)"},
	[OPTION_ATTEMPT] = {0, "attempt", VALUE_INTEGER, "N", NULL, 1, 1000000, BIT(EXPLAIN),
		"The request", .help = "which attempt it was (1)"},
	[OPTION_KEYED] = {0, "keyed", VALUE_NONE, NULL, .commands = BIT(EXPLAIN),
		.group = "The request", .help = "an idempotency key was in it"},
	[OPTION_CURL_ERROR] = {0, "curl-error", VALUE_INTEGER, "N", NULL, 0, 200, BIT(EXPLAIN),
		"The request", .help = "curl's error number, where it failed"},
	[OPTION_BYTES_SENT] = {0, "bytes-sent", VALUE_INTEGER, "N", NULL, 0, COUNT_MAX,
		BIT(EXPLAIN), "The request", .help = "how much of it had gone out by then"},

	[OPTION_DB] = {0, "db", VALUE_FILE, "FILE", .commands = WORKS | CALLS, .group = "Common",
		.help = "the database (SLUICE_DB, else the state folder)"},
	[OPTION_LISTEN] = {0, "listen", VALUE_TEXT, "ADDR:PORT", .commands = WORKS,
		.group = "Common", .help = "where the dashboard listens (127.0.0.1:8420)"},
	[OPTION_NO_UI] = {0, "no-ui", VALUE_NONE, NULL, .commands = WORKS, .group = "Common",
		.help = "no dashboard"},
	[OPTION_READ_ONLY] = {0, "read-only", VALUE_NONE, NULL, .commands = WORKS, .group = "Common",
		.help = "the dashboard shows, and changes nothing"},
	[OPTION_BASE_PATH] = {0, "base-path", VALUE_TEXT, "PATH", .commands = WORKS,
		.group = "Common", .help = "the dashboard's path behind a proxy"},
	[OPTION_LABEL] = {0, "label", VALUE_TEXT, "TEXT", .commands = WORKS, .group = "Common",
		.help = "shown on the dashboard: which one this is"},
	[OPTION_THREADS] = {0, "threads", VALUE_INTEGER, "N", NULL, 1, 64, WORKS, "Common",
		.help = "network threads (by concurrency)"},
	[OPTION_NO_COLOR] = {0, "no-color", VALUE_NONE, NULL,
		.commands = WORKS | BIT(CHECK) | CALLS, .group = "Common",
		.help = "no colours (also: NO_COLOR)"},
	[OPTION_QUIET] = {'q', "quiet", VALUE_NONE, NULL, .commands = WORKS | BIT(CHECK) | CALLS,
		.group = "Common", .help = "only warnings and errors"},
	[OPTION_VERBOSE] = {'v', "verbose", VALUE_NONE, NULL,
		.commands = WORKS | BIT(CHECK) | CALLS, .group = "Common", .help = "say more"},
	[OPTION_HELP] = {'h', "help", VALUE_NONE, NULL, .commands = EVERY, .group = "Common",
		.help = "this text"},
};
