/* What is said when a run ends: counts, causes, and what to type next. */
#ifndef SLUICE_CLI_SUMMARY_H
#define SLUICE_CLI_SUMMARY_H

#include "engine/base/buffer.h"
#include "engine/cli/api.h"
#include "engine/cli/database.h"
#include "engine/cli/view.h"

struct summary {
	const struct view *view;
	struct json_span groups; /* the API's failures by cause; length 0: not known */
	bool more_groups;        /* than these */
	const struct database *database;
	const char *again; /* the command that goes on; NULL: none is needed */
	bool brief;        /* only counts */
	bool already;      /* it was done before this run */
	double seconds;    /* that this run took */
	int64_t items;     /* that came to an outcome in it */
	bool color;
};

void summary_text(const struct summary *summary, struct buffer *out);
/* The same with the groups fetched. */
void summary_make(struct api *api, struct summary *summary, struct buffer *out);

#endif
