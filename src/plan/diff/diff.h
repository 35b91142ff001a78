/* plan/diff/diff — what the parts of `plan diff` share. Internal to the room.
 *
 * A plan becomes sections (head, parameters, classes, cases, exclusions, shared, benefits) of points: one clause's one value, in three faces
 * (Chinese, English, key). Two plans differ where the keys of points with the same path differ. So what is compared is meaning as far as the
 * text shows it, never layout.
 */
#ifndef YIJIE_PLAN_DIFF_H
#define YIJIE_PLAN_DIFF_H

#include "plan/ast.h"
#include "plan/say/say.h"

enum { DIFF_FACES = 3 };

/* A value inside a choice: the base, one `by` item, one exception. */
struct diff_part {
    struct str path;              /* whose value: empty for the base */
    struct str who[DIFF_FACES];   /* "healthy", "employee" */
    struct str face[DIFF_FACES];
};
struct diff_point {
    struct str path;              /* the same in both plans; in words of the first plan's names */
    struct str what[DIFF_FACES];  /* "deductible"; KEY unused */
    struct str face[DIFF_FACES];  /* its value */
    struct str shape;             /* of a choice: what must be equal for its parts to be compared one by one */
    struct diff_part *parts;
    uint32_t part_count, part_cap;
    uint32_t line;
    bool wording;                 /* moves no amount: source, labels */
    bool implied;                 /* said by another point already, when only one plan has the clause */
};
enum diff_section_kind {
    DIFF_HEAD, DIFF_PARAMETER, DIFF_CLASS, DIFF_CASE, DIFF_EXCLUDE, DIFF_SHARED, DIFF_BENEFIT, DIFF_SECTION_KINDS
};
struct diff_section {
    enum diff_section_kind kind;
    uint32_t index;               /* among its kind in the plan (classes and cases: in plan->conditions) */
    struct str name;
    struct plan_label label;
    uint32_t line;
    struct diff_point *points;
    uint32_t point_count, point_cap;
    int32_t match;                /* section of the other plan; -1 none */
};
struct diff_side {
    const struct plan *p;
    struct diff_section *sections;
    uint32_t section_count, section_cap;
    int32_t *list_match;          /* of plan->uses: index in the other plan's uses, -1 */
};
/* Writes sections of one plan. */
struct diff_writer {
    struct arena *a;
    const struct plan *p;
    const struct plan_say_names *names;
    bool apart;                   /* the two plans are never in force on one day: dated values compare by place, not by date */
    struct diff_side *side;
    struct diff_section *at;
    struct buf scratch;
    struct diff_point nowhere;    /* written to when memory is gone */
    bool failed;
};

/* Runs a statement with `s` (a struct plan_say *) and `out` for each face. */
#define DIFF_FACES_SAY(w, target, ...)                                                                        \
    for (int diff_mode = 0; diff_mode < DIFF_FACES; diff_mode++) {                                            \
        const struct plan_say diff_say = {(w)->p, (enum plan_say_mode)diff_mode, (w)->names, (w)->a};         \
        const struct plan_say *s = &diff_say;                                                                 \
        struct buf *out = &(w)->scratch;                                                                      \
        buf_clear(out);                                                                                       \
        __VA_ARGS__;                                                                                          \
        (target)[diff_mode] = diff_text((w));                                                                 \
    }
struct str diff_text(struct diff_writer *w); /* what the scratch holds, in the arena */
struct diff_point *diff_point_add(struct diff_writer *w, struct str path, const char *zh, const char *en, uint32_t line);
void diff_point_choice(struct diff_writer *w, struct diff_point *p, const struct plan_choice *c);
void diff_point_yes(struct diff_writer *w, struct diff_point *p, bool yes);
/* A waiting period, of the plan or of a benefit. */
void diff_waiting(struct diff_writer *w, const struct plan_waiting *waiting);
/* All points of a benefit's clauses (diff/benefit.c). */
void diff_benefit_points(struct diff_writer *w, const struct plan_benefit *b);
/* The sections of a plan (diff/section.c). */
struct status diff_sections(struct diff_writer *w);

/* ---- the result under construction (diff.c) -------------------------------------------------------------- */

struct diff_work {
    struct arena *a;
    struct diff_side side[2];
    struct plan_diff_item *items;
    uint32_t item_count, item_cap;
    bool failed;
};
struct plan_diff_item *diff_add(struct diff_work *w, enum plan_diff_kind kind, const struct str subject[2], uint32_t line_a, uint32_t line_b);
/* Lists (diff/list.c): which one of one plan is which of the other, then their entries. */
void diff_lists_match(struct diff_work *w);
void diff_list_subject(struct diff_work *w, const struct plan_list *l, struct str ret[2]);
void diff_lists(struct diff_work *w);

#endif
