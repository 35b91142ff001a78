/* life/query_payer — what an insurer sees of a case: its own shares whole, of all others one total, never their names, policies or reasons.
 *
 * Used by query.c on the finished text of an answer. A list of members that may pass, not of those that may not: what is added to an answer later stays hidden
 * until it is named here. Invariant: a text of another payer never passes; sums of a case do (they say what is left for the patient).
 */
#include "cases/life/query.h"

/* Members of the case, of its sums, of steps and lines. What belongs to a share passes with a share of one's own. */
static const char *const open_members[] = {
    "id", "state", "at", "replaces", "erased", "bill", "hospital", "revision", "currency", "total", "status", "stage", "now", "funds", "payers", "account", "cash",
    "payout", "patient", "deposit", "due", "invoice", "number", "check", "shares", "steps", "type", "act", "because", "answer", "before", "after", "from", "to", "buckets",
    "own_full", "over_limit", "own_first", "in_scope", "sums", "lines", "line", "code", "amount", "paid", "left", "documents"};

struct sight {
    const struct life_recorded *c;
    struct str owner;
    struct json_writer *w;
};

static bool passes(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(open_members); i++) {
        if (str_eq(name, str_from(open_members[i]))) return true;
    }
    return false;
}

static bool is_own(const struct sight *s, const struct json *item)
{
    const struct json *payer = json_get(item, STR("payer"));
    if (!payer || payer->kind != JSON_STRING) return false;
    for (uint32_t i = 0; i < s->c->share_count; i++) {
        if (str_eq(s->c->shares[i].payer, payer->text)) return str_eq(s->c->shares[i].owner, s->owner);
    }
    return false;
}

/* A list with one entry a payer: the own entries; the others' sum becomes the member `others` of the object around it. */
static bool lists_payers(struct str name, const struct json *v)
{
    return v->kind == JSON_ARRAY && (str_eq(name, STR("payers")) || str_eq(name, STR("shares")) || str_eq(name, STR("paid")) || str_eq(name, STR("documents")));
}

static int64_t own_write(const struct sight *s, const struct json *list)
{
    int64_t others = 0, pay = 0;
    json_begin_array(s->w);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct json *item = &list->items[i];
        if (is_own(s, item)) json_value(s->w, item);
        else if (json_get(item, STR("pay")) && json_to_i64(json_get(item, STR("pay")), &pay)) others += pay;
    }
    json_end_array(s->w);
    return others;
}

static void part_write(const struct sight *s, const struct json *v, bool whole);

static void member_write(const struct sight *s, struct str name, const struct json *v)
{
    json_name(s->w, name);
    if (!lists_payers(name, v)) {
        part_write(s, v, false);
        return;
    }
    const int64_t others = own_write(s, v);
    if (!str_eq(name, STR("documents"))) json_member_i64(s->w, STR("others"), others);
}

static void part_write(const struct sight *s, const struct json *v, bool whole)
{
    if (v->kind == JSON_ARRAY) {
        json_begin_array(s->w);
        for (uint32_t i = 0; i < v->count; i++) part_write(s, &v->items[i], false);
        json_end_array(s->w);
        return;
    }
    if (v->kind != JSON_OBJECT) {
        json_value(s->w, v);
        return;
    }
    json_begin_object(s->w);
    for (uint32_t i = 0; i < v->count; i++) {
        if (passes(v->names[i])) member_write(s, v->names[i], &v->items[i]);
    }
    if (whole) json_member_bool(s->w, STR("partial"), true);
    json_end_object(s->w);
}

struct status life_query_partial(struct arena *a, const struct life_recorded *c, struct str owner, struct buf *out)
{
    const struct json *tree = NULL;
    struct json_writer w;
    const struct sight s = {.c = c, .owner = owner, .w = &w};
    if (out->failed) return status_memory();
    const struct status parsed = json_parse(a, buf_view(out), &tree);
    buf_clear(out);
    TRY(parsed);
    json_writer_init(&w, out, false);
    part_write(&s, tree, true);
    return STATUS_OK;
}
