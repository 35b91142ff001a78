/* life/body — reading the bodies of commands strictly: only known members, each of its kind, a failure names its place. */
#include "cases/life/life.h"

struct status life_bad(struct arena *a, const char *code, struct str place, const char *zh, const char *en)
{
    return status_error(a, (struct error){.code = code, .place = place, .zh = str_from(zh), .en = str_from(en),
                                          .hint_zh = STR("见 docs/api.md"), .hint_en = STR("see docs/api.md")});
}

static bool name_known(const char *const *names, struct str name)
{
    for (; **names; names++) {
        if (str_eq(str_from(*names), name)) return true;
    }
    return false;
}

struct status life_body_read(struct cases_command *cmd, const char *const *names, const struct json **ret)
{
    struct arena *a = &cmd->arena;
    const struct json *tree = NULL;
    TRY(json_parse(a, cmd->body.n ? cmd->body : STR("{}"), &tree));
    if (tree->kind != JSON_OBJECT) return life_bad(a, "body-not-object", STR(""), "请求体须是一个 JSON 对象", "the body must be a JSON object");
    for (uint32_t i = 0; i < tree->count; i++) {
        if (!name_known(names, tree->names[i])) return life_bad(a, "member-unknown", tree->names[i], "不认识这一成员", "this member is not known");
    }
    *ret = tree;
    return STATUS_OK;
}

struct status life_body_text(struct arena *a, const struct json *o, struct str name, size_t bytes_max, struct str *ret)
{
    const struct json *v = json_get(o, name);
    if (v && v->kind != JSON_STRING) return life_bad(a, "member-not-text", name, "须是文本", "must be a text");
    if (v && v->text.n > bytes_max) return life_bad(a, "member-too-long", name, "文本过长", "this text is too long");
    *ret = v ? v->text : STR("");
    return STATUS_OK;
}

/* The same object without the member "consent", which is the trial's and not the bill's. */
static struct status without_consent(struct arena *a, const struct json *tree, const struct json **ret)
{
    struct json *copy = ARENA_NEW(a, struct json);
    struct json *items = ARENA_ARRAY(a, struct json, tree->count + 1);
    struct str *names = ARENA_ARRAY(a, struct str, tree->count + 1);
    if (!copy || !items || !names) return status_memory();
    *copy = *tree;
    copy->count = 0;
    for (uint32_t i = 0; i < tree->count; i++) {
        if (str_eq(tree->names[i], STR("consent"))) continue;
        items[copy->count] = tree->items[i];
        names[copy->count++] = tree->names[i];
    }
    copy->items = items;
    copy->names = names;
    *ret = copy;
    return STATUS_OK;
}

struct status life_bill_read(struct arena *a, const struct json *tree, const struct bill **ret, enum cases_refusal *ret_refusal)
{
    if (tree->kind != JSON_OBJECT) return life_bad(a, "body-not-object", STR(""), "请求体须是一个 JSON 对象", "the body must be a JSON object");
    *ret_refusal = json_get(tree, STR("policies")) ? CASES_REFUSED_POLICIES_GIVEN
                 : json_get(tree, STR("history"))  ? CASES_REFUSED_HISTORY_GIVEN
                 : json_get(tree, STR("totals"))   ? CASES_REFUSED_TOTALS_ONLY
                                                   : CASES_OK;
    if (*ret_refusal != CASES_OK) return STATUS_OK;
    const struct json *bare = NULL;
    TRY(without_consent(a, tree, &bare));
    return bill_from_json(a, bare, ret);
}
