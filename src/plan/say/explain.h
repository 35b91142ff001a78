/* plan/say/explain — pieces that explain.c and explain_benefit.c share.
 *
 * Internal to the room. One sentence stands on one line; an item of a benefit is indented by two blanks.
 */
#ifndef YIJIE_PLAN_EXPLAIN_H
#define YIJIE_PLAN_EXPLAIN_H

#include "plan/say/say.h"

struct explain {
    struct plan_say say;
    const struct plan *p;
    struct buf *out;
};
void explain_text(const struct explain *x, const char *zh, const char *en);
void explain_end(const struct explain *x); /* full stop and line break */
void explain_label(const struct explain *x, struct plan_label label, struct str name);
void explain_period(const struct explain *x, struct plan_period period);
void explain_waiting(const struct explain *x, const struct plan_waiting *w);
void explain_filled_by(const struct explain *x, uint32_t kinds);
void explain_exclusions(const struct explain *x, const struct plan_exclusion *items, uint32_t count, const char *indent);
void explain_benefit(const struct explain *x, const struct plan_benefit *b, uint32_t number);

#endif
