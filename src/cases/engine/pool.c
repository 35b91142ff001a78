/* cases/engine/pool — commands with their own arenas, used again: no request asks the system for memory once the server is warm. */
#include "cases/engine/engine.h"
#include "cases/life/life.h"

#include <string.h>

struct cases_command *engine_command_take(struct cases_desk *d)
{
    struct engine_pool *p = &d->pool;
    pthread_mutex_lock(&p->lock);
    struct cases_command *c = p->free;
    if (c) {
        p->free = c->next;
        if (c->arena.first) p->warm--;
    } else {
        c = ARENA_NEW(&p->arena, struct cases_command);
        if (c) arena_init(&c->arena, ENGINE_COMMAND_BYTES);
    }
    pthread_mutex_unlock(&p->lock);
    if (!c) return NULL;
    const struct arena arena = c->arena;
    *c = (struct cases_command){.desk = d, .arena = arena};
    return c;
}

/* The newest is taken first: its memory is still in the processor's cache. A few keep theirs, and only when it is small. */
void cases_command_free(struct cases_command *cmd)
{
    struct engine_pool *p = &cmd->desk->pool;
    cases_products_release(cmd->products);
    cmd->products = NULL;
    const bool small = cmd->arena.bytes_peak <= ENGINE_COMMAND_WARM_BYTES;
    if (small) arena_reset(&cmd->arena);
    pthread_mutex_lock(&p->lock);
    const bool warm = small && p->warm < ENGINE_COMMANDS_WARM;
    if (warm) p->warm++;
    pthread_mutex_unlock(&p->lock);
    if (!warm) {
        arena_done(&cmd->arena);
        arena_init(&cmd->arena, ENGINE_COMMAND_BYTES);
    }
    pthread_mutex_lock(&p->lock);
    cmd->next = p->free;
    p->free = cmd;
    pthread_mutex_unlock(&p->lock);
}

/* ---- making a command ---------------------------------------------------------------------------------------------- */

static void add_counted(struct sha256 *h, struct str s)
{
    const uint64_t n = s.n;
    sha256_add(h, (struct str){(const char *)&n, sizeof n});
    sha256_add(h, s);
}

/* Which command this is, for the client that repeats it; and what it says, so that another under the same key is found. */
static void command_keys(struct cases_command *cmd, struct str idempotency_key, struct str id_text)
{
    struct sha256 h;
    struct digest digest;
    sha256_init(&h);
    if (idempotency_key.n) {
        sha256_start(&h);
        sha256_add(&h, cmd->who.institution);
        sha256_add(&h, (struct str){"", 1});
        sha256_add(&h, idempotency_key);
        sha256_finish(&h, &digest);
        memcpy(cmd->key.b, digest.b, sizeof cmd->key.b);
    }
    sha256_start(&h);
    add_counted(&h, str_from(cases_op_name(cmd->op)));
    add_counted(&h, id_text);
    add_counted(&h, cmd->part);
    add_counted(&h, cmd->body);
    sha256_finish(&h, &digest);
    memcpy(cmd->body_hash.b, digest.b, sizeof cmd->body_hash.b);
    sha256_done(&h);
}

static struct status id_bad(struct cases_command *cmd, struct str text)
{
    return status_error(&cmd->arena, (struct error){.code = "id-invalid", .place = text, .zh = STR("编号不是 32 位十六进制数"),
        .en = STR("an id has 32 lower-case hexadecimal digits"), .hint_zh = STR("用试算时返回的 id"), .hint_en = STR("use the id that the trial gave")});
}

/* "dry-run" of a change is no id: it stays in the part of the command that the op reads. */
static struct status command_fill(struct cases_command *cmd, const struct cases_caller *who, struct str key, struct str id, struct str part, struct str body)
{
    struct arena *a = &cmd->arena;
    cmd->who.institution = arena_str(a, who->institution);
    cmd->who.role = arena_str(a, who->role);
    cmd->part = arena_str(a, part);
    cmd->body = arena_str(a, body);
    cmd->id_text = arena_str(a, id);
    if (!cmd->who.institution.p || !cmd->who.role.p || !cmd->part.p || !cmd->body.p || !cmd->id_text.p) return status_memory();
    command_keys(cmd, key, id);
    const bool is_id = id128_parse(id, &cmd->id);
    if (id.n && !is_id && cmd->op != CASES_CHANGE) return id_bad(cmd, cmd->id_text);
    return cases_ops[cmd->op].parse ? cases_ops[cmd->op].parse(cmd) : STATUS_OK;
}

struct status cases_command_new(struct cases_desk *d, enum cases_op op, const struct cases_caller *who, struct str idempotency_key, struct str id, struct str part,
                                struct str body, struct cases_command **ret, struct arena **ret_arena)
{
    struct cases_command *cmd = engine_command_take(d);
    if (!cmd) return status_memory();
    cmd->op = op;
    const struct status s = command_fill(cmd, who, idempotency_key, id, part, body);
    if (ret_arena) *ret_arena = &cmd->arena;
    *ret = cmd; /* also after a failure: its words lie in the command's arena */
    return s;
}

/* ---- the answer -------------------------------------------------------------------------------------------------------- */

void engine_fail(struct cases_command *cmd, struct status s, int http)
{
    struct error copy = *s.err;
    copy.next = copy.cause = NULL;
    cmd->failure = status_error(&cmd->arena, copy);
    cmd->outcome = (struct cases_outcome){.http = http, .error = cmd->failure.err};
    METRIC_ADD(cmd->desk, failed, 1);
}

bool cases_command_quote(const struct cases_command *cmd, struct id128 *ret)
{
    if (!cmd->outcome.quote) return false;
    *ret = cmd->outcome.quote->id;
    return true;
}

bool cases_command_made(const struct cases_command *cmd, struct id128 *ret)
{
    if (cmd->in_doubt || cmd->outcome.http != 201 || id128_is_zero(&cmd->outcome.made)) return false;
    *ret = cmd->outcome.made;
    return true;
}

int cases_command_status(const struct cases_command *cmd) { return cmd->outcome.http; }

static void in_doubt_render(const struct cases_command *cmd, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out, false);
    json_begin_object(&w);
    if (!id128_is_zero(&cmd->id)) life_member_id(&w, STR("id"), &cmd->id);
    json_member_string(&w, STR("state"), str_from(cases_state_name(CASES_STATE_IN_DOUBT)));
    json_member_string(&w, STR("zh"), STR("数据库暂时没有答复，结果待定；用同一请求再次查询即得结果"));
    json_member_string(&w, STR("en"), STR("the database does not answer for now; the same request again tells the outcome"));
    json_end_object(&w);
}

void cases_command_render(struct cases_command *cmd, struct buf *out)
{
    if (cmd->in_doubt) in_doubt_render(cmd, out);
    else if (cmd->failure.err || cmd->outcome.refusal == CASES_REFUSED_KEY_REUSED) life_problem_write(cmd, NULL, NULL, out);
    else cases_ops[cmd->op].render(cmd, out);
}
