/* plan/diff/benefit — the clauses of one benefit as points, for `plan diff`. */
#include "plan/diff/diff.h"
#include "plan/syntax/words.h"

static void cond_say(const struct plan_say *s, const struct plan_cond *c, struct buf *out) {
    if (c) plan_say_cond(s, c, out);
    else plan_say_text(s, "全部", "everything", out);
}

static void scope_points(struct diff_writer *w, const struct plan_benefit *b) {
    struct diff_point *p = diff_point_add(w, STR("takes"), "纳入", "takes", b->takes.pos.line);
    DIFF_FACES_SAY(w, p->face, {
        plan_say_buckets(s, b->takes.buckets, out);
        for (uint32_t i = 0; i < b->takes.rest_count; i++) {
            const struct plan_benefit *rest = &w->p->benefits[b->takes.rest_of[i].index];
            const struct str *other = s->names ? s->names->benefits : NULL;
            if (out->n > 0) buf_add_cstr(out, " + ");
            if (s->mode != PLAN_SAY_ZH) buf_add_cstr(out, "rest of ");
            plan_say_label(s, rest->label, rest->name, other ? other[b->takes.rest_of[i].index] : rest->name, out);
            if (s->mode == PLAN_SAY_ZH) buf_add_cstr(out, "的剩余部分");
        }
    });
    if (b->takes.before_others) diff_point_yes(w, diff_point_add(w, STR("before others"), "不受其他支付方影响", "before other payers", b->takes.pos.line), true);
    if (b->takes.share_list.index != PLAN_NONE && b->takes.share_list.name.n > 0) {
        p = diff_point_add(w, STR("share"), "按清单比例纳入", "counted at the share of list", b->takes.pos.line);
        DIFF_FACES_SAY(w, p->face, {
            const struct plan_list *l = w->p->uses[b->takes.share_list.index];
            plan_say_label(s, l->label, l->name, plan_say_list_name(s, b->takes.share_list.index), out);
            buf_printf(out, ", %s", round_mode_name(b->takes.share_rounding, s->mode == PLAN_SAY_ZH));
        });
    }
    p = diff_point_add(w, STR("where"), "限于", "where", b->where ? b->where_pos.line : b->pos.line);
    DIFF_FACES_SAY(w, p->face, cond_say(s, b->where, out));
}

/* Clauses known by their condition: needs and exclusions. */
static void condition_points(struct diff_writer *w, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->need_count; i++) {
        struct diff_point *p = diff_point_add(w, STR("needs"), "前提", "needs", b->needs[i].pos.line);
        DIFF_FACES_SAY(w, p->face, plan_say_cond(s, b->needs[i].cond, out));
        p->path = arena_printf(w->a, "needs %.*s", STR_FMT(p->face[PLAN_SAY_KEY]));
        if (b->needs[i].refusal.n == 0) continue; /* the built-in one */
        struct diff_point *code = diff_point_add(w, arena_printf(w->a, "%.*s else", STR_FMT(p->path)), "不满足时的拒绝码", "refusal code", b->needs[i].pos.line);
        DIFF_FACES_SAY(w, code->face, (void)s; buf_add(out, b->needs[i].refusal));
        code->wording = code->implied = true;
    }
    for (uint32_t i = 0; i < b->exclusion_count; i++) {
        const struct plan_exclusion *e = &b->exclusions[i];
        struct diff_point *p = diff_point_add(w, STR("exclude"), "", "", e->pos.line);
        DIFF_FACES_SAY(w, p->what, {
            plan_say_text(s, "责任免除", "exclusion ", out);
            plan_say_label(s, e->label, e->name, e->name, out);
        });
        DIFF_FACES_SAY(w, p->face, plan_say_cond(s, e->when, out));
        p->path = arena_printf(w->a, "exclude %.*s", STR_FMT(e->name));
    }
}

/* A limit: known by what it counts, its value compared. */
static void limit_point(struct diff_writer *w, const char *zh, const char *en, const struct plan_choice *value, enum plan_key key,
                        struct plan_period period, const struct plan_cond *where, uint32_t line) {
    struct diff_point *p = diff_point_add(w, STR("limit"), "", "", line);
    DIFF_FACES_SAY(w, p->what, {
        plan_say_text(s, zh, en, out);
        plan_say_text(s, "（", " (", out);
        plan_say_period(s, period, out);
        if (key != PLAN_KEY_NONE) {
            plan_say_text(s, "，", ", ", out);
            plan_say_key(s, key, out);
        }
        if (where) {
            plan_say_text(s, "，限", ", where ", out);
            plan_say_cond(s, where, out);
        }
        plan_say_text(s, "）", ")", out);
    });
    p->path = p->what[PLAN_SAY_KEY];
    diff_point_choice(w, p, value);
}

