/* plan/prove/logic_inside — what the files of logic share.
 *
 * Who uses it: logic.c (formulas, search), logic_domain.c (candidates).
 */
#ifndef YIJIE_PLAN_LOGIC_INSIDE_H
#define YIJIE_PLAN_LOGIC_INSIDE_H

#include "plan/prove/logic.h"
#include "plan/check/sites.h"

struct logic_variable {
    enum logic_about about;
    int32_t id;
    struct logic_value *candidates;
    uint32_t count, cap;
    int32_t chosen; /* -1: open */
    int32_t list;   /* SECOND, PRIOR, PROCEDURE: the list that the slot is for */
    struct str name;
};
enum logic_node_kind { NODE_FALSE, NODE_TRUE, NODE_NOT, NODE_AND, NODE_OR, NODE_LEAF, NODE_CLASS_FREE, NODE_CLASS_IS, NODE_WAITED, NODE_RULE };
/* What holds between facts of one bill, whatever the plan says. */
enum logic_rule { RULE_BASIC_NEEDS_SETTLED, RULE_REIMBURSED_NEEDS_BASIC, RULE_REIMBURSED_NEEDS_SETTLED, RULE_BASIC_ON_ITS_LINE, RULE_RENEWED_NEEDS_PAST, RULE_TOTALS_UNMARKED, RULE_LINE_DATE, RULE_STAY_INSIDE, RULE_NAMED_POLICY };
struct logic_node {
    enum logic_node_kind kind;
    const struct logic_node *a, *b;
    const struct plan_cond *leaf;
    int32_t number; /* class, days, rule */
};
struct logic {
    struct logic_world *w;
    struct logic_variable *variables;
    uint32_t variable_count, variable_cap;
    uint64_t work;      /* left for this question */
    bool partial;       /* some representatives are missing: NO is not proven */
    bool exhausted;
    bool simple;        /* searching among the bills that a witness can show */
    const struct logic_node *node_true;
};

/* Gives every variable its candidates, the usual one first, one for each way in which the leaves of the question tell values apart. */
bool logic_domains(struct logic *q, const struct logic_node *formula);
bool logic_in_list(const struct logic *q, int32_t list, const struct logic_value *v, struct day on);
/* A leaf that reads one fact (not policy_years) under this value. */
bool logic_fact_leaf(const struct logic *q, const struct plan_cond *c, const struct logic_value *v);

#endif
