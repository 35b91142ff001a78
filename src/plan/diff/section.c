/* plan/diff/section — a plan as sections and points: head, parameters, classes, cases, exclusions, shared. Benefits: diff/benefit.c. */
#include "plan/diff/diff.h"
#include "plan/check/sites.h"

/* ---- points -------------------------------------------------------------------------------------------- */

struct str diff_text(struct diff_writer *w) {
    const struct str text = arena_str(w->a, buf_view(&w->scratch));
    if (!text.p || w->scratch.failed) w->failed = true;
    return text;
}

struct diff_point *diff_point_add(struct diff_writer *w, struct str path, const char *zh, const char *en, uint32_t line) {
    struct diff_point *p = ARENA_PUSH(w->a, w->at->points, w->at->point_count, w->at->point_cap);
    if (!p || !path.p) {
        w->failed = true;
        return p ? p : &w->nowhere;
    }
    p->path = path;
    p->what[PLAN_SAY_ZH] = str_from(zh);
    p->what[PLAN_SAY_EN] = str_from(en);
    p->line = line;
    return p;
}

static struct diff_part *part_add(struct diff_writer *w, struct diff_point *p) {
    struct diff_part *part = ARENA_PUSH(w->a, p->parts, p->part_count, p->part_cap);
    if (!part) w->failed = true;
    return part;
}

void diff_point_choice(struct diff_writer *w, struct diff_point *p, const struct plan_choice *c) {
    DIFF_FACES_SAY(w, p->face, plan_say_choice(s, c, out));
    struct str shape[DIFF_FACES];
    DIFF_FACES_SAY(w, shape, {
        for (uint32_t i = 0; i < c->by_count; i++) buf_printf(out, "%.*s,", STR_FMT(plan_fact_name(w->p, c->by[i].index, false)));
        for (uint32_t i = 0; c->in_order && i < c->exception_count; i++) {
            plan_say_guard(s, &c->exceptions[i], out);
            buf_add_char(out, ';');
        }
    });
    p->shape = shape[PLAN_SAY_KEY];
    struct diff_part *part;
    for (uint32_t i = 0; i < c->item_count && (part = part_add(w, p)) != NULL; i++) {
        DIFF_FACES_SAY(w, part->who, plan_say_item(s, c, &c->items[i], out));
        DIFF_FACES_SAY(w, part->face, plan_say_value(s, &c->items[i].value, out));
        part->path = arena_printf(w->a, "by %.*s", STR_FMT(part->who[PLAN_SAY_KEY]));
    }
    if ((c->has_base || c->by_count == 0) && (part = part_add(w, p)) != NULL) {
        DIFF_FACES_SAY(w, part->face, plan_say_value(s, &c->base, out));
        if (c->by_count > 0) part->who[PLAN_SAY_ZH] = STR("其他"), part->who[PLAN_SAY_EN] = STR("otherwise");
        part->path = STR("otherwise");
    }
    for (uint32_t i = 0; i < c->exception_count && (part = part_add(w, p)) != NULL; i++) {
        DIFF_FACES_SAY(w, part->who, plan_say_guard(s, &c->exceptions[i], out));
        DIFF_FACES_SAY(w, part->face, plan_say_value(s, &c->exceptions[i].value, out));
        part->path = arena_printf(w->a, "for %.*s", STR_FMT(part->who[PLAN_SAY_KEY]));
    }
}

void diff_point_yes(struct diff_writer *w, struct diff_point *p, bool yes) {
    DIFF_FACES_SAY(w, p->face, plan_say_text(s, yes ? "是" : "否", yes ? "yes" : "no", out));
}

void diff_waiting(struct diff_writer *w, const struct plan_waiting *waiting) {
    if (!waiting->written) return;
    struct diff_point *p = diff_point_add(w, STR("waiting"), "等待期", "waiting period", waiting->pos.line);
    DIFF_FACES_SAY(w, p->face, {
        if (waiting->days == 0) plan_say_text(s, "无", "none", out);
        else {
            buf_add_i64(out, waiting->days);
            plan_say_text(s, " 天", " days", out);
        }
        if (waiting->days > 0 && waiting->unless) {
            plan_say_text(s, "，除非", ", unless ", out);
            plan_say_cond(s, waiting->unless, out);
        }
    });
}