static void limit_points(struct diff_writer *w, const struct plan_benefit *b) {
    static const struct {
        const char *zh, *en;
    } units[] = {[PLAN_AT_MOST_MONEY] = {"计入金额上限", "money counted at most"},
                 [PLAN_AT_MOST_TIMES] = {"计入次数上限", "times counted at most"},
                 [PLAN_AT_MOST_VISITS] = {"计入就诊次数上限", "visits counted at most"}};
    for (uint32_t i = 0; i < b->count_limit_count; i++) {
        const struct plan_count_limit *l = &b->count_limits[i];
        limit_point(w, units[l->unit].zh, units[l->unit].en, &l->value, l->key, l->period, l->where, l->pos.line);
    }
    for (uint32_t i = 0; i < b->limit_count; i++) {
        const struct plan_pay_limit *l = &b->limits[i];
        limit_point(w, "给付限额", "payout limit", &l->value, l->key, l->period, l->where, l->pos.line);
    }
}

static void period_point(struct diff_writer *w, struct str path, const char *zh, const char *en, struct plan_period period, uint32_t line) {
    struct diff_point *p = diff_point_add(w, path, zh, en, line);
    p->implied = true; /* the amount names its period */
    DIFF_FACES_SAY(w, p->face, plan_say_period(s, period, out));
}

static struct str shared_name(const struct plan_say *s, int32_t index) {
    const struct str *other = s->names ? s->names->shared : NULL;
    return other ? other[index] : s->p->shared[index].name;
}

static void shared_say(const struct plan_say *s, int32_t index, struct buf *out) {
    const struct plan_shared *shared = &s->p->shared[index];
    plan_say_text(s, "共用", "shared ", out);
    plan_say_label(s, shared->label, shared->name, shared_name(s, index), out);
}

static void deductible_points(struct diff_writer *w, const struct plan_deductible *d) {
    const uint32_t line = d->pos.line;
    const bool own = !d->nothing && d->shared.name.n == 0;
    struct diff_point *p = diff_point_add(w, STR("deductible"), "免赔额", "deductible", line);
    if (own) {
        DIFF_FACES_SAY(w, p->what, {
            plan_say_period(s, d->period, out);
            if (s->mode == PLAN_SAY_ZH) buf_add_cstr(out, "免赔额");
        });
        if (p->what[PLAN_SAY_EN].p) p->what[PLAN_SAY_EN] = arena_printf(w->a, "deductible %.*s", STR_FMT(p->what[PLAN_SAY_EN]));
        diff_point_choice(w, p, &d->value);
        period_point(w, STR("deductible period"), "免赔额的计算期间", "deductible counted", d->period, line);
        p = diff_point_add(w, STR("filled by"), "免赔额可由谁的给付抵扣", "deductible filled by payouts of", line);
        p->implied = d->filled_by == 0;
        DIFF_FACES_SAY(w, p->face, plan_say_kinds(s, d->filled_by, out));
        return;
    }
    DIFF_FACES_SAY(w, p->face, {
        if (d->nothing) plan_say_text(s, "无", "none", out);
        else shared_say(s, d->shared.index, out);
    });
}

static bool has_tiers(const struct plan_choice *c) {
    struct plan_choice copy = *c;
    for (uint32_t i = 0; i < copy.item_count; i++) {
        if (copy.items[i].value.schedule && copy.items[i].value.schedule->tier_count > 1) return true;
    }
    for (uint32_t i = 0; i < copy.exception_count; i++) {
        if (copy.exceptions[i].value.schedule && copy.exceptions[i].value.schedule->tier_count > 1) return true;
    }
    return copy.base.schedule && copy.base.schedule->tier_count > 1;
}

