/* api/settings — the settings of the server: one table, a text file of "key = value", checked by kind and range; options of the command line override.
 *
 * Who uses it: api.c, cli (`serve`, `config check|show`). Pure. Invariant: an unknown or doubled name is an error, never ignored.
 */
#include "api/api_internal.h"

#include <string.h>

static const struct api_setting_info settings[API_SETTING_COUNT] = {
#define X(id, name, kind, min, max, value, choices, zh, en) [API_##id] = {name, kind, min, max, value, choices, zh, en},
#include "api/settings.def"
#undef X
};

const struct api_setting_info *api_setting_info(enum api_setting s)
{
    CHECK(s < API_SETTING_COUNT);
    return &settings[s];
}

static bool number_parse(struct str s, int64_t *ret)
{
    int64_t n = 0;
    if (s.n == 0 || s.n > 15) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        n = n * 10 + (s.p[i] - '0');
    }
    *ret = n;
    return true;
}

static bool choice_parse(const char *choices, struct str s, int64_t *ret)
{
    int64_t n = 0;
    for (const char *p = choices; *p; n++) {
        const char *end = strchr(p, ' ');
        const size_t len = end ? (size_t)(end - p) : strlen(p);
        if (str_eq(s, (struct str){p, len})) {
            *ret = n;
            return true;
        }
        p += end ? len + 1 : len;
    }
    return false;
}

static bool text_clean(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) return false;
    }
    return true;
}

static bool value_parse(const struct api_setting_info *info, struct str text, int64_t *ret)
{
    switch (info->kind) {
    case API_TEXT: *ret = 0; return (int64_t)text.n >= info->min && (int64_t)text.n <= info->max && text_clean(text);
    case API_NUMBER: return number_parse(text, ret) && *ret >= info->min && *ret <= info->max;
    case API_FLAG: return choice_parse("no yes", text, ret);
    case API_CHOICE: return choice_parse(info->choices, text, ret);
    }
    return false;
}

static struct status value_failed(struct arena *a, const struct api_setting_info *info, struct str place)
{
    struct str zh = STR("文本过长、过短或含控制字符"), en = STR("the text is too long, too short or holds control characters");
    if (info->kind == API_NUMBER) {
        zh = arena_printf(a, "须为 %lld 到 %lld 的整数", (long long)info->min, (long long)info->max);
        en = arena_printf(a, "a whole number from %lld to %lld", (long long)info->min, (long long)info->max);
    } else if (info->kind != API_TEXT) {
        const char *choices = info->kind == API_FLAG ? "no yes" : info->choices;
        zh = arena_printf(a, "须为其一：%s", choices);
        en = arena_printf(a, "one of: %s", choices);
    }
    if (!zh.p || !en.p) return status_memory();
    return status_error(a, (struct error){.code = "setting-value", .place = place, .zh = STR("设置的值不合规"), .en = STR("the value of a setting is wrong"), .hint_zh = zh, .hint_en = en});
}

struct status api_setting_set(struct api_settings *s, struct arena *a, enum api_setting which, struct str text, enum api_origin from)
{
    const struct api_setting_info *info = api_setting_info(which);
    int64_t number = 0;
    if (!value_parse(info, text, &number)) return value_failed(a, info, str_from(info->name));
    s->of[which].text = text;
    s->of[which].number = number;
    s->of[which].from = from;
    return STATUS_OK;
}

void api_settings_default(struct api_settings *ret)
{
    struct arena a;
    arena_init(&a, 4096);
    for (enum api_setting i = 0; i < API_SETTING_COUNT; i++) {
        const struct status s = api_setting_set(ret, &a, i, str_from(settings[i].value), API_FROM_DEFAULT);
        CHECK(!status_failed(s));
    }
    arena_done(&a);
}

/* ---- the file ------------------------------------------------------------------------------------------------------------ */

static struct str trim(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) s = (struct str){s.p + 1, s.n - 1};
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r')) s.n--;
    return s;
}

/* The name that shares the longest beginning: for the hint. */
static const char *nearest(struct str name)
{
    const char *best = settings[0].name;
    size_t best_n = 0;
    for (enum api_setting i = 0; i < API_SETTING_COUNT; i++) {
        size_t n = 0;
        while (n < name.n && settings[i].name[n] == name.p[n]) n++;
        if (n > best_n) best_n = n, best = settings[i].name;
    }
    return best;
}

