/* life/quote — what a trial leaves behind until it is confirmed, replaced, cancelled or expired: working data, never an event.
 *
 * The one-time token printed with a quote is derived from the trial's id by the look-up key, so that the same request prints the same token and nothing
 * secret is kept beside its hash. Alphabet without letters that are mistaken for others: 32 signs, 10 of them, 50 bits; five wrong ones lock the quote.
 */
#include "cases/life/life.h"

void life_token_make(const struct journal_keys *keys, const struct id128 *trial, char out[LIFE_TOKEN_LETTERS + 1])
{
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    char hex[33];
    struct digest d;
    id128_hex(trial, hex);
    journal_lookup(keys, STR("token"), (struct str){hex, 32}, &d);
    for (size_t i = 0; i < LIFE_TOKEN_LETTERS; i++) out[i] = letters[d.b[i] & 31];
    out[LIFE_TOKEN_LETTERS] = 0;
}

struct id128 life_trial_id(const struct cases_context *x, const struct cases_command *cmd, int64_t cover)
{
    (void)cmd;
    return id128_make(x->now_ms, cases_desk_count(x->desk), (uint64_t)cover);
}

/* A stay is quoted for longer than a visit. */
static int64_t quote_ms(const struct registry_region *region, const struct bill *b)
{
    const bool stay = b->visit == BILL_VISIT_INPATIENT || b->visit == BILL_VISIT_MATERNITY;
    return (int64_t)(stay ? region->stay_quote_minutes : region->quote_minutes) * LIFE_MS_MINUTE;
}

static struct status json_of(struct arena *a, const struct life_run *run, bool bill, struct str *ret)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, LIMIT_JSON_BYTES);
    json_writer_init(&w, &out, false);
    struct bill bare = *run->bill;
    bare.policy_count = 0;
    if (bill) bill_write(&bare, &w);
    else life_consent_write(&run->consent, &w);
    struct str text = {0};
    if (!out.failed) text = arena_str(a, buf_view(&out));
    buf_done(&out);
    if (!text.p) return status_memory();
    *ret = text;
    return STATUS_OK;
}

struct status life_quote_make(struct cases_context *x, struct cases_command *cmd, const struct life_ready *r, const struct id128 *id, struct cases_quote **ret)
{
    struct arena *a = &cmd->arena;
    struct cases_quote *q = ARENA_NEW(a, struct cases_quote);
    if (!q) return status_memory();
    char token[LIFE_TOKEN_LETTERS + 1];
    life_token_make(x->keys, id, token);
    *q = (struct cases_quote){.id = *id, .person = r->person_id, .cover = r->cover, .made_ms = x->now_ms, .institution = cmd->who.institution,
                              .expires_ms = x->now_ms + quote_ms(r->region, r->run.bill), .hospital = r->run.bill->hospital, .bill = r->run.bill->bill,
                              .consent = r->run.consent.n, .key = cmd->key, .body = cmd->body_hash,
                              .remainder = settle_answer_remainder(&r->run.answer)};
    sha256_of(x->hash, (struct str){token, LIFE_TOKEN_LETTERS}, &q->token);
    life_answer_digest(x->hash, &r->run.answer, &q->answer);
    TRY(json_of(a, &r->run, true, &q->bill_json));
    TRY(json_of(a, &r->run, false, &q->consent_json));
    *ret = q;
    return STATUS_OK;
}
