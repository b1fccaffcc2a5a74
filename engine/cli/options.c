#include "engine/cli/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/nearest.h"

bool option_listed(const struct option *option, enum command_id command)
{
	return (option->commands >> command) & 1;
}

bool option_applies(const struct option *option, enum command_id command)
{
	return option_listed(option, command) ||
	       (command == COMMAND_CHECK && option_listed(option, COMMAND_RUN));
}

bool command_find(const char *name, enum command_id *command)
{
	for (int i = 0; i < COMMANDS; i++) {
		if (strcmp(command_table[i].name, name) == 0) {
			*command = (enum command_id)i;
			return true;
		}
	}
	return false;
}

const char *command_nearest(const char *name)
{
	const char *best = NULL;
	int best_slips = nearest_slips_max(name) + 1;

	for (int i = 0; i < COMMANDS; i++) {
		int n = nearest_slips(name, command_table[i].name);
		if (n < best_slips) {
			best_slips = n;
			best = command_table[i].name;
		}
	}
	return best;
}

/* ---- values ------------------------------------------------------------ */

static bool integer_parse(const char *text, int64_t min, int64_t max, int64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return false;
	*value = number;
	return true;
}

/* Decimal seconds to whole milliseconds, rounded up so that a wait is never
 * made shorter; done by hand because strtod takes "inf", "0x1p3" and "1e9". */
static bool seconds_parse(const char *text, int64_t min, int64_t max, int64_t *value)
{
	int64_t ms = 0;
	int64_t unit = 1000;
	bool digits = false, fraction = false, remainder = false;

	for (; *text; text++) {
		if (*text == '.' && !fraction) {
			fraction = true;
			continue;
		}
		if (!isdigit((unsigned char)*text))
			return false;
		digits = true;
		int digit = *text - '0';
		if (!fraction) {
			if (ms > max)
				return false;
			ms = ms * 10 + (int64_t)digit * 1000;
		} else {
			unit /= 10;
			ms += digit * unit;
			remainder = remainder || (unit == 0 && digit);
		}
	}
	ms += remainder;
	if (!digits || ms < min || ms > max)
		return false;
	*value = ms;
	return true;
}

static bool choice_find(const char *choices, const char *text)
{
	size_t length = strlen(text);

	for (const char *at = choices; length; at++) {
		size_t word = strcspn(at, "|");
		if (word == length && memcmp(at, text, length) == 0)
			return true;
		at += word;
		if (!*at)
			break;
	}
	return false;
}

static enum status value_check(const struct option *option, struct option_use *use,
                               struct error *error)
{
	const char *text = use->text;

	switch (option->value) {
	case VALUE_INTEGER:
		if (!integer_parse(text, option->min, option->max, &use->number))
			return error_set(error, STATUS_USAGE,
			                 "--%s: '%.100s' is not a whole number from %lld to %lld",
			                 option->name, text, (long long)option->min,
			                 (long long)option->max);
		break;
	case VALUE_SECONDS:
		if (!seconds_parse(text, option->min, option->max, &use->number))
			return error_set(error, STATUS_USAGE,
			                 "--%s: '%.100s' is not a number of seconds from %g to %g",
			                 option->name, text, (double)option->min / 1000,
			                 (double)option->max / 1000);
		break;
	case VALUE_CHOICE:
		if (!choice_find(option->choices, text))
			return error_set(error, STATUS_USAGE, "--%s: '%.100s' is none of %s",
			                 option->name, text, option->choices);
		break;
	case VALUE_TEXT:
	case VALUE_FILE:
	case VALUE_RATE:
		if (!*text && !option->may_be_empty)
			return error_set(error, STATUS_USAGE, "--%s: the value is empty",
			                 option->name);
		break;
	case VALUE_NONE:
	case VALUE_OPTIONAL:
		break;
	}
	return STATUS_OK;
}

/* ---- parsing ------------------------------------------------------------ */

struct reading {
	struct arguments *arguments;
	char *const *words;
	int count;
	int at; /* the next word */
};

static enum status use_add(struct reading *reading, const struct option *option, const char *text,
                           struct error *error)
{
	struct arguments *arguments = reading->arguments;
	struct option_use use = {.id = (enum option_id)(option - option_table), .text = text};

	if (option->unfinished)
		return error_set(error, STATUS_USAGE, "--%s: not supported yet", option->name);
	if (text || option->value != VALUE_OPTIONAL) {
		enum status status =
			option->value == VALUE_NONE ? STATUS_OK : value_check(option, &use, error);
		if (status)
			return status;
	}
	arguments->uses[arguments->use_count++] = use;
	return STATUS_OK;
}

static bool value_needed(const struct option *option)
{
	return option->value != VALUE_NONE && option->value != VALUE_OPTIONAL;
}

static enum status value_missing(const struct option *option, struct error *error)
{
	return error_set(error, STATUS_USAGE, "--%s needs a value: %s", option->name,
	                 option->value_name);
}

/* "--name", "--name=value", "--name value"; `word` is behind the dashes. */
static enum status read_long(struct reading *reading, const char *word, struct error *error)
{
	enum command_id command = reading->arguments->command;
	size_t length = strcspn(word, "=");
	const char *text = word[length] ? word + length + 1 : NULL;
	const struct option *option = NULL;

