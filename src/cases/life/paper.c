/* life/paper — INVOICE: the invoice of a settled case, an event of its own; DOCUMENT: a paper taken in, sealed under the person's key, linked to a share.
 *
 * The invoice is the key of a claim account: one invoice a case; the same one again answers the same, another one is refused. A document is
 * addressed by the SHA-256 of its content; its bytes are never in an event, so that erasing the person's key erases them.
 */
#include "cases/life/query.h"
#include "cases/life/share.h"

struct paper_parsed {
    struct str code, number, check;          /* invoice */
    struct str kind, source, payer, content; /* document */
    struct digest hash;
};
struct paper_answer {
    struct id128 case_id;
    struct cases_effect e;
};

bool life_paper_needs(struct cases_context *x, struct cases_command *cmd)
{
    struct cases_row *row = NULL;
    struct cases_cover *cover = NULL;
    const enum set_state found = cases_row_get(x->set, &cmd->id, &row);
    if (found == SET_WAIT) return false;
    return found == SET_ABSENT || cases_cover_get(x->set, row->cover, &cover) != SET_WAIT;
}

/* The case, or a refusal; false: nothing more to do now. */
static struct status case_get(struct cases_context *x, struct cases_command *cmd, struct life_recorded *c, bool *ret_go)
{
    enum set_state state = SET_FOUND;
    *ret_go = false;
    TRY(life_recorded_get(x->set, &cmd->arena, &cmd->id, c, &state, &cmd->outcome.defer));
    if (state == SET_WAIT || cmd->outcome.defer) return STATUS_OK;
    if (state == SET_ABSENT) {
        life_refuse(cmd, CASES_REFUSED_CASE_UNKNOWN);
        return STATUS_OK;
    }
    if (!life_query_may(&cmd->who, c)) {
        life_refuse(cmd, CASES_REFUSED_NOT_YOURS);
        return STATUS_OK;
    }
    *ret_go = true;
    return STATUS_OK;
}

static struct cases_effect effect_of(const struct cases_context *x, const struct cases_command *cmd, const struct cases_row *row, enum journal_type type)
{
    const struct registry_region *region = registry_region_on(x->world, row->region, (struct day){row->day});
    return (struct cases_effect){.type = type, .case_id = row->id, .person = row->person, .cover = row->cover, .state = row->state, .institution = cmd->who.institution,
                                 .day = life_business_day(region, x->now_ms).v};
}

/* ---- the invoice ------------------------------------------------------------------------------------------------ */

struct status life_invoice_parse(struct cases_command *cmd)
{
    static const char *const members[] = {"code", "number", "check", ""};
    struct arena *a = &cmd->arena;
    struct paper_parsed *p = ARENA_NEW(a, struct paper_parsed);
    const struct json *body = NULL;
    if (!p) return status_memory();
    TRY(life_body_read(cmd, members, &body));
    TRY(life_body_text(a, body, STR("code"), LIMIT_BILL_CODE_BYTES, &p->code));
    TRY(life_body_text(a, body, STR("number"), LIMIT_BILL_CODE_BYTES, &p->number));
    TRY(life_body_text(a, body, STR("check"), LIMIT_BILL_CODE_BYTES, &p->check));
    if (p->number.n == 0) return life_bad(a, "member-missing", STR("number"), "缺少票据号码", "the number of the invoice is missing");
    cmd->parsed = p;
    return STATUS_OK;
}

struct status life_invoice_decide(struct cases_context *x, struct cases_command *cmd)
{
    const struct paper_parsed *p = cmd->parsed;
    struct paper_answer *answer = ARENA_NEW(&cmd->arena, struct paper_answer);
    struct cases_effect *e = ARENA_NEW(&cmd->arena, struct cases_effect);
    struct life_recorded c;
    bool go = false;
    if (!answer || !e) return status_memory();
    answer->case_id = cmd->id;
    cmd->outcome.answer = answer;
    TRY(case_get(x, cmd, &c, &go));
    if (!go) return STATUS_OK;
    for (uint32_t i = 0; i < c.count; i++) {
        if (c.effects[i].type != JOURNAL_CASE_INVOICED) continue;
        const bool same = str_eq(c.effects[i].invoice_code, p->code) && str_eq(c.effects[i].invoice_number, p->number) && str_eq(c.effects[i].invoice_check, p->check);
        if (!same) life_refuse(cmd, CASES_REFUSED_INVOICE_DIFFERENT);
        else cmd->outcome.http = 200;
        cmd->outcome.again = same;
        answer->e = c.effects[i];
        return STATUS_OK;
    }
    if (c.row->state == CASES_STATE_REVERSED) {
        life_refuse(cmd, CASES_REFUSED_CASE_IS_REVERSED);
        return STATUS_OK;
    }
    *e = effect_of(x, cmd, c.row, JOURNAL_CASE_INVOICED);
    e->invoice_code = p->code;
    e->invoice_number = p->number;
    e->invoice_check = p->check;
    TRY(life_event_add(x, cmd, e, NULL, STR("")));
    answer->e = *e;
    cmd->outcome.http = 201;
    return STATUS_OK;
}

