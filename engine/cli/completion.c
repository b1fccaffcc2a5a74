/* The scripts carry the table's words; job names are asked for at the moment
 * of completion (`sluice completion jobs`). */
#include "engine/cli/help.h"

#include <string.h>

/* "csv|json" -> "csv json" */
static void words(struct buffer *out, const char *choices)
{
	for (const char *at = choices; *at; at++)
		buffer_char(out, *at == '|' ? ' ' : *at);
}

static bool offered(const struct option *option, enum command_id command)
{
	return option_listed(option, command) && !option->unfinished;
}

static bool operands_are_words(const struct command *command)
{
	return strchr(command->operands, '|') != NULL;
}

/* ---- bash ------------------------------------------------------------------ */

static void bash_values(struct buffer *out, int command)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option *option = &option_table[i];
		if (!offered(option, (enum command_id)command) || !option->value_name ||
		    option->value == VALUE_OPTIONAL)
			continue;
		buffer_printf(out, "\t%s:--%s", command_table[command].name, option->name);
		if (option->letter)
			buffer_printf(out, "|%s:-%c", command_table[command].name, option->letter);
		buffer_text(out, ") ");
		if (option->value == VALUE_FILE) {
			buffer_text(out, "COMPREPLY=($(compgen -f -- \"$word\"))");
		} else if (option->choices) {
			buffer_text(out, "COMPREPLY=($(compgen -W '");
			words(out, option->choices);
			buffer_text(out, "' -- \"$word\"))");
		} else {
			buffer_text(out, ":");
		}
		buffer_text(out, "; return ;;\n");
	}
}

static void bash_command(struct buffer *out, int id)
{
	const struct command *command = &command_table[id];

	buffer_printf(out, "\t%s) options='", command->name);
	for (int i = 0; i < OPTIONS; i++) {
		if (offered(&option_table[i], (enum command_id)id))
			buffer_printf(out, "--%s ", option_table[i].name);
	}
	buffer_text(out, "'; operands='");
	if (operands_are_words(command))
		words(out, command->operands);
	buffer_text(out, "'");
	if (strcmp(command->operands, "job") == 0)
		buffer_text(out, "; jobs=1");
	if (strcmp(command->operands, "file") == 0)
		buffer_text(out, "; files=1");
	buffer_text(out, " ;;\n");
}

static void bash_script(struct buffer *out)
{
	buffer_text(out,
	            "# bash completion for sluice; source <(sluice completion bash)\n"
	            "_sluice() {\n"
	            "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	            "\tlocal command=${COMP_WORDS[1]} options operands jobs files\n"
	            "\tlocal IFS=$' \\t\\n'\n"
	            "\tif [[ $COMP_CWORD -eq 1 ]]; then\n\t\tCOMPREPLY=($(compgen -W '");
	for (int i = 0; i < COMMANDS; i++) {
		if (!command_table[i].unfinished)
			buffer_printf(out, "%s ", command_table[i].name);
	}
	buffer_text(
		out,
		"--help --version' -- \"$word\"))\n\t\treturn\n\tfi\n\tcase $command:$before in\n");
	for (int i = 0; i < COMMANDS; i++)
		bash_values(out, i);
	buffer_text(out, "\tesac\n\tcase $command in\n");
	for (int i = 0; i < COMMANDS; i++)
		bash_command(out, i);
	buffer_text(
		out,
		"\tesac\n"
		"\tif [[ $word == -* ]]; then\n"
		"\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
		"\telif [[ -n $jobs ]]; then\n"
		"\t\tIFS=$'\\n'\n"
		"\t\tCOMPREPLY=($(compgen -W \"$(sluice completion jobs 2>/dev/null)\" -- \"$word\"))\n"
		"\telif [[ -n $files ]]; then\n"
		"\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
		"\telse\n"
		"\t\tCOMPREPLY=($(compgen -W \"$operands\" -- \"$word\"))\n"
		"\tfi\n}\n"
		"complete -o filenames -F _sluice sluice\n");
}

/* ---- zsh and fish ------------------------------------------------------------ */

/* Help text inside '…' and, for zsh, inside […] */
static void quoted_help(struct buffer *out, const char *text, const char *escape)
{
	for (; *text; text++) {
		if (*text == '\'') {
			buffer_text(out, "'\\''");
			continue;
		}
		if (strchr(escape, *text))
			buffer_char(out, '\\');
		buffer_char(out, *text);
	}
}

