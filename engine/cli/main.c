#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/help.h"
#include "engine/cli/stopper.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"
#include "engine/run/engine.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED "address sanitizer"
#elif defined(__SANITIZE_THREAD__)
#define SANITIZED "thread sanitizer"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED "address sanitizer"
#elif __has_feature(thread_sanitizer)
#define SANITIZED "thread sanitizer"
#endif
#endif

/* Secrets are in memory: no core file, no other process of the user that reads
 * it; and what we make is the user's alone. */
static void harden(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#ifndef SANITIZED /* the leak checker reads it */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	umask(077);
	signal(SIGPIPE, SIG_IGN);
}

/* A closed stdin, stdout or stderr would be the next file that is opened: the
 * database, with messages written into it. */
static void fill_standard_files(void)
{
	int file;

	do {
		file = open("/dev/null", O_RDWR);
	} while (file >= 0 && file <= STDERR_FILENO);
	if (file >= 0)
		close(file);
}

/* Many connections at once; what is asked for beyond this is lowered with a warning. */
static void raise_open_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int print(struct buffer *text)
{
	bool good = terminal_print(text);

	buffer_free(text);
	return good ? EXIT_DONE : EXIT_RUNTIME;
}

static int print_version(void)
{
	struct buffer text = {0};

	buffer_printf(&text, "sluice %s\n%s\n", SLUICE_VERSION, engine_versions());
#ifdef __clang__
	buffer_printf(&text, "built with clang %s", __clang_version__);
#else
	buffer_printf(&text, "built with gcc %s", __VERSION__);
#endif
#ifdef SANITIZED
	buffer_text(&text, ", " SANITIZED);
#endif
	buffer_char(&text, '\n');
	return print(&text);
}

static void set_log_level(const struct arguments *arguments)
{
	if (!option_applies(&option_table[OPTION_QUIET], arguments->command))
		return;
	if (arguments_has(arguments, OPTION_QUIET))
		log_set_level(LOG_WARN);
	else if (arguments_has(arguments, OPTION_VERBOSE))
		log_set_level(LOG_DEBUG);
}

static int dispatch(const struct arguments *arguments, int word_count, char *const words[])
{
	static int (*const commands[COMMANDS])(const struct arguments *arguments) = {
		[COMMAND_CHECK] = command_check,    [COMMAND_SERVE] = command_serve,
		[COMMAND_LS] = command_ls,          [COMMAND_STATUS] = command_status,
		[COMMAND_ITEMS] = command_items,    [COMMAND_SHOW] = command_show,
		[COMMAND_GROUPS] = command_groups,  [COMMAND_EXPORT] = command_export,
		[COMMAND_RETRY] = command_act,      [COMMAND_SKIP] = command_act,
		[COMMAND_RESOLVE] = command_act,    [COMMAND_PAUSE] = command_control,
		[COMMAND_RESUME] = command_control, [COMMAND_CANCEL] = command_control,
		[COMMAND_SET] = command_control,    [COMMAND_RM] = command_control,
		[COMMAND_DB] = command_db,          [COMMAND_EXPLAIN] = command_explain,
		[COMMAND_COMPLETION] = command_completion,
	};

	set_log_level(arguments);
	/* One that sends nothing may be ended at any moment. */
	if (arguments->command == COMMAND_SERVE ||
	    (arguments->command == COMMAND_RUN && !arguments_has(arguments, OPTION_DRY_RUN)))
		stopper_block_signals();
	if (arguments->command == COMMAND_RUN)
		return command_run(arguments, word_count, words);
	return commands[arguments->command](arguments);
}

static bool asks_for_help(int count, char *const words[])
{
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
			return true;
	}
	return false;
}

static int run_command(enum command_id id, int count, char *const words[])
{
	const struct command *command = &command_table[id];
	struct arguments arguments;
	struct buffer text = {0};
	struct error error;
	int code;

	if (command->unfinished) {
		if (asks_for_help(count - 1, words + 1)) {
			help_command(&text, id);
			return print(&text);
		}
		error_set(&error, STATUS_USAGE, "%s: not supported yet", command->name);
		return fail_usage("", &error);
	}
	if (arguments_parse(id, count - 1, words + 1, &arguments, &error))
		return fail_usage(command->name, &error);
	if (arguments_has(&arguments, OPTION_HELP)) {
		help_command(&text, id);
		code = print(&text);
	} else {
		code = dispatch(&arguments, count, words);
	}
	arguments_free(&arguments);
	return code;
}

/* `sluice help run` as `sluice run --help` */
static int help(const char *name)
{
	struct buffer text = {0};
	enum command_id id;

	if (name && command_find(name, &id))
		help_command(&text, id);
	else
		help_overview(&text);
	return print(&text);
}

int main(int count, char *words[])
{
	struct error error;
	enum command_id id;

	fill_standard_files();
	harden();
	raise_open_files();
	text_start();
	program_called(count > 0 ? words[0] : "sluice");
	if (count < 2) {
		struct buffer text = {0};
		help_overview(&text);
		fputs(text.failed ? "" : text.data, stderr);
		buffer_free(&text);
		return EXIT_USAGE;
	}
	if (strcmp(words[1], "--version") == 0 || strcmp(words[1], "version") == 0)
		return print_version();
	if (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0 ||
	    strcmp(words[1], "help") == 0)
		return help(count > 2 ? words[2] : NULL);
	if (command_find(words[1], &id))
		return run_command(id, count - 1, words + 1);
	const char *near = command_nearest(words[1]);
	if (near)
		error_set(&error, STATUS_USAGE, "no command '%s' (did you mean %s?)", words[1],
		          near);
	else
		error_set(&error, STATUS_USAGE, "no command '%s'", words[1]);
	return fail_usage("", &error);
}
