/* document — the changes and their members as a page for people: what an import's columns are called and mean.
 *
 * Who uses it: docs/registry-changes.md (a test holds the file against this), `yijie import --help`. Invariant: written from changes.def, members.def, roles.def and
 * id_kinds.def alone, so it cannot differ from what the reader accepts.
 */
#include "registry/internal.h"

struct named {
    const char *name, *zh, *en;
};
static const struct named changes[REGISTRY_CHANGE_KIND_COUNT] = {
#define X(ID, name, zh, en) {name, zh, en},
#include "registry/changes.def"
#undef X
};
static const struct named roles[] = {
#define X(ID, name, zh, en) {name, zh, en},
#include "registry/roles.def"
#undef X
};
static const struct named id_kinds[] = {
#define X(name, zh, en) {name, zh, en},
#include "registry/id_kinds.def"
#undef X
};

static void type_add(struct buf *out, const struct registry_member_row *m) {
    switch ((enum registry_type)m->type) {
    case REGISTRY_T_CODE: buf_printf(out, "文本 text ≤ %d", LIMIT_BILL_CODE_BYTES); break;
    case REGISTRY_T_NAME: buf_printf(out, "文本 text ≤ %d", LIMIT_BILL_NAME_BYTES); break;
    case REGISTRY_T_INT: buf_printf(out, "整数 integer %lld … %lld", (long long)m->min, (long long)m->max); break;
    case REGISTRY_T_BOOL: buf_add_cstr(out, "true, false"); break;
    case REGISTRY_T_DAY: buf_add_cstr(out, "yyyy-mm-dd"); break;
    case REGISTRY_T_LIST: buf_add_cstr(out, "文本数组 texts (CSV: `a\\|b`)"); break;
    case REGISTRY_T_BODY: buf_add_cstr(out, "长文本 long text, or parts"); break;
    case REGISTRY_T_PERSON: buf_add_cstr(out, "人员 person"); break;
    case REGISTRY_T_WORD:
        for (const char *p = m->words; *p; p++) {
            if (*p == '|') buf_add_cstr(out, ", ");
            else buf_add_char(out, *p);
        }
        break;
    }
}

static void members_add(struct buf *out, enum registry_change_kind shape) {
    uint32_t count;
    uint32_t start = registry_shape_start(shape, &count);
    buf_add_cstr(out, "| | 必填 must | | 含义 | meaning |\n|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < count; i++) {
        const struct registry_member_row *m = &registry_members[start + i];
        buf_printf(out, "| `%s` | %s | ", m->name, m->required ? "是 yes" : "");
        type_add(out, m);
        buf_printf(out, " | %s | %s |\n", m->zh, m->en);
    }
}

static void names_add(struct buf *out, const struct named *rows, size_t count) {
    buf_add_cstr(out, "| | | |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++) buf_printf(out, "| `%s` | %s | %s |\n", rows[i].name, rows[i].zh, rows[i].en);
}

void registry_document(struct buf *out) {
    buf_add_cstr(out, "# 登记变更与导入列 / Changes of the registry, columns of an import\n\n"
                      "每个变更是一个 JSON 对象，或 CSV 的一行；`change` 指明种类。CSV 中人员的成员写成 `person.id`、`person.name` 等列，空字段等于没有给出。\n"
                      "已经如此的变更不产生事件，同一文件可以再次导入。全部或全不：有一行不对，什么也不写入。\n\n"
                      "A change is a JSON object, or a row of CSV; `change` says which. In CSV the members of a person are columns `person.id`, `person.name` …; an empty field is an\n"
                      "absent member. A change that stands already makes no event, so a file may be imported again. All or nothing: one wrong row, and nothing is written.\n");
    for (uint32_t i = 0; i < REGISTRY_CHANGE_KIND_COUNT; i++) {
        buf_printf(out, "\n## `%s` — %s / %s\n\n", changes[i].name, changes[i].zh, changes[i].en);
        members_add(out, (enum registry_change_kind)i);
    }
    buf_add_cstr(out, "\n## 人员 / A person\n\n恰用一种方式 / in exactly one way: `id_kind` + `id` · `unknown` + `hospital` · `newborn_of` + `born` (+ `name`) · `person` + `cover`.\n\n");
    members_add(out, REGISTRY_CHANGE_PERSON_REF);
    buf_add_cstr(out, "\n## 证件类型 / Kinds of certificates\n\n`01` 校验末位并推出生日与性别 / the check digit of `01` is verified, birth and sex follow from it.\n\n");
    names_add(out, id_kinds, COUNT_OF(id_kinds));
    buf_add_cstr(out, "\n## 角色 / Roles\n\n");
    names_add(out, roles, COUNT_OF(roles));
}
