/* plan/say/say — pieces of a plan in plain words: values, choices, conditions, periods, buckets.
 *
 * Internal to the room: differences (diff*.c) use it, and whoever explains. Each piece has three faces: Chinese and English for people, and a key
 * that two pieces share exactly when they mean the same as far as that can be read off the text: numbers are computed where they are constant,
 * the operands of `and` and `or` are sorted, double negations are gone. Names inside keys may be given other spellings (plan_say_names), so
 * that a renamed class is still the same class.
 */
#ifndef YIJIE_PLAN_SAY_H
#define YIJIE_PLAN_SAY_H

#include "plan/ast.h"

enum plan_say_mode { PLAN_SAY_ZH, PLAN_SAY_EN, PLAN_SAY_KEY };

/* What to call things in keys: an array for each kind of name, by its index in the plan. NULL: their own names. */
struct plan_say_names {
    const struct str *parameters, *lists, *conditions, *shared, *benefits;
};
struct plan_say {
    const struct plan *p;
    enum plan_say_mode mode;
    const struct plan_say_names *names; /* NULL: own names */
    struct arena *a;                    /* keys of conditions are sorted here */
};

/* The label for people, in its language or the other one; the name when there is none. In keys: the name. */
void plan_say_label(const struct plan_say *s, struct plan_label label, struct str name, struct str key_name, struct buf *out);
void plan_say_text(const struct plan_say *s, const char *zh, const char *en, struct buf *out); /* keys take the English words */
void plan_say_money(const struct plan_say *s, int64_t v, struct buf *out);
void plan_say_days(struct day_range on, struct buf *out);
void plan_say_period(const struct plan_say *s, struct plan_period period, struct buf *out);
void plan_say_key(const struct plan_say *s, enum plan_key key, struct buf *out);
void plan_say_buckets(const struct plan_say *s, uint32_t buckets, struct buf *out);
void plan_say_kinds(const struct plan_say *s, uint32_t kinds, struct buf *out); /* bits of enum plan_kind */
void plan_say_expr(const struct plan_say *s, const struct plan_expr *e, struct buf *out);
void plan_say_value(const struct plan_say *s, const struct plan_value *v, struct buf *out); /* amount, ratio or tiers */
void plan_say_item(const struct plan_say *s, const struct plan_choice *c, const struct plan_by_item *item, struct buf *out); /* its words only */
void plan_say_guard(const struct plan_say *s, const struct plan_exception *e, struct buf *out);
void plan_say_choice(const struct plan_say *s, const struct plan_choice *c, struct buf *out);
void plan_say_cond(const struct plan_say *s, const struct plan_cond *c, struct buf *out);
struct str plan_say_list_name(const struct plan_say *s, int32_t list); /* in keys */
struct str plan_say_condition_name(const struct plan_say *s, int32_t condition);

#endif
