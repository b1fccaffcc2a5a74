#include "engine/request/condition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy/headers.h"
#include "engine/request/condition_internal.h"
#include "engine/request/jsonpath.h"

void condition_free(struct condition *condition)
{
	if (!condition)
		return;
	for (int i = 0; i < condition->count; i++) {
		free(condition->nodes[i].name);
		free(condition->nodes[i].text);
	}
	free(condition->nodes);
	free(condition);
}

bool condition_reads_body(const struct condition *condition)
{
	for (int i = 0; i < condition->count; i++) {
		const struct node *node = &condition->nodes[i];

		if (node->kind == NODE_COMPARE &&
		    (node->subject == LEFT_BODY || node->subject == LEFT_PATH))
			return true;
	}
	return false;
}

/* One evaluation. */
struct evaluation {
	const struct condition *condition;
	const struct response_view *response;
	struct jsonpath *jsonpath;
	struct buffer value, text; /* a path's value; a string's text */
};

/* The left side: as JSON (typed), or as bytes that may be read as a number. */
struct subject {
	bool typed;
	enum json_type type; /* typed */
	struct json_span span;
};

static bool find_subject(struct evaluation *evaluation, const struct node *node, char digits[16],
                         struct subject *subject)
{
	const struct response_view *response = evaluation->response;
	struct json_span *span = &subject->span;

	subject->typed = false;
	subject->type = JSON_STRING;
	switch (node->subject) {
	case LEFT_STATUS:
		subject->typed = true;
		subject->type = JSON_NUMBER;
		span->at = digits;
		span->length = (size_t)snprintf(digits, 16, "%d", response->status);
		return response->status != 0;
	case LEFT_BODY:
		*span = (struct json_span){response->body != NULL ? response->body : "", response->body_length};
		/* An empty one is a text like others, but it does not exist. */
		return response->status != 0 && (span->length > 0 || node->operator != OP_EXISTS);
	default:
		break;
	}
	evaluation->value.length = 0;
	if (!evaluation->jsonpath || !response->body ||
	    !jsonpath_get(evaluation->jsonpath, response->body, response->body_length, node->name,
	                  &evaluation->value) ||
	    evaluation->value.failed || evaluation->value.length == 0)
		return false;
	*span = (struct json_span){evaluation->value.data, evaluation->value.length};
	subject->typed = true;
	subject->type = json_type(*span);
	return true;
}

static bool order_holds(enum operator operator, int order)
{
	switch (operator) {
	case OP_EQUAL:
		return order == 0;
	case OP_UNEQUAL:
		return order != 0;
	case OP_LESS:
		return order < 0;
	case OP_LESS_EQUAL:
		return order <= 0;
	case OP_GREATER:
		return order > 0;
	case OP_GREATER_EQUAL:
		return order >= 0;
	default:
		return false;
	}
}

static int compare_bytes(struct json_span a, struct json_span b)
{
	size_t common = a.length < b.length ? a.length : b.length;
	int order = common > 0 ? memcmp(a.at, b.at, common) : 0;

	if (order == 0)
		order = (a.length > b.length) - (a.length < b.length);
	return order;
}

/* Things of different types are unequal, and have no order. */
static bool differ(enum operator operator)
{
	return operator== OP_UNEQUAL;
}

static bool compare_number(const struct subject *subject, const struct node *node)
{
	struct json_span right = {node->text, node->length}, left = subject->span;

	if (!subject->typed &&
	    (!json_trim(left.at, left.length, &left, NULL) || json_type(left) != JSON_NUMBER))
		return differ(node->operator);
	if (subject->typed && subject->type != JSON_NUMBER)
		return differ(node->operator);
	return order_holds(node->operator, json_number_compare(left, right));
}

static bool compare_literal(const struct subject *subject, const struct node *node)
{
	static const enum json_type types[] = {
	    [RIGHT_TRUE] = JSON_TRUE, [RIGHT_FALSE] = JSON_FALSE, [RIGHT_NULL] = JSON_NULL};
	static const char *const words[] = {
	    [RIGHT_TRUE] = "true", [RIGHT_FALSE] = "false", [RIGHT_NULL] = "null"};
	const char *word = words[node->right_kind];
	bool same;

	if (subject->typed)
		same = subject->type == types[node->right_kind];
	else
		same = subject->span.length == strlen(word) &&
		       memcmp(subject->span.at, word, strlen(word)) == 0;
	return same == (node->operator== OP_EQUAL);
}

static bool compare_text(struct evaluation *evaluation, const struct subject *subject,
                         const struct node *node)
{
	struct json_span right = {node->text, node->length}, left = subject->span;

	if (subject->typed && subject->type == JSON_STRING) {
		evaluation->text.length = 0;
		json_string_decode(left, &evaluation->text);
		if (evaluation->text.failed)
			return false;
		left = (struct json_span){evaluation->text.data, evaluation->text.length};
	}
	if (node->operator== OP_CONTAINS)
		return right.length == 0 ||
		       (left.length > 0 && memmem(left.at, left.length, right.at, right.length));
	if (subject->typed && subject->type != JSON_STRING)
		return differ(node->operator);
	return order_holds(node->operator, compare_bytes(left, right));
}

static bool subject_holds(struct evaluation *evaluation, const struct subject *subject,
                          const struct node *node)
{
	if (node->operator== OP_EXISTS)
		return true;
	if (node->operator== OP_CONTAINS || node->right_kind == RIGHT_TEXT)
		return compare_text(evaluation, subject, node);
	if (node->right_kind == RIGHT_NUMBER)
		return compare_number(subject, node);
	return compare_literal(subject, node);
}

/* A header may stand there more than once (Set-Cookie): one that fits is enough,
 * and != wants none that is equal. */
static bool header_holds(struct evaluation *evaluation, const struct node *node)
{
	const bool unequal = node->operator== OP_UNEQUAL;
	const char *rest = evaluation->response->headers;
	const char *end = rest ? rest + evaluation->response->headers_length : NULL;
	struct subject subject = {.type = JSON_STRING};
	struct json_span *value = &subject.span;
	bool found = false;

	while (rest && headers_find(rest, (size_t)(end - rest), node->name, &value->at,
	                            &value->length)) {
		found = true;
		if (subject_holds(evaluation, &subject, node) != unequal)
			return !unequal;
		rest = memchr(value->at + value->length, '\n',
		              (size_t)(end - value->at) - value->length);
		rest = rest ? rest + 1 : NULL;
	}
	return found && unequal;
}

static bool compare_holds(struct evaluation *evaluation, const struct node *node)
{
	struct subject subject;
	char digits[16];

	if (node->subject == LEFT_HEADER)
		return header_holds(evaluation, node);
	return find_subject(evaluation, node, digits, &subject) &&
	       subject_holds(evaluation, &subject, node);
}

/* As deep as the parentheses and the words of the condition: bounded when it
 * was compiled. */
static bool node_holds(struct evaluation *evaluation, int index)
{
	const struct node *node = &evaluation->condition->nodes[index];

	switch (node->kind) {
	case NODE_AND:
		return node_holds(evaluation, node->left) && node_holds(evaluation, node->right);
	case NODE_OR:
		return node_holds(evaluation, node->left) || node_holds(evaluation, node->right);
	default:
		return compare_holds(evaluation, node);
	}
}

bool condition_holds(const struct condition *condition, const struct response_view *response,
                     struct jsonpath *jsonpath)
{
	struct evaluation evaluation = {condition, response, jsonpath, {0}, {0}};
	bool holds = node_holds(&evaluation, condition->root);

	buffer_free(&evaluation.value);
	buffer_free(&evaluation.text);
	return holds;
}