static void point_str(struct diff_point *p, struct str v) {
    for (int k = 0; k < DIFF_FACES; k++) p->face[k] = v;
}

static void point_words(struct diff_writer *w, struct diff_point *p, const char *zh, const char *en) {
    DIFF_FACES_SAY(w, p->face, plan_say_text(s, zh, en, out));
}

/* ---- head ------------------------------------------------------------------------------------------------ */

static const char *date_rule(enum plan_date_rule r, bool zh) {
    static const struct {
        const char *zh, *en;
    } words[] = {[PLAN_BY_UNWRITTEN] = {"未写", "not written"}, [PLAN_BY_ADMISSION] = {"入院日", "admission"},
                 [PLAN_BY_DISCHARGE] = {"出院日", "discharge"}, [PLAN_BY_LINE_DATE] = {"费用日期", "the date of each line"},
                 [PLAN_BY_SETTLEMENT] = {"结算日", "the day of settlement"}};
    return zh ? words[r].zh : words[r].en;
}

static void record_points(struct diff_writer *w) {
    const struct plan *q = w->p;
    struct diff_point *p = diff_point_add(w, STR("label"), "名称", "name", q->pos.line);
    DIFF_FACES_SAY(w, p->face, plan_say_label(s, q->label, q->name, arena_printf(w->a, "%.*s|%.*s", STR_FMT(q->label.zh), STR_FMT(q->label.en)), out));
    p->wording = true;
    p = diff_point_add(w, STR("source"), "来源", "source", q->grade_pos.line);
    point_str(p, arena_printf(w->a, "%.*s", STR_FMT(q->source_text)));
    p->wording = true;
    p = diff_point_add(w, STR("grade"), "来源等级", "grade of the source", q->grade_pos.line);
    point_str(p, arena_printf(w->a, "%c", q->grade ? q->grade : '-'));
    p->wording = true;
}

static void date_points(struct diff_writer *w) {
    const struct plan *q = w->p;
    struct diff_point *p = diff_point_add(w, STR("in force"), "有效期", "in force", q->in_force_pos.line);
    DIFF_FACES_SAY(w, p->face, (void)s; plan_say_days(q->in_force, out));
    p = diff_point_add(w, STR("counts by"), "按哪一天认定", "deciding date", q->pos.line);
    point_words(w, p, date_rule(q->counts_by, true), date_rule(q->counts_by, false));
    if (q->counts_by != PLAN_BY_LINE_DATE) {
        p = diff_point_add(w, STR("over the end by"), "跨期就诊按哪一天认定", "deciding date of visits over the end", q->pos.line);
        point_words(w, p, date_rule(q->over_the_end_by, true), date_rule(q->over_the_end_by, false));
    }
    if (q->years != PLAN_YEAR_UNWRITTEN) {
        const bool policy = q->years == PLAN_YEAR_POLICY;
        p = diff_point_add(w, STR("years"), "年度", "years", q->pos.line);
        point_words(w, p, policy ? "保单年度" : "自然年度", policy ? "policy years" : "calendar years");
    }
    diff_waiting(w, &q->waiting);
}

static void default_say(const struct plan_say *s, int32_t fact, int64_t value, struct buf *out) {
    const struct plan_fact_view view = plan_fact_view(s->p, fact);
    if (view.type == PLAN_VALUE_SYMBOL) buf_add(out, plan_fact_word(s->p, fact, value, s->mode == PLAN_SAY_ZH));
    else if (view.type == PLAN_VALUE_BOOL) plan_say_text(s, value ? "是" : "否", value ? "yes" : "no", out);
    else buf_add_i64(out, value);
}

