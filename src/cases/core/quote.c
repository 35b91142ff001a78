/* cases/core/quote — a quote as bytes for the store's table, and back. Working data: a form may change from release to release; what cannot be read has lapsed. */
#include "cases/core/effect.h"
#include "cases/core/set_inside.h"

#include <stddef.h>

#define Q(text, type_of, member) {.name = STR_INIT(text), .kind = (type_of), .offset = (uint32_t)offsetof(struct cases_quote, member)}
static const struct effect_member members[] = {
    Q("answer", EFFECT_DIGEST, answer),
    Q("bill", EFFECT_TEXT, bill),
    Q("bill_json", EFFECT_RAW, bill_json),
    Q("body", EFFECT_ID, body),
    Q("cancelled", EFFECT_BOOL, cancelled),
    Q("consent", EFFECT_I64, consent),
    Q("consent_json", EFFECT_RAW, consent_json),
    Q("cover", EFFECT_COVER, cover),
    Q("expires", EFFECT_I64, expires_ms),
    Q("hospital", EFFECT_TEXT, hospital),
    Q("id", EFFECT_ID, id),
    Q("institution", EFFECT_TEXT, institution),
    Q("key", EFFECT_ID, key),
    Q("made", EFFECT_I64, made_ms),
    Q("person", EFFECT_ID, person),
    Q("remainder", EFFECT_I64, remainder),
    Q("token", EFFECT_DIGEST, token),
    Q("wrong_tokens", EFFECT_I32, wrong_tokens),
};

struct status quote_write(const struct cases_quote *q, struct arena *a, struct str *ret)
{
    struct buf out;
    buf_init(&out, LIMIT_JSON_BYTES);
    struct json_writer w;
    json_writer_init(&w, &out, false);
    json_begin_object(&w);
    for (size_t i = 0; i < COUNT_OF(members); i++) effect_simple_write(&members[i], q, &w);
    json_end_object(&w);
    *ret = (struct str){0};
    if (!out.failed) *ret = arena_str(a, buf_view(&out));
    buf_done(&out);
    return ret->p ? STATUS_OK : status_memory();
}

struct status quote_read(struct arena *a, struct str bytes, struct cases_quote *ret)
{
    const struct json *tree = NULL;
    struct cases_quote q = {0};
    TRY(json_parse(a, bytes, &tree));
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct effect_member *m = effect_member_find(members, COUNT_OF(members), tree->names[i]);
        if (m && !effect_simple_read(m, &tree->items[i], &q)) return STATUS_OK; /* of another form: as good as expired */
    }
    *ret = q;
    return STATUS_OK;
}

void quote_bill_key(const struct cases_quote *q, struct id128 *ret) { quote_bill_key_of(q->hospital, q->bill, ret); }