void life_invoice_render(struct cases_command *cmd, struct buf *out)
{
    const struct paper_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http >= 300) {
        life_problem_write(cmd, NULL, NULL, out);
        return;
    }
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    life_member_id(&w, STR("id"), &answer->case_id);
    life_member_time(&w, STR("at"), answer->e.at_ms);
    json_name(&w, STR("invoice"));
    json_begin_object(&w);
    json_member_string(&w, STR("code"), answer->e.invoice_code);
    json_member_string(&w, STR("number"), answer->e.invoice_number);
    json_member_string(&w, STR("check"), answer->e.invoice_check);
    json_end_object(&w);
    json_end_object(&w);
}

/* ---- documents ------------------------------------------------------------------------------------------------------ */

static int letter_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648, padded, no blanks. */
static bool base64_read(struct arena *a, struct str text, struct str *ret)
{
    if (text.n % 4 != 0) return false;
    char *out = arena_alloc(a, text.n / 4 * 3 + 1, 1);
    if (!out) return false;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i += 4) {
        const bool last = i + 4 == text.n;
        const int pads = last && text.p[i + 3] == '=' ? (text.p[i + 2] == '=' ? 2 : 1) : 0;
        uint32_t bits = 0;
        for (int k = 0; k < 4 - pads; k++) {
            const int v = letter_value(text.p[i + (size_t)k]);
            if (v < 0) return false;
            bits |= (uint32_t)v << (18 - 6 * k);
        }
        for (int k = 0; k < 3 - pads; k++) out[n++] = (char)(bits >> (16 - 8 * k) & 255);
    }
    *ret = (struct str){out, n};
    return true;
}

struct status life_document_parse(struct cases_command *cmd)
{
    static const char *const members[] = {"kind", "source", "payer", "content_base64", ""};
    struct arena *a = &cmd->arena;
    struct paper_parsed *p = ARENA_NEW(a, struct paper_parsed);
    const struct json *body = NULL;
    struct str encoded;
    if (!p) return status_memory();
    TRY(life_body_read(cmd, members, &body));
    TRY(life_body_text(a, body, STR("kind"), LIMIT_NAME_BYTES, &p->kind));
    TRY(life_body_text(a, body, STR("source"), LIMIT_NAME_BYTES, &p->source));
    TRY(life_body_text(a, body, STR("payer"), LIMIT_NAME_BYTES, &p->payer));
    TRY(life_body_text(a, body, STR("content_base64"), LIMIT_JSON_TEXT_BYTES, &encoded));
    if (cmd->part.n) p->payer = cmd->part;
    if (p->kind.n == 0) return life_bad(a, "member-missing", STR("kind"), "缺少资料种类", "the kind of the document is missing");
    if (encoded.n == 0 || !base64_read(a, encoded, &p->content)) {
        return life_bad(a, "base64-invalid", STR("content_base64"), "须是 Base64（RFC 4648）", "must be Base64 (RFC 4648)");
    }
    crypto_sha256(p->content, &p->hash);
    cmd->parsed = p;
    return STATUS_OK;
}

/* Commitment, then the sealed bytes: what is needed to open it again. */
static struct status document_seal(struct cases_context *x, struct arena *a, const struct registry_person *person, struct str content, struct str *ret)
{
    struct journal_event box = {0};
    TRY(journal_sealer_seal(x->sealer, x->env, a, &person->key, content, &box));
    struct buf out;
    buf_init(&out, LIFE_DOCUMENT_BYTES);
    buf_add(&out, (struct str){(const char *)box.commitment.b, sizeof box.commitment.b});
    buf_add(&out, box.sealed);
    struct str sealed = {0};
    if (!out.failed) sealed = arena_str(a, buf_view(&out));
    buf_done(&out);
    if (!sealed.p) return status_memory();
    *ret = sealed;
    return STATUS_OK;
}