static void read_points(struct diff_writer *w) {
    for (uint32_t i = 0; i < w->p->read_count; i++) {
        const struct plan_read *r = &w->p->reads[i];
        const int32_t fact = r->custom ? (int32_t)(PLAN_FACT_CUSTOM + i) : r->fact.index;
        struct diff_point *p = diff_point_add(w, arena_printf(w->a, "reads %.*s", STR_FMT(plan_fact_name(w->p, fact, false))), "", "", r->pos.line);
        DIFF_FACES_SAY(w, p->what, {
            plan_say_text(s, "读取事实 ", "reads the fact ", out);
            buf_add(out, plan_fact_name(w->p, fact, s->mode == PLAN_SAY_ZH));
        });
        DIFF_FACES_SAY(w, p->face, {
            if (r->has_default) {
                plan_say_text(s, "默认 ", "default ", out);
                default_say(s, fact, r->default_value, out);
            } else plan_say_text(s, "必须给出", "must be given", out);
            for (uint32_t k = 0; k < r->word_count; k++) {
                plan_say_text(s, k > 0 ? "、" : "（", k > 0 ? ", " : " (", out);
                buf_add(out, r->words[k]);
            }
            if (r->word_count > 0) plan_say_text(s, "）", ")", out);
        });
    }
}

static void co_insurer_points(struct diff_writer *w) {
    for (uint32_t i = 0; i < w->p->co_insurer_count; i++) {
        const struct plan_co_insurer *c = &w->p->co_insurers[i];
        struct diff_point *p = diff_point_add(w, arena_printf(w->a, "co-insurer %.*s", STR_FMT(c->name)), "", "", c->pos.line);
        DIFF_FACES_SAY(w, p->what, {
            plan_say_text(s, "共保人", "co-insurer ", out);
            plan_say_text(s, "「", "“", out);
            buf_add(out, c->name);
            plan_say_text(s, "」", "”", out);
        });
        DIFF_FACES_SAY(w, p->face, {
            char text[24];
            buf_add(out, (struct str){text, ratio_format_percent(c->share_ppm, text)});
            if (i == 0) plan_say_text(s, "（首席）", " (leads)", out);
        });
    }
    if (w->p->co_insurer_count == 0) return;
    struct diff_point *p = diff_point_add(w, STR("paid by"), "由谁付款", "paid by", w->p->co_insurers[0].pos.line);
    point_words(w, p, w->p->paid_by_each ? "各共保人" : "首席", w->p->paid_by_each ? "each co-insurer" : "the lead");
}

static void head_points(struct diff_writer *w) {
    const struct plan *q = w->p;
    static const struct {
        const char *zh, *en;
    } kinds[PLAN_KIND_COUNT] = {
#define X(id, en, zh) [PLAN_##id] = {zh, en},
        PLAN_KINDS(X)
#undef X
    };
    struct diff_point *p = diff_point_add(w, STR("kind"), "种类", "kind", q->pos.line);
    point_words(w, p, kinds[q->kind].zh, kinds[q->kind].en);
    if (!str_eq(q->product, q->name)) {
        p = diff_point_add(w, STR("product"), "产品（累计归属）", "product line (whose counters)", q->pos.line);
        point_str(p, q->product);
    }
    date_points(w);
    p = diff_point_add(w, STR("currency"), "币种", "currency", q->pos.line);
    point_str(p, str_from(q->currency->code));
    p = diff_point_add(w, STR("rounding"), "每项责任一次的舍入", "rounding, once per benefit", q->pos.line);
    point_words(w, p, round_mode_name(q->rounding, true), round_mode_name(q->rounding, false));
    read_points(w);
    co_insurer_points(w);
    record_points(w);
}

/* ---- named sections ---------------------------------------------------------------------------------------- */

static void section_open(struct diff_writer *w, enum diff_section_kind kind, uint32_t index, struct str name, struct plan_label label, uint32_t line) {
    struct diff_section *at = ARENA_PUSH(w->a, w->side->sections, w->side->section_count, w->side->section_cap);
    if (!at) {
        w->failed = true;
        return;
    }
    *at = (struct diff_section){.kind = kind, .index = index, .name = name, .label = label, .line = line, .match = -1};
    w->at = at;
}