struct reading {
    struct api_settings *settings;
    struct arena *arena;
    struct error *first, *last;
    bool seen[API_SETTING_COUNT];
};

static struct status finding_add(struct reading *r, struct error e)
{
    struct error *copy = ARENA_NEW(r->arena, struct error);
    if (!copy || !e.place.p || !e.hint_zh.p || !e.hint_en.p) return status_memory();
    *copy = e;
    copy->next = NULL;
    if (r->last) r->last->next = copy;
    else r->first = copy;
    r->last = copy;
    return STATUS_OK;
}

static struct status line_read(struct reading *r, uint32_t number, struct str line)
{
    line = trim(line);
    if (line.n == 0 || line.p[0] == '#') return STATUS_OK;
    const char *equals = memchr(line.p, '=', line.n);
    if (!equals) {
        return finding_add(r, (struct error){.code = "setting-line", .place = arena_printf(r->arena, "%u", number), .zh = STR("该行不是“名称 = 值”"),
            .en = STR("the line is not \"name = value\""), .hint_zh = STR("注释以 # 开头"), .hint_en = STR("comments begin with #")});
    }
    const struct str name = trim((struct str){line.p, (size_t)(equals - line.p)});
    const struct str value = trim((struct str){equals + 1, line.n - (size_t)(equals - line.p) - 1});
    const struct str place = arena_printf(r->arena, "%u:%.*s", number, STR_FMT(name));
    enum api_setting which = 0;
    while (which < API_SETTING_COUNT && !str_eq(name, str_from(settings[which].name))) which++;
    if (which == API_SETTING_COUNT) {
        return finding_add(r, (struct error){.code = "setting-unknown", .place = place, .zh = STR("没有这个设置"), .en = STR("there is no such setting"),
            .hint_zh = arena_printf(r->arena, "是否指 %s？一览：yijie config show", nearest(name)), .hint_en = arena_printf(r->arena, "did you mean %s? yijie config show lists all", nearest(name))});
    }
    if (r->seen[which]) {
        return finding_add(r, (struct error){.code = "setting-double", .place = place, .zh = STR("设置重复"), .en = STR("the setting is there twice"),
            .hint_zh = STR("删去其一"), .hint_en = STR("remove one of them")});
    }
    r->seen[which] = true;
    const struct status s = api_setting_set(r->settings, r->arena, which, value, API_FROM_FILE);
    if (!status_failed(s)) return STATUS_OK;
    struct error e = *s.err;
    e.place = place;
    return finding_add(r, e);
}

struct status api_settings_read(struct api_settings *s, struct arena *a, struct str text)
{
    struct reading r = {.settings = s, .arena = a};
    uint32_t number = 1;
    if (!utf8_check(text)) {
        return status_error(a, (struct error){.code = "setting-line", .place = STR("1"), .zh = STR("配置文件不是 UTF-8"), .en = STR("the file is not UTF-8"),
            .hint_zh = STR("以 UTF-8 保存"), .hint_en = STR("save it as UTF-8")});
    }
    for (size_t at = 0; at < text.n; number++) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        const size_t n = end ? (size_t)(end - text.p) - at : text.n - at;
        TRY(line_read(&r, number, (struct str){text.p + at, n}));
        at += n + 1;
    }
    return (struct status){r.first};
}

struct status api_settings_check(const struct api_settings *s, struct arena *a)
{
    const struct str listen = s->of[API_LISTEN].text;
    if (listen.n == 0 && !s->of[API_BEHIND_PROXY].number) {
        return status_error(a, (struct error){.code = "setting-conflict", .place = STR("listen"), .zh = STR("既不监听 TCP，也没有 behind_proxy"), .en = STR("neither an address to listen on nor behind_proxy"),
            .hint_zh = STR("给出 listen，或设 behind_proxy = yes"), .hint_en = STR("give listen, or behind_proxy = yes")});
    }
    if (listen.n == 0) return STATUS_OK;
    bool wide = false;
    TRY(http_address_check(a, listen, &wide));
    if (!wide || s->of[API_LAN].number) return STATUS_OK;
    return status_error(a, (struct error){.code = "setting-wide", .place = listen, .zh = STR("该地址可从本机以外访问"), .en = STR("this address can be reached from beyond this machine"),
        .hint_zh = STR("在 nginx 之后运行（--behind-proxy），或在可信网络中用 --lan"), .hint_en = STR("run behind nginx (--behind-proxy), or in a trusted network with --lan")});
}
