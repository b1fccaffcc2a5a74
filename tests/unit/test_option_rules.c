/* Options that do not go together, and what is said of options a command has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/cli/nearest.h"
#include "engine/cli/options.h"

#define WORDS_MAX 8

static enum status parse(enum command_id command, const char *const words[],
                         struct arguments *arguments, struct error *error)
{
	char *copy[WORDS_MAX];
	int count = 0;

	for (; words[count]; count++)
		copy[count] = (char *)(uintptr_t)words[count];
	return arguments_parse(command, count, copy, arguments, error);
}

struct refusal {
	enum command_id command;
	const char *words[WORDS_MAX];
	const char *said;
};

static void check_refused(const struct refusal *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct arguments arguments;
		struct error error = {0};
		if (parse(table[i].command, table[i].words, &arguments, &error) != STATUS_USAGE)
			fail_msg("taken: %s %s …", table[i].words[0], table[i].words[1]);
		assert_string_equal(error.text, table[i].said);
	}
}

static void test_excluding(void **state)
{
	static const struct refusal table[] = {
		{COMMAND_RUN, {"t", "--json", "{}", "-d", "x"},
	         "--data and --json exclude each other: one body is sent"},
		{COMMAND_RUN, {"t", "--new", "--append-items"},
	         "--new and --append-items exclude each other: the one starts afresh, the other goes on"},
		{COMMAND_RUN, {"t", "--update-job", "--new"},
	         "--new and --update-job exclude each other: the one starts afresh, the other goes on"},
		{COMMAND_SERVE, {"--no-ui", "--listen=127.0.0.1:1"},
	         "--no-ui and --listen exclude each other: without the dashboard nothing listens"},
		{COMMAND_RUN, {"t", "--stay", "--no-ui"},
	         "--no-ui and --stay exclude each other: without the dashboard there is nothing to keep up"},
		{COMMAND_LS, {"-qv"}, "--quiet and --verbose exclude each other: say less or say more"},
		{COMMAND_SHOW, {"j", "1", "--json", "--curl"},
	         "--curl and --json exclude each other: print a command or a document"},
		{COMMAND_EXPORT, {"j", "--json", "--format=csv"},
	         "--format and --json exclude each other: --json stands for --format ndjson"},
		{COMMAND_RETRY, {"j", "--all", "--filter", "x"},
	         "--all and --filter exclude each other: --all leaves nothing to select"},
		{COMMAND_SKIP, {"j", "--group=ab", "--all"},
	         "--all and --group exclude each other: --all leaves nothing to select"},
		{COMMAND_RESOLVE, {"j", "--all", "--seq", "1"},
	         "--all and --seq exclude each other: --all leaves nothing to select"},
	};

	(void)state;
	check_refused(table, sizeof(table) / sizeof(table[0]));
}

static void test_once(void **state)
{
	static const struct refusal table[] = {
		{COMMAND_RUN, {"t", "-i", "a", "-i", "b"},
	         "--items is given twice: one job has one source of items"},
		{COMMAND_RUN, {"t", "--json={}", "--json={}"},
	         "--json is given twice: one body is sent"},
		{COMMAND_RUN, {"t", "--ok-if=a", "--ok-if=b"},
	         "--ok-if is given twice: join conditions with 'and'"},
		{COMMAND_RETRY, {"j", "--filter=a", "--filter=b"},
	         "--filter is given twice: terms stand in one, --filter 'A B'"},
		{COMMAND_EXPORT, {"j", "--state=done", "--state=failed"},
	         "--state is given twice: --filter state:failed,unknown takes several"},
	};
	struct arguments arguments;

	(void)state;
	check_refused(table, sizeof(table) / sizeof(table[0]));
	/* Others may be given again: the last counts, or all do. */
	assert_int_equal(parse(COMMAND_RUN,
	                       (const char *const[]){"t", "-c1", "-c2", "-d", "a", "-d", "b", NULL},
	                       &arguments, NULL),
	                 STATUS_OK);
	assert_int_equal(arguments_number(&arguments, OPTION_CONCURRENCY, 0), 2);
	arguments_free(&arguments);
}

static void test_unknown(void **state)
{
	static const struct refusal table[] = {
		{COMMAND_LS, {"--jsno"}, "unknown option --jsno (did you mean --json?)"},
		{COMMAND_LS, {"--limits", "3"}, "unknown option --limits (did you mean --limit?)"},
		{COMMAND_LS, {"--rate", "3/s"}, "unknown option --rate (it belongs to: run, check, set)"},
		{COMMAND_LS, {"-c", "3"}, "unknown option -c (it belongs to: run, check, set)"},
		{COMMAND_RUN, {"t", "-j8"}, "unknown option -j: -c N sets how many are in flight"},
		{COMMAND_RUN, {"t", "--user=a:secret"},
	         "unknown option --user: -H 'Authorization: Basic ${env:NAME}' sends credentials"},
		{COMMAND_LS, {"-u", "x"}, "unknown option -u"},
		{COMMAND_LS, {"--"
	                      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
	         "unknown option "
	         "--xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
	};

	(void)state;
	check_refused(table, sizeof(table) / sizeof(table[0]));
}

/* check takes any `run` command line, and shows what is its own in --help. */
static void test_check_takes_run(void **state)
{
	(void)state;
	for (int i = 0; i < OPTIONS; i++) {
		const struct option *option = &option_table[i];
		if (option_listed(option, COMMAND_RUN))
			assert_true(option_applies(option, COMMAND_CHECK));
		if (!option_listed(option, COMMAND_CHECK))
			continue;
		/* So no name of its own may mean another thing in run. */
		for (int j = 0; j < OPTIONS; j++) {
			if (i != j && option_listed(&option_table[j], COMMAND_RUN))
				assert_string_not_equal(option->name, option_table[j].name);
		}
	}
	assert_true(option_listed(&option_table[OPTION_SKIP_BAD_ROWS], COMMAND_CHECK));
	assert_false(option_listed(&option_table[OPTION_STAY], COMMAND_CHECK));
	assert_false(option_applies(&option_table[OPTION_RENDER], COMMAND_RUN));
}

static void test_nearest(void **state)
{
	(void)state;
	assert_int_equal(nearest_slips("json", "json"), 0);
	assert_int_equal(nearest_slips("jsno", "json"), 1);
	assert_int_equal(nearest_slips("jso", "json"), 1);
	assert_int_equal(nearest_slips("ab", "ba"), 1);
	assert_int_equal(nearest_slips("", "json"), 4);
	assert_int_equal(nearest_slips("", ""), 0);
	assert_int_equal(nearest_slips("kitten", "sitting"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_excluding),       cmocka_unit_test(test_once),
		cmocka_unit_test(test_unknown),         cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_check_takes_run),
	};
	return cmocka_run_group_tests_name("option rules", tests, NULL, NULL);
}
