/* What to say of an option that a command does not have. */
#include <stdio.h>
#include <string.h>

#include "engine/cli/nearest.h"
#include "engine/cli/options.h"

/* What users of curl and GNU parallel type, and what does it here. */
static const struct {
	const char *typed;
	const char *instead;
} habits[] = {
	{"-u", "-H 'Authorization: Basic ${env:NAME}' sends credentials"},
	{"--user", "-H 'Authorization: Basic ${env:NAME}' sends credentials"},
	{"--oauth2-bearer", "-H 'Authorization: Bearer ${env:NAME}' sends a token"},
	{"-A", "-H 'User-Agent: ...' sets it"},
	{"--user-agent", "-H 'User-Agent: ...' sets it"},
	{"-b", "-H 'Cookie: ...' sends cookies"},
	{"--cookie", "-H 'Cookie: ...' sends cookies"},
	{"-e", "-H 'Referer: ...' sets it"},
	{"--referer", "-H 'Referer: ...' sets it"},
	{"-k", "a server's certificate is always checked; --cacert FILE trusts another CA"},
	{"--insecure", "a server's certificate is always checked; --cacert FILE trusts another CA"},
	{"-I", "-X HEAD does it"},
	{"--head", "-X HEAD does it"},
	{"-G", "parameters stand in the URL: '...?q={{q}}' is encoded as it should be"},
	{"--get", "parameters stand in the URL: '...?q={{q}}' is encoded as it should be"},
	{"-F", "multipart forms are not sent; -d sends a form"},
	{"--form", "multipart forms are not sent; -d sends a form"},
	{"--data-raw", "-d does it; only a leading @ means a file"},
	{"--data-binary", "-d does it, without line breaks of a file; a job file's \"body\" keeps them"},
	{"--data-urlencode", "-d does it: fields are encoded, -d 'name={{name}}'"},
	{"--url", "the URL is given by itself: sluice run 'https://...{{id}}' -i FILE"},
	{"-o", "answers are recorded: `sluice export JOB -o FILE` writes them"},
	{"--output", "answers are recorded: `sluice export JOB -o FILE` writes them"},
	{"-O", "answers are recorded: `sluice export JOB -o FILE` writes them"},
	{"-s", "-q is quiet"},
	{"--silent", "-q is quiet"},
	{"-f", "an error status is a failure always; --ok-if says what else is"},
	{"--fail", "an error status is a failure always; --ok-if says what else is"},
	{"-Z", "-c N sets how many are in flight"},
	{"--parallel", "-c N sets how many are in flight"},
	{"--parallel-max", "-c N sets how many are in flight"},
	{"-j", "-c N sets how many are in flight"},
	{"--jobs", "-c N sets how many are in flight"},
	{"-a", "-i FILE gives the items"},
	{"--arg-file", "-i FILE gives the items"},
	{"--joblog", "every attempt is recorded: `sluice show JOB SEQ`, `sluice export JOB`"},
	{"--resume", "the same command goes on where it was left"},
	{"--resume-failed", "`sluice retry JOB --all`, then the same command"},
	{"--delay", "--rate N/s sets the pace"},
	{"--timeout", "-m S limits one request"},
	{"--retry-all-errors", "`rules` in a job file say what is tried again"},
};

static const char *option_nearest(enum command_id command, const char *name)
{
	const char *best = NULL;
	int best_slips = nearest_slips_max(name) + 1;

	for (int i = 0; i < OPTIONS; i++) {
		if (!option_applies(&option_table[i], command))
			continue;
		int n = nearest_slips(name, option_table[i].name);
		if (n < best_slips) {
			best_slips = n;
			best = option_table[i].name;
		}
	}
	return best;
}

static const char *habit_of(const char *form)
{
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
		if (strcmp(habits[i].typed, form) == 0)
			return habits[i].instead;
	}
	return NULL;
}

/* "run and set": who has an option of that name. */
static int others_having(const char *name, bool is_letter, char *out, size_t size)
{
	int count = 0;

	*out = '\0';
	for (int i = 0; i < COMMANDS; i++) {
		bool has = false;
		for (int j = 0; j < OPTIONS && !has; j++) {
			const struct option *option = &option_table[j];
			has = option_listed(option, (enum command_id)i) && !option->unfinished &&
			      (is_letter ? option->letter == *name
			                 : strcmp(option->name, name) == 0);
		}
		if (!has)
			continue;
		size_t used = strlen(out);
		snprintf(out + used, size - used, "%s%s", count ? ", " : "", command_table[i].name);
		count++;
	}
	return count;
}

enum status option_unknown(enum command_id command, const char *dashes, const char *word,
                           size_t length, struct error *error)
{
	char name[NEAREST_LENGTH_MAX + 2], form[NEAREST_LENGTH_MAX + 5], others[200];
	int shown = (int)(length < 60 ? length : 60);
	bool is_letter = dashes[1] == '\0';

	snprintf(name, sizeof(name), "%.*s", shown, word);
	snprintf(form, sizeof(form), "%s%s", dashes, name);
	const char *habit = command == COMMAND_RUN || command == COMMAND_CHECK ? habit_of(form) : NULL;
	if (habit)
		return error_set(error, STATUS_USAGE, "unknown option %s: %s", form, habit);
	if (others_having(name, is_letter, others, sizeof(others)))
		return error_set(error, STATUS_USAGE, "unknown option %s (it belongs to: %s)", form,
		                 others);
	const char *near = is_letter ? NULL : option_nearest(command, name);
	if (near)
		return error_set(error, STATUS_USAGE, "unknown option %s%.*s (did you mean --%s?)",
		                 dashes, shown, word, near);
	return error_set(error, STATUS_USAGE, "unknown option %s%.*s", dashes, shown, word);
}
