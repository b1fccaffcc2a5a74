/* The option table and what is made of it: parsing, --help, completion, man page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/cli/help.h"
#include "engine/cli/options.h"

#define WORDS_MAX 32

static enum status parse(enum command_id command, const char *const words[],
                         struct arguments *arguments, struct error *error)
{
	char *copy[WORDS_MAX];
	int count = 0;

	for (; words[count]; count++) {
		assert_true(count < WORDS_MAX);
		copy[count] = (char *)(uintptr_t)words[count];
	}
	return arguments_parse(command, count, copy, arguments, error);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_spellings(void **state)
{
	static const char *const same[][5] = {
		{"t", "-c30"},
		{"t", "-c", "30"},
		{"t", "--concurrency=30"},
		{"--concurrency", "30", "t"},
		{"-qc30", "t"},
		{"-c", "7", "-c", "30", "t"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct arguments arguments;
		const char *words[6] = {0};
		memcpy(words, same[i], sizeof(same[i]));
		assert_int_equal(parse(COMMAND_RUN, words, &arguments, NULL), STATUS_OK);
		assert_int_equal(arguments_number(&arguments, OPTION_CONCURRENCY, 0), 30);
		assert_int_equal(arguments.operand_count, 1);
		assert_string_equal(arguments.operands[0], "t");
		arguments_free(&arguments);
	}
}

static void test_values(void **state)
{
	struct arguments arguments;

	(void)state;
	assert_int_equal(parse(COMMAND_RUN,
	                       WORDS("t", "-i", "-", "--retry-delay", "0.2505", "--rate=50/s", "-H",
	                             "A: b", "-H", "C: d", "--idempotency-key", "--retry", "0"),
	                       &arguments, NULL),
	                 STATUS_OK);
	assert_string_equal(arguments_text(&arguments, OPTION_ITEMS, NULL), "-");
	assert_int_equal(arguments_number(&arguments, OPTION_RETRY_DELAY, 0), 251);
	assert_string_equal(arguments_text(&arguments, OPTION_RATE, NULL), "50/s");
	assert_int_equal(arguments_count(&arguments, OPTION_HEADER), 2);
	assert_string_equal(arguments_text(&arguments, OPTION_HEADER, NULL), "C: d");
	assert_true(arguments_has(&arguments, OPTION_IDEMPOTENCY_KEY));
	assert_null(arguments_text(&arguments, OPTION_IDEMPOTENCY_KEY, NULL));
	assert_int_equal(arguments_number(&arguments, OPTION_RETRY, 5), 0);
	assert_false(arguments_has(&arguments, OPTION_NEW));
	assert_int_equal(arguments_number(&arguments, OPTION_BURST, 9), 9);
	arguments_free(&arguments);

	/* An optional value is only ever behind '='. */
	assert_int_equal(parse(COMMAND_RUN, WORDS("--idempotency-key", "t"), &arguments, NULL),
	                 STATUS_OK);
	assert_string_equal(arguments.operands[0], "t");
	arguments_free(&arguments);
	assert_int_equal(
		parse(COMMAND_RUN, WORDS("--idempotency-key=X-Key", "t"), &arguments, NULL),
		STATUS_OK);
	assert_string_equal(arguments_text(&arguments, OPTION_IDEMPOTENCY_KEY, NULL), "X-Key");
	arguments_free(&arguments);
}

static void test_operands(void **state)
{
	struct arguments arguments;

	(void)state;
	assert_int_equal(
		parse(COMMAND_SHOW, WORDS("--json", "--", "--odd", "-1"), &arguments, NULL),
		STATUS_OK);
	assert_int_equal(arguments.operand_count, 2);
	assert_string_equal(arguments.operands[0], "--odd");
	assert_true(arguments_has(&arguments, OPTION_JSON));
	arguments_free(&arguments);
	/* --json is a switch of listings and takes a value under run. */
	assert_int_equal(parse(COMMAND_RUN, WORDS("t", "--json", "{}"), &arguments, NULL),
	                 STATUS_OK);
	assert_string_equal(arguments_text(&arguments, OPTION_JSON_BODY, NULL), "{}");
	arguments_free(&arguments);
}

static void test_help_stops(void **state)
{
	struct arguments arguments;

	(void)state;
	assert_int_equal(parse(COMMAND_SHOW, WORDS("-h", "--nonsense"), &arguments, NULL),
	                 STATUS_OK);
	assert_true(arguments_has(&arguments, OPTION_HELP));
	arguments_free(&arguments);
}

