#include "engine/cli/help.h"

#include <stdio.h>
#include <string.h>

#define HELP_COLUMN 29 /* where explanations begin */

static void pad_to(struct buffer *out, size_t line_start, size_t column)
{
	while (out->length - line_start < column && !out->failed)
		buffer_char(out, ' ');
}

void help_overview(struct buffer *out)
{
	const char *group = "";

	buffer_text(out,
	            "sluice runs big batches of HTTP API calls: one request per item, retried,\n"
	            "recorded, resumed after a crash.\n\nUsage: sluice COMMAND [OPTIONS] ...\n");
	for (int i = 0; i < COMMANDS; i++) {
		const struct command *command = &command_table[i];
		if (strcmp(command->group, group) != 0) {
			group = command->group;
			buffer_printf(out, "\n%s\n", group);
		}
		buffer_printf(out, "  %-12s%s\n", command->name, command->summary);
	}
	buffer_text(
		out,
		"\nExamples\n"
		"  sluice run 'https://api.example.com/users/{{id}}' -i users.csv\n"
		"  sluice run crm.json -i users.csv -c 30 --rate 50/s\n"
		"  sluice items crm --filter state:failed\n"
		"  sluice retry crm --all\n"
		"\nExit codes\n"
		"  0  everything done            5  halted by a threshold\n"
		"  1  runtime error              7  interrupted, unfinished items remain\n"
		"  2  bad usage, job or items    8  another process owns the database\n"
		"  3  finished, with failed or unknown items\n"
		"\n`sluice COMMAND --help` says more; `sluice --version` what it is built with.\n");
}

/* "  -c, --concurrency N        requests in flight at most (16)" */
static void help_option(struct buffer *out, const struct option *option)
{
	size_t start = out->length;

	if (option->letter)
		buffer_printf(out, "  -%c, --%s", option->letter, option->name);
	else
		buffer_printf(out, "      --%s", option->name);
	if (option->value == VALUE_OPTIONAL)
		buffer_printf(out, "[=%s]", option->value_name);
	else if (option->value_name)
		buffer_printf(out, " %s", option->value_name);
	if (out->length - start > HELP_COLUMN - 2) {
		buffer_char(out, '\n');
		start = out->length;
	}
	pad_to(out, start, HELP_COLUMN);
	buffer_printf(out, "%s\n", option->help);
}

static void help_lines(struct buffer *out, const char *heading, const char *lines)
{
	buffer_printf(out, "\n%s\n", heading);
	while (*lines) {
		size_t n = strcspn(lines, "\n");
		buffer_printf(out, "  %.*s\n", (int)n, lines);
		lines += n + (lines[n] != '\0');
	}
}

void help_command(struct buffer *out, enum command_id id)
{
	const struct command *command = &command_table[id];
	const char *group = "";

	buffer_printf(out, "sluice %s: %s\n\nUsage: sluice %s %s\n", command->name,
	              command->summary, command->name, command->synopsis);
	if (command->description)
		buffer_printf(out, "\n%s", command->description);
	if (command->unfinished)
		buffer_text(out, "\nNot supported yet: it is refused.\n");
	for (int i = 0; i < OPTIONS; i++) {
		const struct option *option = &option_table[i];
		if (!option_listed(option, id) || (command->unfinished && i != OPTION_HELP))
			continue;
		if (strcmp(option->group, group) != 0) {
			group = option->group;
			buffer_printf(out, "\n%s\n", group);
		}
		help_option(out, option);
	}
	if (command->examples)
		help_lines(out, "Examples", command->examples);
}
