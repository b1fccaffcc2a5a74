/* What a job's own rules say about a response. */
#ifndef SLUICE_RUN_JUDGE_H
#define SLUICE_RUN_JUDGE_H

#include "engine/base/buffer.h"
#include "engine/request/condition.h"
#include "engine/request/jsonpath.h"
#include "engine/request/spec.h"

/* What judging works with: of one thread. */
struct judge {
	struct jsonpath *jsonpath;
	struct buffer *scratch;
};

/* The first rule that holds (NULL: none), else ok_if.  *decision: what they say,
 * DECISION_NONE where neither says anything; *class_name becomes "rule" or
 * "ok_if" where it was theirs to say that it failed. */
const struct spec_rule *judge_rules(const struct judge *judge, const struct spec *spec,
                                    const struct response_view *response,
                                    enum decision *decision, const char **class_name);

/* The body was cut: would what is missing of it have to be read to judge, as no
 * rule before that one holds? */
bool judge_needs_rest(const struct judge *judge, const struct spec *spec,
                      const struct response_view *response);

/* The value at a path of the body, for a person: strings decoded, others as
 * written, cut on a character boundary.  False (and out as it was): path is
 * NULL, or nothing is there. */
bool judge_text(const struct judge *judge, const struct response_view *response, const char *path,
                char *out, size_t size);

#endif