static void test_refusals(void **state)
{
	static const struct {
		enum command_id command;
		const char *words[4];
		const char *said;
	} table[] = {
		{COMMAND_RUN,
	         {"t", "--concurency", "3"},
	         "unknown option --concurency (did you mean --concurrency?)"},
		{COMMAND_RUN,
	         {"t", "--conc=3"},
	         "unknown option --conc (did you mean --concurrency?)"},
		{COMMAND_RUN, {"t", "--zzzzzz"}, "unknown option --zzzzzz"},
		{COMMAND_LS, {"--rate=1/s"}, "unknown option --rate (it belongs to: run, check, set)"},
		{COMMAND_RUN, {"t", "-Y"}, "unknown option -Y"},
		{COMMAND_RUN, {"t", "--rate"}, "--rate needs a value: N/s|N/m|N/h"},
		{COMMAND_RUN, {"t", "-c"}, "--concurrency needs a value: N"},
		{COMMAND_RUN,
	         {"t", "-c0"},
	         "--concurrency: '0' is not a whole number from 1 to 100000"},
		{COMMAND_RUN,
	         {"t", "-c", "-3"},
	         "--concurrency: '-3' is not a whole number from 1 to 100000"},
		{COMMAND_RUN,
	         {"t", "-c9x"},
	         "--concurrency: '9x' is not a whole number from 1 to 100000"},
		{COMMAND_RUN,
	         {"t", "-c", "99999999999999999999"},
	         "--concurrency: '99999999999999999999' is not a whole number from 1 to 100000"},
		{COMMAND_RUN,
	         {"t", "--retry-delay=inf"},
	         "--retry-delay: 'inf' is not a number of seconds from 0 to 86400"},
		{COMMAND_RUN,
	         {"t", "--retry-delay=1.2.3"},
	         "--retry-delay: '1.2.3' is not a number of seconds from 0 to 86400"},
		{COMMAND_RUN,
	         {"t", "--retry-delay=."},
	         "--retry-delay: '.' is not a number of seconds from 0 to 86400"},
		{COMMAND_RUN, {"t", "--new=1"}, "--new takes no value"},
		{COMMAND_RUN,
	         {"t", "--format=xml"},
	         "--format: 'xml' is none of csv|ndjson|json|lines"},
		{COMMAND_RUN,
	         {"t", "--format=csv|ndjson"},
	         "--format: 'csv|ndjson' is none of csv|ndjson|json|lines"},
		{COMMAND_RUN, {"t", "--name="}, "--name: the value is empty"},
		{COMMAND_RUN, {"t", "--canary", "0"}, "--canary: '0' is not a whole number from 1 to 1000000000000"},
		{COMMAND_RUN, {"t", "--shard=1/4"}, "--shard: not supported yet"},
		{COMMAND_RUN,
	         {"-q"},
	         "too few arguments; usage: sluice run [OPTIONS] TARGET [-i ITEMS]"},
		{COMMAND_RUN, {"t", "u"}, "one argument too many: 'u' (items are given with -i FILE)"},
		{COMMAND_PAUSE, {"j", "k"}, "one argument too many: 'k'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct arguments arguments;
		struct error error;
		const char *words[5] = {0};
		memcpy(words, table[i].words, sizeof(table[i].words));
		assert_int_equal(parse(table[i].command, words, &arguments, &error), STATUS_USAGE);
		assert_string_equal(error.text, table[i].said);
	}
}

static void test_commands(void **state)
{
	enum command_id id;

	(void)state;
	for (int i = 0; i < COMMANDS; i++) {
		assert_non_null(command_table[i].name);
		assert_true(command_find(command_table[i].name, &id));
		assert_int_equal(id, i);
	}
	assert_false(command_find("runn", &id));
	assert_string_equal(command_nearest("runn"), "run");
	assert_string_equal(command_nearest("statsu"), "status");
	assert_string_equal(command_nearest("comp"), "completion");
	assert_null(command_nearest("frobnicate"));
}

/* No name or letter twice within a command, every entry whole. */
static void test_table(void **state)
{
	(void)state;
	for (int i = 0; i < OPTIONS; i++) {
		const struct option *a = &option_table[i];
		assert_non_null(a->name);
		assert_non_null(a->group);
		assert_true(a->commands != 0);
		assert_true(strlen(a->help) <= 50);
		assert_int_equal(a->value == VALUE_NONE, a->value_name == NULL);
		assert_int_equal(a->value == VALUE_CHOICE, a->choices != NULL);
		if (a->value == VALUE_INTEGER || a->value == VALUE_SECONDS)
			assert_true(a->max > a->min);
		for (int j = i + 1; j < OPTIONS; j++) {
			const struct option *b = &option_table[j];
			if (!(a->commands & b->commands))
				continue;
			assert_string_not_equal(a->name, b->name);
			assert_true(!a->letter || a->letter != b->letter);
		}
	}
}

static void check_width(const struct buffer *text)
{
	for (const char *line = text->data; *line;) {
		size_t n = strcspn(line, "\n");
		if (n > HELP_WIDTH)
			fail_msg("wider than %d columns: %.*s", HELP_WIDTH, (int)n, line);
		line += n + (line[n] != '\0');
	}
}

static void test_help(void **state)
{
	struct buffer text = {0};

	(void)state;
	help_overview(&text);
	check_width(&text);
	for (int i = 0; i < COMMANDS; i++)
		assert_non_null(strstr(text.data, command_table[i].name));
	for (int i = 0; i < COMMANDS; i++) {
		buffer_reset(&text, 0);
		help_command(&text, (enum command_id)i);
		check_width(&text);
		for (int j = 0; j < OPTIONS; j++) {
			char name[64];
			snprintf(name, sizeof(name), "--%s", option_table[j].name);
			if (option_listed(&option_table[j], (enum command_id)i) &&
			    !command_table[i].unfinished)
				assert_non_null(strstr(text.data, name));
		}
	}
	buffer_free(&text);
}

static void test_completion(void **state)
{
	static const char *const shells[] = {"bash", "zsh", "fish"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buffer text = {0};
		assert_true(completion_script(&text, shells[i]));
		for (int j = 0; j < OPTIONS; j++) {
			if (!option_table[j].unfinished)
				assert_non_null(strstr(text.data, option_table[j].name));
			else
				assert_null(strstr(text.data, option_table[j].name));
		}
		buffer_free(&text);
	}
	struct buffer none = {0};
	assert_false(completion_script(&none, "tcsh"));
	buffer_free(&none);
}

/* ---- the man page says what the table says --------------------------------- */

static char *manual_read(void)
{
	struct buffer text = {0};
	FILE *file = fopen("engine/cli/sluice.1.scd", "r");
	char piece[4096];
	size_t n;

	assert_non_null(file);
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		buffer_append(&text, piece, n);
	fclose(file);
	return buffer_take(&text);
}

/* "*-c*, *--concurrency* _N_" as the manual writes an option. */
static void manual_form(const struct option *option, char *out, size_t size)
{
	if (option->letter)
		snprintf(out, size, "*-%c*, *--%s*", option->letter, option->name);
	else
		snprintf(out, size, "*--%s*", option->name);
}

static void test_manual_has_every_option(void **state)
{
	char *manual = manual_read();

	(void)state;
	for (int i = 0; i < COMMANDS; i++) {
		char name[64];
		snprintf(name, sizeof(name), "*sluice %s*", command_table[i].name);
		if (!strstr(manual, name))
			fail_msg("the manual does not say %s", name);
	}
	for (int i = 0; i < OPTIONS; i++) {
		char form[128];
		manual_form(&option_table[i], form, sizeof(form));
		if (!strstr(manual, form))
			fail_msg("the manual does not say %s", form);
	}
	free(manual);
}

static void test_manual_has_no_other_option(void **state)
{
	char *manual = manual_read();

	(void)state;
	for (const char *at = manual; (at = strstr(at, "*--")) != NULL;) {
		size_t n = strcspn(at += 3, "*=");
		bool known = n == strlen("version") && memcmp(at, "version", n) == 0;
		for (int i = 0; i < OPTIONS && !known; i++)
			known = strlen(option_table[i].name) == n &&
			        memcmp(option_table[i].name, at, n) == 0;
		if (!known)
			fail_msg("the manual speaks of --%.*s", (int)n, at);
	}
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_help_stops),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_manual_has_every_option),
		cmocka_unit_test(test_manual_has_no_other_option),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