static void parameter_section(struct diff_writer *w, uint32_t index) {
    const struct plan_parameter *q = &w->p->parameters[index];
    section_open(w, DIFF_PARAMETER, index, q->name, q->label, q->pos.line);
    for (uint32_t i = 0; i < q->value_count && !w->failed; i++) {
        const struct plan_parameter_value *v = &q->values[i];
        char from[11] = "";
        day_format(v->on.from, from);
        const struct str path = w->apart ? arena_printf(w->a, "value %u", (unsigned)i) : arena_printf(w->a, "from %s", from);
        struct diff_point *p = diff_point_add(w, path, "", "", v->pos.line);
        diff_point_choice(w, p, &v->value);
        if (!w->apart) {
            DIFF_FACES_SAY(w, p->what, (void)s; plan_say_days(v->on, out));
            struct diff_point *until = diff_point_add(w, arena_printf(w->a, "until of %s", from), "适用期间", "days", v->pos.line);
            DIFF_FACES_SAY(w, until->face, (void)s; plan_say_days(v->on, out));
        }
    }
}

static void cond_point(struct diff_writer *w, struct str path, const char *zh, const char *en, const struct plan_cond *c, uint32_t line) {
    struct diff_point *p = diff_point_add(w, path, zh, en, line);
    DIFF_FACES_SAY(w, p->face, plan_say_cond(s, c, out));
}

static void shared_section(struct diff_writer *w, uint32_t index) {
    const struct plan_shared *q = &w->p->shared[index];
    section_open(w, DIFF_SHARED, index, q->name, q->label, q->pos.line);
    if (w->failed) return;
    const struct plan_period period = q->is_cap ? q->cap_period : q->deductible.period;
    struct diff_point *p = diff_point_add(w, STR("amount"), q->is_cap ? "共用封顶" : "共用免赔额", q->is_cap ? "shared cap" : "shared deductible", q->pos.line);
    diff_point_choice(w, p, q->is_cap ? &q->cap_value : &q->deductible.value);
    p = diff_point_add(w, STR("period"), "计算期间", "counted", q->pos.line);
    DIFF_FACES_SAY(w, p->face, plan_say_period(s, period, out));
    if (q->is_cap) return;
    p = diff_point_add(w, STR("filled by"), "可由谁的给付抵扣", "filled by payouts of", q->pos.line);
    DIFF_FACES_SAY(w, p->face, plan_say_kinds(s, q->deductible.filled_by, out));
}

static void label_point(struct diff_writer *w) {
    struct diff_point *p = diff_point_add(w, STR("label"), "名称", "name", w->at->line);
    const struct plan_label label = w->at->label;
    const struct str name = w->at->name;
    DIFF_FACES_SAY(w, p->face, plan_say_label(s, label, name, arena_printf(w->a, "%.*s|%.*s", STR_FMT(label.zh), STR_FMT(label.en)), out));
    p->wording = true;
}

struct status diff_sections(struct diff_writer *w) {
    const struct plan *q = w->p;
    buf_init(&w->scratch, LIMIT_PLAN_BYTES);
    section_open(w, DIFF_HEAD, 0, q->name, q->label, q->pos.line);
    if (!w->failed) head_points(w);
    for (uint32_t i = 0; i < q->parameter_count && !w->failed; i++) {
        parameter_section(w, i);
        label_point(w);
    }
    for (uint32_t i = 0; i < q->condition_count && !w->failed; i++) {
        const struct plan_condition *c = &q->conditions[i];
        section_open(w, c->is_class ? DIFF_CLASS : DIFF_CASE, i, c->name, c->label, c->pos.line);
        if (w->failed) break;
        cond_point(w, STR("when"), "条件", "when", c->when, c->pos.line);
        label_point(w);
    }
    for (uint32_t i = 0; i < q->exclusion_count && !w->failed; i++) {
        const struct plan_exclusion *e = &q->exclusions[i];
        section_open(w, DIFF_EXCLUDE, i, e->name, e->label, e->pos.line);
        if (w->failed) break;
        cond_point(w, STR("when"), "条件", "when", e->when, e->pos.line);
        label_point(w);
    }
    for (uint32_t i = 0; i < q->shared_count && !w->failed; i++) {
        shared_section(w, i);
        label_point(w);
    }
    for (uint32_t i = 0; i < q->benefit_count && !w->failed; i++) {
        const struct plan_benefit *b = &q->benefits[i];
        section_open(w, DIFF_BENEFIT, i, b->name, b->label, b->pos.line);
        if (w->failed) break;
        diff_benefit_points(w, b);
        label_point(w);
    }
    buf_done(&w->scratch);
    return w->failed ? status_memory() : STATUS_OK;
}
