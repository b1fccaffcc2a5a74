/* What condition_compile.c makes and condition.c evaluates. */
#ifndef SLUICE_REQUEST_CONDITION_INTERNAL_H
#define SLUICE_REQUEST_CONDITION_INTERNAL_H

#include "engine/request/condition.h"

enum node_kind { NODE_AND, NODE_OR, NODE_COMPARE };
enum left_kind { LEFT_STATUS, LEFT_HEADER, LEFT_BODY, LEFT_PATH };
enum operator { OP_EQUAL, OP_UNEQUAL, OP_LESS, OP_LESS_EQUAL, OP_GREATER, OP_GREATER_EQUAL,
	OP_CONTAINS, OP_EXISTS };
enum right_kind { RIGHT_NONE, RIGHT_NUMBER, RIGHT_TEXT, RIGHT_TRUE, RIGHT_FALSE, RIGHT_NULL };

struct node {
	enum node_kind kind;
	int left, right;        /* NODE_AND, NODE_OR: indices of nodes */
	enum left_kind subject;
	char *name;             /* header's name or path; NULL */
	enum operator operator;
	enum right_kind right_kind;
	char *text;             /* number as written, or the text; NULL */
	size_t length;
};

struct condition {
	struct node *nodes;
	int count, capacity;
	int root;
};

#endif
