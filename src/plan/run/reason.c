/* plan/run/reason — reason records as sentences, from the templates of reasons.def.
 *
 * Who uses it: settle, cli. Rendering stands apart from the run, so that a settlement pays for records only. The template says which of a and b is money
 * ({a}), a ratio ({a%}) or a count ({a#}); {n} is the name of what decided.
 */
#include "plan/ast.h"

static const struct {
    const char *code, *zh, *en;
} templates[PLAN_REASON_COUNT] = {
#define X(id, code, zh, en) {code, zh, en},
#include "plan/reasons.def"
#undef X
};

const char *plan_reason_code_name(enum plan_reason_code c) {
    CHECK((unsigned)c < PLAN_REASON_COUNT);
    return templates[c].code;
}

static void value_print(const struct plan *p, int64_t v, char unit, struct buf *out) {
    char text[40];
    if (unit == '#') {
        buf_add_i64(out, v);
        return;
    }
    /* {b%}: the sign is printed by the ratio itself */
    size_t n = unit == '%' ? ratio_format_percent(v, text) : p->currency ? minor_format((struct minor){v}, p->currency, true, text) : 0;
    if (n) buf_add(out, (struct str){text, n});
    else buf_add_i64(out, v);
}

static struct str label_text(struct plan_label l, struct str name, bool zh) {
    struct str text = zh ? l.zh : l.en;
    if (text.n == 0) text = zh ? l.en : l.zh;
    return text.n ? text : name;
}

static struct str refused_name(const struct plan *p, const struct plan_reason *r, bool zh) {
    if (r->a == PLAN_REFUSAL_CUSTOM && r->benefit < p->benefit_count && r->b < p->benefits[r->benefit].need_count) {
        struct plan_need_about need = plan_need_about(p, r->benefit, (uint32_t)r->b);
        struct str text = zh ? need.zh : need.en;
        if (text.n) return text;
    }
    bool known = r->a > PLAN_REFUSAL_NONE && r->a < PLAN_REFUSAL_COUNT;
    return known ? str_from(plan_refusal_text((enum plan_refusal)r->a, zh)) : (struct str){0};
}

static struct str name_of(const struct plan *p, const struct plan_reason *r, bool zh) {
    switch ((enum plan_reason_code)r->code) {
    case PLAN_REASON_REFUSED: return refused_name(p, r, zh);
    case PLAN_REASON_EXCLUDED: {
        struct plan_exclusion_about e = plan_exclusion_about(p, r->name);
        return zh ? e.zh : e.en;
    }
    case PLAN_REASON_CLASS:
    case PLAN_REASON_NO_EVIDENCE:
        if (r->name < p->condition_count) return label_text(p->conditions[r->name].label, p->conditions[r->name].name, zh);
        break;
    default: break;
    }
    return (struct str){0};
}

/* One placeholder behind `{`; returns where the text goes on. */
static const char *placeholder_print(const struct plan *p, const struct plan_reason *r, bool zh, const char *at, struct buf *out) {
    const char *end = at;
    while (*end && *end != '}') end++;
    if (*at == 'n') buf_add(out, name_of(p, r, zh));
    else value_print(p, *at == 'b' ? r->b : r->a, end > at + 1 ? at[1] : ' ', out);
    return *end ? end + 1 : end;
}

void plan_reason_print(const struct plan *p, const struct plan_reason *r, bool zh, struct buf *out) {
    CHECK(r->code < PLAN_REASON_COUNT);
    const char *t = zh ? templates[r->code].zh : templates[r->code].en;
    while (*t) {
        if (*t == '{') {
            t = placeholder_print(p, r, zh, t + 1, out);
            continue;
        }
        buf_add_char(out, *t++);
    }
}