static void pays_points(struct diff_writer *w, const struct plan_benefit *b) {
    const uint32_t line = b->pays.pos.line;
    diff_point_choice(w, diff_point_add(w, STR("pays"), "给付比例", "pays", line), &b->pays.schedule);
    if (has_tiers(&b->pays.schedule)) { /* with one ratio neither says anything */
        struct diff_point *p = diff_point_add(w, STR("pays on"), "分段按", "tiers run on", line);
        DIFF_FACES_SAY(w, p->face, plan_say_text(s, b->pays.on_base ? "全部基数" : "免赔额以上部分", b->pays.on_base ? "the whole base" : "what is over the deductible", out));
        if (b->pays.period_written) period_point(w, STR("pays period"), "分段的累计期间", "tiers accumulate", b->pays.period, line);
    }
    if (b->times.written) diff_point_choice(w, diff_point_add(w, STR("times"), "乘以", "multiplied by", b->times.pos.line), &b->times.ratio);
    if (!b->first_share.written) return;
    const bool after = b->first_share.after_deductible;
    diff_point_choice(w, diff_point_add(w, STR("first share"), "先行自付比例", "first own share", b->first_share.pos.line), &b->first_share.ratio);
    struct diff_point *p = diff_point_add(w, STR("first share when"), "先行自付在免赔额", "first own share taken", b->first_share.pos.line);
    DIFF_FACES_SAY(w, p->face, plan_say_text(s, after ? "之后" : "之前", after ? "after the deductible" : "before the deductible", out));
}

static void cap_points(struct diff_writer *w, const struct plan_benefit *b) {
    for (uint32_t i = 0; i < b->cap_count; i++) {
        const struct plan_cap *c = &b->caps[i];
        struct diff_point *p = diff_point_add(w, STR("cap"), "封顶", "cap", c->pos.line);
        if (c->nothing || c->shared.name.n > 0) {
            DIFF_FACES_SAY(w, p->face, {
                if (c->nothing) plan_say_text(s, "无", "none", out);
                else shared_say(s, c->shared.index, out);
            });
            p->path = c->nothing ? STR("cap") : arena_printf(w->a, "cap %.*s", STR_FMT(p->face[PLAN_SAY_KEY]));
            continue;
        }
        struct str period[DIFF_FACES];
        DIFF_FACES_SAY(w, period, plan_say_period(s, c->period, out));
        p->what[PLAN_SAY_ZH] = arena_printf(w->a, "%.*s封顶", STR_FMT(period[PLAN_SAY_ZH]));
        p->what[PLAN_SAY_EN] = arena_printf(w->a, "cap %.*s", STR_FMT(period[PLAN_SAY_EN]));
        p->path = b->cap_count == 1 ? STR("cap") : arena_printf(w->a, "cap %.*s", STR_FMT(period[PLAN_SAY_KEY]));
        diff_point_choice(w, p, &c->value);
        if (b->cap_count == 1) period_point(w, STR("cap period"), "封顶的计算期间", "cap counted", c->period, c->pos.line);
    }
    if (b->in_line_order) diff_point_yes(w, diff_point_add(w, STR("in line order"), "按行先后分摊", "splits in line order", b->pos.line), true);
}

static void allowance_points(struct diff_writer *w, const struct plan_allowance *l) {
    const uint32_t line = l->pos.line;
    diff_point_choice(w, diff_point_add(w, STR("allowance"), l->icu ? "重症每日津贴" : "每日津贴", l->icu ? "allowance each icu day" : "allowance each day", line), &l->amount);
    struct diff_point *p = diff_point_add(w, STR("allowance after"), "津贴的免付天数", "days before the allowance begins", line);
    DIFF_FACES_SAY(w, p->face, (void)s; buf_add_i64(out, l->after_days));
    for (uint32_t i = 0; i < l->limit_count; i++) {
        p = diff_point_add(w, STR("allowance at most"), "", "", line);
        DIFF_FACES_SAY(w, p->what, {
            plan_say_text(s, "津贴天数上限（", "allowance days at most (", out);
            plan_say_period(s, l->limits[i].period, out);
            plan_say_text(s, "）", ")", out);
        });
        DIFF_FACES_SAY(w, p->face, (void)s; buf_add_i64(out, l->limits[i].days));
        p->path = p->what[PLAN_SAY_KEY];
    }
}

void diff_benefit_points(struct diff_writer *w, const struct plan_benefit *b) {
    if (b->fund.n > 0) {
        struct diff_point *p = diff_point_add(w, STR("fund"), "基金", "fund", b->pos.line);
        DIFF_FACES_SAY(w, p->face, (void)s; buf_add(out, b->fund));
    }
    condition_points(w, b);
    diff_waiting(w, &b->waiting);
    if (b->kind == PLAN_BENEFIT_ALLOWANCE) {
        struct diff_point *p = diff_point_add(w, STR("where"), "限于", "where", b->pos.line);
        DIFF_FACES_SAY(w, p->face, cond_say(s, b->where, out));
        allowance_points(w, &b->allowance);
        return;
    }
    scope_points(w, b);
    limit_points(w, b);
    deductible_points(w, &b->deductible);
    pays_points(w, b);
    cap_points(w, b);
}