	for (int i = 0; i < OPTIONS && !option; i++) {
		const struct option *o = &option_table[i];
		if (option_applies(o, command) && strlen(o->name) == length &&
		    memcmp(o->name, word, length) == 0)
			option = o;
	}
	if (!option)
		return option_unknown(command, "--", word, length, error);
	if (option->value == VALUE_NONE && text)
		return error_set(error, STATUS_USAGE, "--%s takes no value", option->name);
	if (value_needed(option) && !text) {
		if (reading->at >= reading->count)
			return value_missing(option, error);
		text = reading->words[reading->at++];
	}
	return use_add(reading, option, text, error);
}

/* "-c30", "-c 30", "-qv"; `word` is behind the dash. */
static enum status read_short(struct reading *reading, const char *word, struct error *error)
{
	for (const char *at = word; *at; at++) {
		const struct option *option = NULL;

		for (int i = 0; i < OPTIONS && !option; i++) {
			const struct option *o = &option_table[i];
			if (o->letter == *at && option_applies(o, reading->arguments->command))
				option = o;
		}
		if (!option)
			return option_unknown(reading->arguments->command, "-", at, 1, error);
		if (!value_needed(option)) {
			enum status status = use_add(reading, option, NULL, error);
			if (status)
				return status;
			continue;
		}
		if (at[1])
			return use_add(reading, option, at + 1, error);
		if (reading->at >= reading->count)
			return value_missing(option, error);
		return use_add(reading, option, reading->words[reading->at++], error);
	}
	return STATUS_OK;
}

static enum status operands_check(const struct arguments *arguments, struct error *error)
{
	const struct command *command = &command_table[arguments->command];

	if (arguments->operand_count < command->operands_min)
		return error_set(error, STATUS_USAGE, "too few arguments; usage: sluice %s %s",
		                 command->name, command->synopsis);
	if (arguments->operand_count > command->operands_max) {
		bool run = arguments->command == COMMAND_RUN || arguments->command == COMMAND_CHECK;
		return error_set(error, STATUS_USAGE, "one argument too many: '%.200s'%s",
		                 arguments->operands[command->operands_max],
		                 run ? " (items are given with -i FILE)" : "");
	}
	return arguments_agree(arguments, error);
}

static enum status read_words(struct reading *reading, struct error *error)
{
	struct arguments *arguments = reading->arguments;
	bool options_over = false;

	while (reading->at < reading->count) {
		const char *word = reading->words[reading->at++];
		enum status status = STATUS_OK;

		if (options_over || word[0] != '-' || !word[1])
			arguments->operands[arguments->operand_count++] = word;
		else if (strcmp(word, "--") == 0)
			options_over = true;
		else if (word[1] == '-')
			status = read_long(reading, word + 2, error);
		else
			status = read_short(reading, word + 1, error);
		if (status)
			return status;
		if (arguments->use_count &&
		    arguments->uses[arguments->use_count - 1].id == OPTION_HELP)
			return STATUS_OK;
	}
	return operands_check(arguments, error);
}

enum status arguments_parse(enum command_id command, int count, char *const words[],
                            struct arguments *arguments, struct error *error)
{
	struct arguments parsed = {.command = command};
	struct reading reading = {&parsed, words, count, 0};
	size_t letters = 1;
	enum status status;

	/* A cluster such as -qv is several uses in one word. */
	for (int i = 0; i < count; i++)
		letters += strlen(words[i]) + 1;
	parsed.uses = calloc(letters, sizeof(*parsed.uses));
	parsed.operands = calloc((size_t)count + 1, sizeof(*parsed.operands));
	if (!parsed.uses || !parsed.operands)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	else
		status = read_words(&reading, error);
	if (status)
		arguments_free(&parsed);
	else
		*arguments = parsed;
	return status;
}

void arguments_free(struct arguments *arguments)
{
	free(arguments->uses);
	free(arguments->operands);
	*arguments = (struct arguments){.command = arguments->command};
}

const struct option_use *arguments_use(const struct arguments *arguments, enum option_id id)
{
	assert(option_applies(&option_table[id], arguments->command));
	for (int i = arguments->use_count - 1; i >= 0; i--) {
		if (arguments->uses[i].id == id)
			return &arguments->uses[i];
	}
	return NULL;
}

bool arguments_has(const struct arguments *arguments, enum option_id id)
{
	return arguments_use(arguments, id) != NULL;
}

const char *arguments_text(const struct arguments *arguments, enum option_id id,
                           const char *otherwise)
{
	const struct option_use *use = arguments_use(arguments, id);

	return use && use->text ? use->text : otherwise;
}

int64_t arguments_number(const struct arguments *arguments, enum option_id id, int64_t otherwise)
{
	const struct option_use *use = arguments_use(arguments, id);

	return use ? use->number : otherwise;
}

int arguments_count(const struct arguments *arguments, enum option_id id)
{
	int count = 0;

	for (int i = 0; i < arguments->use_count; i++)
		count += arguments->uses[i].id == id;
	return count;
}