struct status life_document_decide(struct cases_context *x, struct cases_command *cmd)
{
    const struct paper_parsed *p = cmd->parsed;
    struct arena *a = &cmd->arena;
    struct paper_answer *answer = ARENA_NEW(a, struct paper_answer);
    struct cases_effect *e = ARENA_NEW(a, struct cases_effect);
    struct cases_document *document = ARENA_NEW(a, struct cases_document);
    struct life_recorded c;
    const struct registry_person *person = NULL;
    bool go = false;
    if (!answer || !e || !document) return status_memory();
    answer->case_id = cmd->id;
    cmd->outcome.answer = answer;
    TRY(case_get(x, cmd, &c, &go));
    if (!go) return STATUS_OK;
    const struct cases_share *share = p->payer.n ? life_share_find(c.shares, c.share_count, p->payer) : NULL;
    enum cases_share_state to;
    const enum set_state found = life_person_get(x->set, c.row->cover, &c.row->person, &person);
    if (found == SET_WAIT) return STATUS_OK;
    const bool others = share && life_asks_as(&cmd->who, STR("insurer")) && !str_eq(share->owner, cmd->who.institution);
    const enum cases_refusal refusal = others                                      ? CASES_REFUSED_NOT_YOURS
                                     : found != SET_FOUND || person->key_destroyed ? CASES_REFUSED_PERSON_ERASED
                                     : p->payer.n && !share                        ? CASES_REFUSED_SHARE_UNKNOWN
                                     : share && !life_act_allowed(share->state, LIFE_ACT_PAPERS_ADD, &to) ? CASES_REFUSED_ACT_NOT_ALLOWED
                                                                                                          : CASES_OK;
    if (refusal != CASES_OK) {
        life_refuse(cmd, refusal);
        return STATUS_OK;
    }
    const uint32_t n = share ? share->n : UINT32_MAX;
    for (uint32_t i = 0; i < c.count; i++) { /* the same paper for the same share: as it was */
        const struct cases_effect *old = &c.effects[i];
        if (old->type != JOURNAL_DOCUMENT_ADDED || !digest_equal(&old->document_hash, &p->hash) || !str_eq(old->note_code, p->payer)) continue;
        answer->e = *old;
        cmd->outcome.again = true;
        cmd->outcome.http = 200;
        return STATUS_OK;
    }
    *document = (struct cases_document){.hash = p->hash, .person = c.row->person, .case_id = c.row->id, .cover = c.row->cover, .at_ms = x->now_ms, .share = n,
                                        .kind = p->kind, .source = p->source};
    TRY(document_seal(x, a, person, p->content, &document->sealed));
    *e = effect_of(x, cmd, c.row, JOURNAL_DOCUMENT_ADDED);
    e->document_kind = p->kind;
    e->document_source = p->source;
    e->document_hash = p->hash;
    e->note_code = p->payer;
    TRY(life_event_add(x, cmd, e, NULL, STR("")));
    answer->e = *e;
    cmd->outcome.documents = document;
    cmd->outcome.document_count = 1;
    cmd->outcome.http = 201;
    return STATUS_OK;
}

void life_document_render(struct cases_command *cmd, struct buf *out)
{
    const struct paper_answer *answer = cmd->outcome.answer;
    if (cmd->outcome.http >= 300) {
        life_problem_write(cmd, NULL, NULL, out);
        return;
    }
    struct json_writer w;
    char hex[DIGEST_HEX_BYTES];
    digest_hex(&answer->e.document_hash, hex);
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    life_member_id(&w, STR("id"), &answer->case_id);
    life_member_time(&w, STR("at"), answer->e.at_ms);
    json_member_string(&w, STR("document"), (struct str){hex, 64});
    json_member_string(&w, STR("kind"), answer->e.document_kind);
    json_member_string(&w, STR("source"), answer->e.document_source);
    if (answer->e.note_code.n) json_member_string(&w, STR("payer"), answer->e.note_code);
    json_end_object(&w);
}
