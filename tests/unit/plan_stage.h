/* What the tests of plans share: a plan of a job's text. */
#ifndef TESTS_UNIT_PLAN_STAGE_H
#define TESTS_UNIT_PLAN_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/request/plan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const unsigned char uuid[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static struct plan *make(const char *job, struct secret_set *secrets)
{
	struct spec *spec;
	struct plan *plan = NULL;
	struct error error;

	if (spec_parse(job, strlen(job), secrets, &spec, &error) != STATUS_OK ||
	    plan_make(spec, "crm", uuid, secrets, &plan, &error) != STATUS_OK)
		fail_msg("%s: %s", job, error.text);
	spec_free(spec); /* the plan has its own */
	return plan;
}

#endif