static void zsh_option(struct buffer *out, const struct option *option)
{
	const char *many = option->repeatable ? "*" : "";

	for (int i = option->letter ? 0 : 1; i < 2; i++) {
		if (i == 0)
			buffer_printf(out, "\t\t\t'%s-%c", many, option->letter);
		else
			buffer_printf(out, "\t\t\t'%s--%s", many, option->name);
		if (option->value == VALUE_OPTIONAL)
			buffer_text(out, "=-");
		else if (option->value_name && i == 1)
			buffer_char(out, '=');
		else if (option->value_name)
			buffer_char(out, '+');
		buffer_char(out, '[');
		quoted_help(out, option->help, "[]\\:");
		buffer_char(out, ']');
		if (option->value_name) {
			buffer_text(out, option->value == VALUE_OPTIONAL ? "::" : ":");
			buffer_printf(out, "%s:", option->name);
			if (option->value == VALUE_FILE)
				buffer_text(out, "_files");
			if (option->choices) {
				buffer_char(out, '(');
				words(out, option->choices);
				buffer_char(out, ')');
			}
		}
		buffer_text(out, "' \\\n");
	}
}

static void zsh_script(struct buffer *out)
{
	buffer_text(
		out,
		"#compdef sluice\n# zsh completion for sluice\n"
		"_sluice_jobs() {\n\tlocal -a jobs\n"
		"\tjobs=(${(f)\"$(sluice completion jobs 2>/dev/null)\"})\n\tcompadd -a jobs\n}\n"
		"_sluice() {\n\tlocal -a commands\n\tcommands=(\n");
	for (int i = 0; i < COMMANDS; i++) {
		if (command_table[i].unfinished)
			continue;
		buffer_printf(out, "\t\t'%s:", command_table[i].name);
		quoted_help(out, command_table[i].summary, ":\\");
		buffer_text(out, "'\n");
	}
	buffer_text(
		out,
		"\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
		"\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n\tcase $command in\n");
	for (int i = 0; i < COMMANDS; i++) {
		const struct command *command = &command_table[i];
		buffer_printf(out, "\t%s)\n\t\t_arguments -s \\\n", command->name);
		for (int j = 0; j < OPTIONS; j++) {
			if (offered(&option_table[j], (enum command_id)i))
				zsh_option(out, &option_table[j]);
		}
		buffer_text(out, "\t\t\t'*:operand:");
		if (strcmp(command->operands, "job") == 0)
			buffer_text(out, "_sluice_jobs");
		else if (strcmp(command->operands, "file") == 0)
			buffer_text(out, "_files");
		else if (operands_are_words(command)) {
			buffer_char(out, '(');
			words(out, command->operands);
			buffer_char(out, ')');
		}
		buffer_text(out, "' ;;\n");
	}
	buffer_text(out,
	            "\tesac\n}\nif [[ $funcstack[1] == _sluice ]]; then\n\t_sluice \"$@\"\nelse\n"
	            "\tcompdef _sluice sluice\nfi\n");
}

static void fish_option(struct buffer *out, const struct command *command,
                        const struct option *option)
{
	buffer_printf(out, "complete -c sluice -n '__fish_seen_subcommand_from %s' -l %s",
	              command->name, option->name);
	if (option->letter)
		buffer_printf(out, " -s %c", option->letter);
	if (option->value == VALUE_FILE)
		buffer_text(out, " -rF");
	else if (option->value_name && option->value != VALUE_OPTIONAL)
		buffer_text(out, " -x");
	if (option->choices) {
		buffer_text(out, " -a '");
		words(out, option->choices);
		buffer_char(out, '\'');
	}
	buffer_text(out, " -d '");
	for (const char *at = option->help; *at; at++)
		buffer_printf(out, *at == '\'' || *at == '\\' ? "\\%c" : "%c", *at);
	buffer_text(out, "'\n");
}

static void fish_script(struct buffer *out)
{
	buffer_text(out, "# fish completion for sluice\n");
	for (int i = 0; i < COMMANDS; i++) {
		const struct command *command = &command_table[i];
		if (command->unfinished)
			continue;
		buffer_printf(out, "complete -c sluice -n __fish_use_subcommand -f -a %s -d '",
		              command->name);
		for (const char *at = command->summary; *at; at++)
			buffer_printf(out, *at == '\'' || *at == '\\' ? "\\%c" : "%c", *at);
		buffer_text(out, "'\n");
		for (int j = 0; j < OPTIONS; j++) {
			if (offered(&option_table[j], (enum command_id)i))
				fish_option(out, command, &option_table[j]);
		}
		if (strcmp(command->operands, "file") == 0)
			continue;
		buffer_printf(out, "complete -c sluice -n '__fish_seen_subcommand_from %s' -f",
		              command->name);
		if (strcmp(command->operands, "job") == 0)
			buffer_text(out, " -a '(sluice completion jobs 2>/dev/null)'");
		if (operands_are_words(command)) {
			buffer_text(out, " -a '");
			words(out, command->operands);
			buffer_char(out, '\'');
		}
		buffer_char(out, '\n');
	}
}

bool completion_script(struct buffer *out, const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		bash_script(out);
	else if (strcmp(shell, "zsh") == 0)
		zsh_script(out);
	else if (strcmp(shell, "fish") == 0)
		fish_script(out);
	else
		return false;
	return true;
}
