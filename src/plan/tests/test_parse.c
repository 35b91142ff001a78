/* What each construct of the grammar is read as, in both languages; what the parser says about wrong texts; recovery, limits, hostile input. */
#include "plan/tests/dump.h"
#include "plan/tests/text.h"

/* ---- every construct, in both languages -------------------------------------------------------------------- */

/* en and zh stand behind `head`; tree: the lines that they add to the tree of the head alone. */
struct clause_row {
    const char *en, *zh, *tree;
};

static bool has_line(struct str text, struct str line) {
    for (size_t at = 0; at < text.n;) {
        size_t end = at;
        while (end < text.n && text.p[end] != '\n') end++;
        if (str_eq((struct str){text.p + at, end - at}, line)) return true;
        at = end + 1;
    }
    return false;
}

static void added_lines(struct str whole, struct str base, struct buf *out) {
    for (size_t at = 0; at < whole.n;) {
        size_t end = at;
        while (end < whole.n && whole.p[end] != '\n') end++;
        struct str line = {whole.p + at, end - at};
        if (!has_line(base, line)) {
            if (out->n) buf_add_char(out, '\n');
            buf_add(out, line);
        }
        at = end + 1;
    }
}

static void tree_of(const char *head, const char *text, struct buf *out) {
    struct buf source;
    buf_init(&source, 1u << 20);
    buf_printf(&source, "%s%s", head, text);
    struct text *t = text_parse(buf_view(&source));
    if (t->d.error_count) {
        plan_diagnostic_print(&t->d.items[0], false, true, false, out);
        buf_add_char(out, '\0');
        fail_msg("%s\n%s", text, out->p);
    }
    dump_file(out, t->file);
    text_done(t);
    buf_done(&source);
}

static void check_clause(const char *head, const char *text, const char *want) {
    struct buf base, whole, added;
    buf_init(&base, 1u << 20);
    buf_init(&whole, 1u << 20);
    buf_init(&added, 1u << 20);
    tree_of(head, "", &base);
    tree_of(head, text, &whole);
    added_lines(buf_view(&whole), buf_view(&base), &added);
    text_assert(&added, want);
    buf_done(&base);
    buf_done(&whole);
    buf_done(&added);
}

static void check_clauses(const char *head_en, const char *head_zh, const struct clause_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        check_clause(head_en, rows[i].en, rows[i].tree);
        check_clause(head_zh, rows[i].zh, rows[i].tree);
    }
}

static void test_header(void **state) {
    (void)state;
    static const struct clause_row rows[] = {
        {"kind statutory", "种类 法定", "kind 1 0 product p source \"\" grade -"},
        {"kind supplementary", "种类 惠民保", "kind 1 1 product p source \"\" grade -"},
        {"kind commercial", "种类 商业", "kind 1 2 product p source \"\" grade -"},
        {"kind programme", "种类 项目", "kind 1 3 product p source \"\" grade -"},
        {"product line-1", "产品 line-1", "kind 0 0 product line-1 source \"\" grade -"},
        {"source \"s\", grade K", "来源 \"s\"，等级 K", "kind 0 0 product p source \"s\" grade K"},
        {"in force 2022-01-01 .. 2022-12-31", "有效期 2022-01-01 .. 2022-12-31", "force 1 2022-01-01..2022-12-31"},
        {"in force 2022-01-01 ..", "有效期 2022-01-01 ..", "force 1 2022-01-01..-"},
        {"counts by admission, over the end by discharge", "认定日 入院日，跨期认定日 出院日",
         "counts 1 over 2 years 0 currency  exact 0"},
        {"counts by line date", "认定日 费用日", "counts 3 over 0 years 0 currency  exact 0"},
        {"counts by settlement, over the end by line date", "认定日 结算日，跨期认定日 费用日", "counts 4 over 3 years 0 currency  exact 0"},
        {"years are policy years", "年度 保单年度", "counts 0 over 0 years 1 currency  exact 0"},
        {"years are calendar years", "年度 自然年度", "counts 0 over 0 years 2 currency  exact 0"},
        {"currency CNY, rounded half-up once per benefit", "币种 CNY，舍入 四舍五入 每项责任一次", "counts 0 over 0 years 0 currency CNY half-up 1"},
        {"currency JPY, rounded half-even once per benefit", "币种 JPY，舍入 四舍六入五成双 每项责任一次",
         "counts 0 over 0 years 0 currency JPY half-even 1"},
        {"currency CNY, rounded down once per benefit", "币种 CNY，舍入 舍去尾数 每项责任一次", "counts 0 over 0 years 0 currency CNY down 1"},
        {"currency CNY, rounded up once per benefit", "币种 CNY，舍入 进一 每项责任一次", "counts 0 over 0 years 0 currency CNY up 1"},
        {"currency CNY, rounded exact once per benefit", "币种 CNY，舍入 须除尽 每项责任一次", "counts 0 over 0 years 0 currency CNY exact 1"},
        {"reads poor", "读取 困难人员", "reads poor type 2 custom 0"},
        {"reads insured_type default resident, hospital_level default 3, poor default no",
         "读取 参保类型 默认 居民，医院等级 默认 3，困难人员 默认 否",
         "reads insured_type type 0 custom 0 default 1\nreads hospital_level type 1 custom 0 default 3\nreads poor type 2 custom 0 default 0"},
        {"reads a (yes or no) default yes, b (number), c (low or high) default high", "读取 a（是否） 默认 是，b（数值），c（low 或 high） 默认 high",
         "reads a type 2 custom 1 default 1\nreads b type 1 custom 1\nreads c type 0 custom 1 low high default 1"},
        {"waiting none", "等待期 无", "waiting 0"},
        {"waiting 90 days", "等待期 90 天", "waiting 90"},
        {"waiting 30 days unless cause = accident or renewed", "等待期 30天 除非 原因 = 意外 或 续保",
         "waiting 30 unless (or (in cause = accident) (fact renewed))"},
        {"co-insurers \"甲\" 60%, \"乙\" 40%, paid by lead", "共保体 \"甲\" 60%，\"乙\" 40%，支付方 首席",
         "co-insurer \"甲\" 600000 each 0\nco-insurer \"乙\" 400000 each 0"},
        {"co-insurers \"甲\" 100%, paid by each", "共保体 \"甲\" 100%，支付方 各自", "co-insurer \"甲\" 1000000 each 1"},
    };
    check_clauses("plan p \"x\"\n", "方案 p \"x\"\n", rows, COUNT_OF(rows));
}

static void test_sections(void **state) {
    (void)state;
    static const struct clause_row rows[] = {
        {"parameter d \"起付线\" / \"d\" from 2022-01-01 .. 2022-06-30 100\n from 2022-07-01 .. 20%", "参数 d \"起付线\" / \"d\" 自 2022-01-01 .. 2022-06-30 100\n 自 2022-07-01 .. 20%",
         "parameter d \"起付线\"/\"d\"\n2022-01-01..2022-06-30 100000000u\n2022-07-01..- 200000ppm"},
        {"class ill \"病\" when first diagnosis of list l before first enrolment", "人群 ill \"病\" 当 首次确诊清单 l 早于首次参保",
         "class ill \"病\"/\"病\" (first-diagnosed l)"},
        {"case high \"高\" when hospital_level >= 3", "情形 high \"高\" 当 医院等级 >= 3", "case high \"高\"/\"高\" (compare hospital_level >= 3)"},
        {"exclude e \"免\" when code in list l", "除外 e \"免\" 当 项目编码 属于清单 l", "exclude e \"免\"/\"免\" (code-in l)"},
        {"shared deductible d \"共\" 10_000 each year per family, filled by statutory and commercial",
         "共用免赔额 d \"共\" 10_000 每年 按家庭，可抵扣 法定 和 商业", "shared deductible d \"共\"/\"共\" 10000000000u each year family filled 5"},
        {"shared cap c \"共\" 1 lifetime", "共用封顶 c \"共\" 1 终身", "shared cap c \"共\"/\"共\" 1000000u each lifetime"},
        {"list l \"单\" of drug code \"A\" \"note\" group \"g\" share 12.5% from 2022-01-01 .. 2022-02-01\n prefix \"B\"\n range \"C\" .. \"D\"\n name \"欧\"",
         "清单 l \"单\" 类属 药品 编码 \"A\" \"note\" 分组 \"g\" 比例 12.5% 自 2022-01-01 .. 2022-02-01\n 前缀 \"B\"\n 区间 \"C\" .. \"D\"\n 名称 \"欧\"", NULL},
        {"list l \"单\" of diagnosis", "清单 l \"单\" 类属 诊断", "list l \"单\"/\"单\" of diagnosis"},
        {"list l \"单\" of consumable", "清单 l \"单\" 类属 耗材", "list l \"单\"/\"单\" of consumable"},
        {"list l \"单\" of service", "清单 l \"单\" 类属 服务项目", "list l \"单\"/\"单\" of service"},
        {"list l \"单\" of procedure", "清单 l \"单\" 类属 手术操作", "list l \"单\"/\"单\" of procedure"},
        {"list l \"单\" of institution", "清单 l \"单\" 类属 机构", "list l \"单\"/\"单\" of institution"},
        {"list l \"单\" of any", "清单 l \"单\" 类属 不限", "list l \"单\"/\"单\" of any"},
        {"list l \"单\"", "清单 l \"单\"", "list l \"单\"/\"单\" of any"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *tree = rows[i].tree ? rows[i].tree
                                        : "list l \"单\"/\"单\" of drug\n"
                                          "code \"A\" \"\" note \"note\" group \"g\" share 125000 2022-01-01..2022-02-01\n"
                                          "prefix \"B\" \"\" note \"\" group \"\" share -1 -..-\n"
                                          "range \"C\" \"D\" note \"\" group \"\" share -1 -..-\n"
                                          "name \"欧\" \"\" note \"\" group \"\" share -1 -..-";
        char en[512], zh[512];
        (void)snprintf(en, sizeof(en), "%s", rows[i].en);
        (void)snprintf(zh, sizeof(zh), "%s", rows[i].zh);
        if (!rows[i].tree) { /* entries begin lines */
            *strstr(en, " code") = '\n';
            *strstr(zh, " 编码") = '\n';
        }
        check_clause("plan p \"x\"\n", en, tree);
        check_clause("方案 p \"x\"\n", zh, tree);
    }
}

static void test_benefit(void **state) {
    (void)state;
    static const struct clause_row rows[] = {
        {"fund hifp_pay", "基金 hifp_pay", "fund hifp_pay"},
        {"needs statutory settled", "前提 医保已结算", "needs (fact settled)"},
        {"needs poor else too-rich \"富\" / \"rich\"", "前提 困难人员 否则 too-rich \"富\" / \"rich\"", "needs (fact poor) else too-rich \"富\"/\"rich\""},
        {"takes own_full + over_limit + own_first + in_scope", "纳入 自费 + 超限价自费 + 先行自付 + 符合范围",
         "takes f own_full:1 over_limit:2 own_first:4 in_scope:8"},
        {"takes in_scope_own", "纳入 范围内自付", "takes 78 in_scope_own:78"},
        {"takes deductible + ratio_part + over_cap", "纳入 起付线 + 按比例自付 + 超封顶线", "takes 70 deductible:10 ratio_part:20 over_cap:40"},
        {"takes rest of a + own_full, before other payers", "纳入 剩余部分 a + 自费，其他给付前", "takes 1 own_full:1 rest a before-others"},
        {"takes own_full, at share of list l, rounded down per line", "纳入 自费，按清单比例 l，舍入 舍去尾数 逐行", "takes 1 own_full:1 share l down"},
        {"where visit = inpatient", "限于 就诊类型 = 住院", "where (in visit = inpatient)"},
        {"waiting none", "等待期 无", "waiting 0"},
        {"exclude e \"免\" when kind = bed", "除外 e \"免\" 当 项目类别 = 床位", "exclude e \"免\"/\"免\" (in kind = bed)"},
        {"counts at most 1_500 each day for kind = bed", "计入上限 1_500 每日 针对 项目类别 = 床位",
         "counts money 1500000000u each day for (in kind = bed)"},
        {"counts at most 3 times per item each year", "计入上限 3 次 按项目 每年", "counts times 3000000u per item each year"},
        {"counts at most 2 visits each stay", "计入上限 2 次就诊 每次住院", "counts visits 2000000u each stay"},
        {"first share 10% before deductible", "先付比例 10% 免赔额前", "first-share before 100000ppm"},
        {"first share 10%, ill 20% after deductible", "先付比例 10%，ill 20% 免赔额后", "first-share after 100000ppm <ill&200000ppm>"},
        {"deductible none", "免赔额 无", "deductible none"},
        {"deductible none, poor-one 0 each claim", "免赔额 无，poor-one 0 每次赔付", "deductible nothing <poor-one&0u> each claim"},
        {"deductible shared d", "免赔额 共用 d", "deductible shared d"},
        {"deductible 1 each year per family, filled by supplementary", "免赔额 1 每年 按家庭，可抵扣 惠民保", "deductible 1000000u each year family filled 2"},
        {"pays 80%", "给付 80%", "pays [800000ppm]"},
        {"pays 60% to 50_000 then 70% to d then 80%, on base each year", "给付 60% 至 50_000 其后 70% 至 d 其后 80%，按基数 每年",
         "pays [600000ppm to 50000000000u][700000ppm to name:d][800000ppm] on base each year"},
        {"pays 80%, on over lifetime", "给付 80%，按超额 终身", "pays [800000ppm] on over each lifetime"},
        {"times 60%", "乘以 60%", "times 600000ppm"},
        {"limit 300_000 per ingredient each year", "限额 300_000 按成分 每年", "limit 300000000000u per ingredient each year"},
        {"limit 1 per implant each claim for kind in (implant, consumable)", "限额 1 按植入物 每次赔付 针对 项目类别 属于（植入材料，耗材）",
         "limit 1000000u per implant each claim for (in kind = implant consumable)"},
        {"cap none", "封顶 无", "cap none"},
        {"cap shared c", "封顶 共用 c", "cap shared c"},
        {"cap 5 each stay", "封顶 5 每次住院", "cap 5000000u each stay"},
        {"splits in line order", "按行序分摊", "in-line-order"},
        {"allowance 500 each icu-day after 5 days, at most 10 days each stay, at most 30 days each year",
         "津贴 500 每重症日 扣除 5 天，至多 10 天 每次住院，至多 30 天 每年", "allowance 500000000u icu after 5 most 10 each stay most 30 each year"},
        {"allowance 100, ill 50 each day after 0 days", "津贴 100，ill 50 每日 扣除 0 天", "allowance 100000000u <ill&50000000u> day after 0"},
    };
    check_clauses("plan p \"x\"\nbenefit b \"x\"\n", "方案 p \"x\"\n责任 b \"x\"\n", rows, COUNT_OF(rows));
}

static void test_values(void **state) {
    (void)state;
    static const struct clause_row rows[] = {
        {"cap 1 + 2 * 3 - 4 each year", "封顶 1 + 2 * 3 - 4 每年", "cap (- (+ 1000000u (* 2000000u 3000000u)) 4000000u) each year"},
        {"cap max(d - 1_000 * claim_free_years, 0) each year", "封顶 取大（d - 1_000 * 无理赔年数，0） 每年",
         "cap (max (- name:d (* 1000000000u fact:claim_free_years)) 0u) each year"},
        {"cap min((2 + 3) * 4, d) each year", "封顶 取小（（2 + 3） * 4，d） 每年", "cap (min (* (+ 2000000u 3000000u) 4000000u) name:d) each year"},
        {"cap (17_000 * 50% rounded half-up) each year", "封顶 （17_000 * 50% 舍入 四舍五入） 每年", "cap (* 17000000000u 500000ppm)~half-up each year"},
        {"cap by insured_type: employee 1, resident 2 each year", "封顶 按 参保类型：职工 1，居民 2 每年", "cap by insured_type {employee 1000000u} {resident 2000000u} each year"},
        {"cap by hospital_level, poor: 3 yes 1, 2 no 2, otherwise 3 except ill 4, ill and bad 5 in order each year",
         "封顶 按 医院等级，困难人员：3 是 1，2 否 2，其余 3 例外 ill 4，ill 且 bad 5 依次 每年",
         "cap by hospital_level,poor {3 yes 1000000u} {2 no 2000000u} otherwise 3000000u <ill&4000000u> <ill&bad&5000000u> in-order each year"},
        {"cap by own-fact: low 1, high 2 each year", "封顶 按 own-fact：low 1，high 2 每年", "cap by own-fact {low 1000000u} {high 2000000u} each year"},
        {"cap by region: \"310000\" 1, otherwise 2 each year", "封顶 按 就医地：\"310000\" 1，其余 2 每年",
         "cap by region {310000 1000000u} otherwise 2000000u each year"},
        {"cap 1.5, ill none in order each year", "封顶 1.5，ill 无 依次 每年", "cap 1500000u <ill&nothing> in-order each year"},
    };
    check_clauses("plan p \"x\"\nbenefit b \"x\"\n", "方案 p \"x\"\n责任 b \"x\"\n", rows, COUNT_OF(rows));
}

static void test_conditions(void **state) {
    (void)state;
    static const struct clause_row rows[] = {
        {"where poor and not retired or ill", "限于 困难人员 且 非 退休 或 ill", "where (or (and (fact poor) (not (fact retired))) (name ill))"},
        {"where poor and (retired or not (ill))", "限于 困难人员 且（退休 或 非（ill））", "where (and (fact poor) (or (fact retired) (not (name ill))))"},
        {"where visit != inpatient", "限于 就诊类型 != 住院", "where (in visit != inpatient)"},
        {"where catalogue in (A, B, unmarked)", "限于 目录类别 属于（甲类，乙类，未标）", "where (in catalogue = A B unmarked)"},
        {"where age < 18 or age <= 18", "限于 年龄 < 18 或 年龄 <= 18", "where (or (compare age < 18) (compare age <= 18))"},
        {"where age = 18 or age != 18", "限于 年龄 = 18 或 年龄 != 18", "where (or (compare age = 18) (compare age != 18))"},
        {"where age >= 18 or age > 18", "限于 年龄 >= 18 或 年龄 > 18", "where (or (compare age >= 18) (compare age > 18))"},
        {"where date >= 1970-01-11", "限于 费用日期 >= 1970-01-11", "where (compare date >= 10)"},
        {"where hospital = \"H\" or region in (\"1\", \"2\")", "限于 医疗机构 = \"H\" 或 就医地 属于（\"1\"，\"2\"）",
         "where (or (in hospital = H) (in region = 1 2))"},
        {"where own-fact = high", "限于 own-fact = high", "where (in own-fact = high)"},
        {"where hospital in list l and department in list l", "限于 医疗机构 属于清单 l 且 科室 属于清单 l",
         "where (and (text-in l of hospital) (text-in l of department))"},
        {"where region in list l and insured_region in list l", "限于 就医地 属于清单 l 且 参保地 属于清单 l",
         "where (and (text-in l of region) (text-in l of insured_region))"},
        {"where diagnosis in list l or main diagnosis in list l", "限于 诊断 属于清单 l 或 主要诊断 属于清单 l", "where (or (diagnosis-in l) (main-in l))"},
        {"where procedure in list l or endorsed e", "限于 手术操作 属于清单 l 或 批单 e", "where (or (procedure-in l) (endorsed e))"},
        {"where\nkind = drug and\ncode in list l", "限于\n项目类别 = 药品 且\n项目编码 属于清单 l", "where (and (in kind = drug) (code-in l))"},
    };
    check_clauses("plan p \"x\"\nbenefit b \"x\"\n", "方案 p \"x\"\n责任 b \"x\"\n", rows, COUNT_OF(rows));
}

static void test_example(void **state) {
    (void)state;
    static const struct clause_row rows[] = {
        {"example \"e\" source \"s\"\ngiven visit inpatient, poor yes, statutory settled no\nexpect b 1.5, total 2",
         "算例 \"e\" 来源 \"s\"\n已知 就诊类型 住院，困难人员 是，医保已结算 否\n应得 b 1.5，合计 2",
         "example \"e\" source \"s\"\nstep 0\ngiven fact visit inpatient 0u -..-\ngiven fact poor yes 0u -..-\ngiven fact statutory settled no 0u -..-\n"
         "expect benefit b  1500000u\nexpect total   2000000u"},
        {"example \"e\"\ngiven own_full 5, line, code \"X\", kind drug, qty 2, date 2022-01-01, in_scope_own 7.25\nexpect b 1",
         "算例 \"e\"\n已知 自费 5，费用行，编码 \"X\"，项目类别 药品，数量 2，费用日期 2022-01-01，范围内自付 7.25\n应得 b 1",
         "example \"e\" source \"\"\nstep 0\ngiven amount own_full 5000000u -..-\ngiven line line  0u -..-\ngiven line-word code X 0u -..-\n"
         "given line-word kind drug 0u -..-\ngiven line-word qty 2000000u -..-\ngiven line-word date 0u 2022-01-01..-\n"
         "given amount in_scope_own 7250000u -..-\nexpect benefit b  1000000u"},
        {"example \"e\"\ngiven diagnosis \"C34\" since 2020-01-01, history \"I10\", class ill, paid commercial own_full 3\nexpect b 1",
         "算例 \"e\"\n已知 诊断 \"C34\" 始于 2020-01-01，既往 \"I10\"，人群 ill，已付 商业 自费 3\n应得 b 1",
         "example \"e\" source \"\"\nstep 0\ngiven diagnosis diagnosis C34 0u 2020-01-01..-\ngiven diagnosis history I10 0u -..-\n"
         "given class class ill 0u ref ill -..-\ngiven paid own_full commercial 3000000u -..-\nexpect benefit b  1000000u"},
        {"example \"e\"\ngiven first_enrolled 2020-01-01, cover 2022-01-01 .., claim_free_years 2, endorsed e, family \"F\", person \"P\", status lapsed\nexpect b 1",
         "算例 \"e\"\n已知 首次参保日 2020-01-01，保险期间 2022-01-01 ..，无理赔年数 2，批单 e，家庭 \"F\"，参保人 \"P\"，保单状态 失效\n应得 b 1",
         "example \"e\" source \"\"\nstep 0\ngiven policy first_enrolled 0u 2020-01-01..-\ngiven policy cover  0u 2022-01-01..-\n"
         "given policy claim_free_years 2000000u -..-\ngiven policy endorsed e 0u ref e -..-\ngiven policy family F 0u -..-\n"
         "given policy person P 0u -..-\ngiven policy status lapsed 0u -..-\nexpect benefit b  1000000u"},
        {"example \"e\"\ngiven before b filled 1, before b over 2, before b paid 3, born 1980-01-01, from 2022-01-01, to 2022-01-02, settled_on 2022-01-03, stay \"S\", procedure \"3\"\nexpect b 1",
         "算例 \"e\"\n已知 此前 b 已抵扣 1，此前 b 已超额 2，此前 b 已付 3，出生日期 1980-01-01，入院日期 2022-01-01，出院日期 2022-01-02，结算日期 2022-01-03，住院号 \"S\"，手术操作 \"3\"\n应得 b 1",
         "example \"e\" source \"\"\nstep 0\ngiven counter filled 1000000u ref b -..-\ngiven counter over 2000000u ref b -..-\n"
         "given counter paid 3000000u ref b -..-\ngiven fact born 0u 1980-01-01..-\ngiven fact from 0u 2022-01-01..-\ngiven fact to 0u 2022-01-02..-\n"
         "given fact settled_on 0u 2022-01-03..-\ngiven fact stay S 0u -..-\ngiven fact procedure 3 0u -..-\nexpect benefit b  1000000u"},
        {"example \"e\"\ngiven own_full 1\nexpect refused not-mine\nexpect allowance b 5\ngiven class none\nexpect refused b no-more",
         "算例 \"e\"\n已知 自费 1\n应得 拒付 not-mine\n应得 津贴 b 5\n已知 人群 无\n应得 拒付 b no-more",
         "example \"e\" source \"\"\nstep 0\ngiven amount own_full 1000000u -..-\nexpect refused  not-mine 0u\nexpect allowance b  5000000u\n"
         "step 1\ngiven class class none 0u -..-\nexpect refused b no-more 0u"},
    };
    check_clauses("plan p \"x\"\n", "方案 p \"x\"\n", rows, COUNT_OF(rows));
}

static void test_chain(void **state) {
    (void)state;
    static const struct clause_row rows[] = {
        {"source \"s\", grade B", "来源 \"s\"，等级 B", "chain c \"x\"/\"x\" source \"s\" grade B"},
        {"region \"1\", \"2\"", "统筹区 \"1\"，\"2\"", "region 1\nregion 2"},
        {"fund hifp_pay takes in_scope, own_first", "基金 hifp_pay 纳入 符合范围，先行自付", "fund hifp_pay c"},
        {"then a", "其后 a", "then plan a fills 0 0"},
        {"then a fills deductibles yes\nthen b fills deductibles no", "其后 a 抵扣免赔额 是\n其后 b 抵扣免赔额 否",
         "then plan a fills 1 1\nthen plan b fills 1 0"},
        {"then policies by date", "其后 保单按日期", "then policies by date  fills 0 0"},
        {"then policies as listed", "其后 保单按账单", "then policies as listed  fills 0 0"},
    };
    check_clauses("chain c \"x\"\n", "支付链 c \"x\"\n", rows, COUNT_OF(rows));
}

/* ---- findings: every code of the syntax has a text that shows it ---------------------------------------------- */

#define B "plan p \"x\"\nbenefit b \"x\"\n" /* two lines */

static const struct finding_row {
    const char *text, *findings;
} finding_rows[] = {
    {"", "no-head 1:1\n"},
    {"benefit b \"x\"", "no-head 1:1\n"},
    {"plam p \"x\"", "misspelt 1:1\n"},
    {"plan p", "expected 1:7\n"},
    {"plan \"x\"", "expected 1:6\n"},
    {"plan limit \"x\"", "name-is-word 1:6\n"},
    {"plan 封顶 \"x\"", "name-is-word 1:6\n"},
    {"plan p \"x\"\nkind 商业", "chinese-word 2:6\n"},
    {"方案 p \"x\"\nkind 商业", "english-word 2:1\n"},
    {"方案 p \"x\"\n责任 b \"x\"\n给付 80%，on base", "english-word 3:8\n"},
    {"方案 p \"x\"\n责任 b \"x\"\n限于 visit = 住院", "english-word 3:4\n"},
    {"plan p \"x\"\nfoo 5", "unknown-clause 2:1\n"},
    {"plan p \"x\"\n, 5", "unknown-clause 2:1\n"},
    {"plan p \"x\"\ncap 5 each year", "misplaced-clause 2:1\n"},
    {"chain c \"x\"\nbenefit b \"x\"\nthen a", "misplaced-clause 2:1\n"},
    {"list l \"x\"\nbenefit b \"x\"", "misplaced-clause 2:1\n"},
    {"plan p \"x\"\nunderwriting u \"x\"\npremium x", "reserved-section 2:1\nreserved-section 3:1\n"},
    {B "deductable none", "misspelt 3:1\n"},
    {B "cap 5 each yaer", "misspelt 3:12\n"},
    {"方案 p \"x\"\n责任 b \"x\"\n免赔额20_000 每年", "blank-missing 3:1\n"},
    {B "cap", "expected 3:4\n"},
    {B "cap 5\npays 80%", "expected 3:6\n"},
    {B "cap each year", "expected 3:5\n"},
    {B "takes own_ful", "misspelt 3:7\n"},
    {B "takes foo", "expected 3:7\n"},
    {B "pays 80% to 5", "expected-word 3:14\n"},
    {B "cap min(1 2) each year", "expected 3:11\n"},
    {B "cap (1 each year", "expected 3:8\n"},
    {B "where visit in inpatient", "expected 3:16\n"},
    {B "where age < high", "expected 3:13\n"},
    {B "where and poor", "expected 3:7\n"},
    {B "where (poor or)", "expected 3:15\n"},
    {B "pays by: yes 1%", "expected 3:8\n"},
    {B "pays by sex M 1%", "expected 3:13\n"},
    {B "allowance 5 each year after 1 days", "expected 3:13\n"},
    {B "cap none extra", "expected 3:10\n"},
    {B "splits in line order now", "left-over 3:22\n"},
    {B "where poor poor", "left-over 3:12\n"},
    {B "times 60% cap none", "clause-same-line 3:11\n"},
    {B "takes own_full\ntakes own_full", "clause-twice 4:1\n"},
    {"plan p \"x\"\nkind commercial\nkind commercial", "clause-twice 3:1\n"},
    {B "waiting 1.5 days", "whole-number 3:9\n"},
    {B "waiting 99_999 days", "whole-number 3:9\n"},
    {B "pays by sex, age, days, visit: M 1 1 inpatient 1%", "by-facts 3:25\n"},
    {B "where age in list l", "not-listed 3:7\n"},
    {"plan p \"x\"\n  benefit b \"x\"\n  exclude e \"x\" when poor", "scope-doubtful 3:3\n"},
    {"plan p \"x\"\n  benefit b \"x\"\n    exclude e \"x\" when poor", ""},
    {"plan p \"x\"\nexample \"e\"\ngiven code \"X\", own_full 1\nexpect total 1", "line-missing 3:7\n"},
    {"plan p \"x\"\nexample \"e\"", "example-open 2:1\n"},
    {"plan p \"x\"\nexample \"e\"\ngiven own_full 1", "example-open 2:1\n"},
    {"plan p \"x\"\nexample \"e\"\ngiven own_full 1,\nexpect total 1", "expected 3:18\n"},
    {"plan p \"x\"\nexample \"e\"\ngiven own_full 1\nexpect total 1, limit 2", "expected 4:17\n"},
    {"plan p \"x\"\nin force 2022-02-30 ..", "bad-date 2:10\n"},
    {"plan p \"x\"\nsource \"s\", grade E", "expected 2:19\n"},
    {"plan p \"x\"\ncounts by discharg", "misspelt 2:11\n"},
    {"plan p \"x\"\nco-insurers \"a\" 50%", "expected 2:20\n"},
    {"plan p \"x\"\nreads a (yes or no", "expected 2:19\n"},
    {"plan p \"x\"\nparameter cap \"x\" from 2022-01-01 .. 5", "name-is-word 2:11\n"},
    {"chain c \"x\"\nthen", "expected 2:5\n"},
    {"list l \"x\"\ncode X", "expected 2:6\n"},
    {"list l \"x\"\nrange \"A\" \"B\"", "expected 2:11\n"},
    {"list l \"x\" of drugs", "misspelt 1:15\n"},
    {"plan p \"x\nkind foo", "text-open 1:8\nexpected 2:6\n"}, /* one report for the text, none for the label it is not */
};

static void test_findings(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(finding_rows); i++) {
        struct text *t = text_parse(str_from(finding_rows[i].text));
        struct buf got;
        buf_init(&got, 1u << 20);
        text_findings(t, &got);
        buf_add_char(&got, '\0');
        if (strcmp(got.p, finding_rows[i].findings) != 0)
            fail_msg("\n%s\n---- got\n%s\n---- want\n%s", finding_rows[i].text, got.p, finding_rows[i].findings);
        buf_done(&got);
        text_done(t);
    }
}

/* ---- recovery ----------------------------------------------------------------------------------------------------- */

static void test_recovery(void **state) {
    (void)state;
    struct text *t = text_parse(STR("plan p \"x\"\n"
                                    "  kind commercal\n"
                                    "  sourse \"s\", grade D\n"
                                    "  currency CNY rounded half-up once per benefit\n"
                                    "  class c \"c\" when\n"
                                    "  benefit a \"a\"\n"
                                    "    takes own_ful\n"
                                    "    deductible 5 each yaer\n"
                                    "    pays 80%\n"
                                    "    wher poor\n"
                                    "      and old\n"
                                    "    cap 1_000 each year\n"
                                    "  benefit b \"b\"\n"
                                    "    limit 5 per thing each year\n"
                                    "    cap none\n"
                                    "  example \"e\"\n"
                                    "    given visit\n"
                                    "    expect a 5\n"));
    struct buf got;
    buf_init(&got, 1u << 20);
    text_findings(t, &got);
    text_assert(&got, "misspelt 2:8\nmisspelt 3:3\nexpected 4:16\nexpected 5:19\nmisspelt 7:11\nmisspelt 8:23\nmisspelt 10:5\nexpected 14:13\n"
                      "expected 17:16\n");
    buf_done(&got);
    const struct plan *p = t->file->plans[0];
    assert_int_equal(p->benefit_count, 2); /* what was right is read */
    assert_true(p->benefits[0].pays.written);
    assert_int_equal(p->benefits[0].cap_count, 1);
    assert_true(p->benefits[1].caps[0].nothing);
    assert_int_equal(p->condition_count, 0); /* a class without a condition is none */
    assert_int_equal(p->benefits[1].limit_count, 0);
    assert_int_equal(p->examples[0].steps[0].expect_count, 1);
    text_done(t);
}

static void test_twenty_and_more(void **state) {
    (void)state;
    struct buf s;
    buf_init(&s, 1u << 20);
    buf_add_cstr(&s, B);
    for (int i = 0; i < 50; i++) buf_add_cstr(&s, "cap foo foo\n");
    struct text *t = text_parse(buf_view(&s));
    assert_int_equal(t->d.count, LIMIT_PLAN_DIAGNOSTICS);
    assert_int_equal(t->d.dropped, 30);
    assert_int_equal(t->d.error_count, 50);
    text_done(t);
    buf_done(&s);
}

/* ---- limits ---------------------------------------------------------------------------------------------------------- */

static void repeat(struct buf *b, const char *s, int n) {
    for (int i = 0; i < n; i++) buf_add_cstr(b, s);
}

static const char *first_code(struct buf *b) {
    struct text *t = text_parse(buf_view(b));
    const char *code = t->d.count ? t->d.items[0].code : "";
    text_done(t);
    return code;
}

static void test_limits(void **state) {
    (void)state;
    static const struct {
        const char *head, *open, *middle, *close, *tail, *code;
        int fits; /* so often, not once more */
    } rows[] = {
        {B "where ", "(", "poor", ")", "", "too-deep", LIMIT_PLAN_DEPTH},
        {B "where ", "not ", "poor", "", "", "too-deep", LIMIT_PLAN_DEPTH},
        {B "cap ", "(", "1", ")", " each year", "too-deep", LIMIT_PLAN_DEPTH},
        {B "cap ", "min(1, ", "1", ")", " each year", "too-deep", LIMIT_PLAN_DEPTH},
        {B "where poor", " or poor", "", "", "", "too-deep", LIMIT_PLAN_TERMS / 2 - 1},
        {B "cap 1", " + 1", "", "", " each year", "too-deep", LIMIT_PLAN_TERMS / 2 - 1},
        {B "where visit in (chronic", ", chronic", "", "", ")", "too-many", LIMIT_PLAN_PARTS - 1},
        {B "cap 1", ", a 1", "", "", " each year", "too-many", LIMIT_PLAN_PARTS},
        {B, "limit 5 each year\n", "", "", "", "too-many", LIMIT_PLAN_PARTS},
        {"plan p \"x\"\n", "benefit b \"x\"\n", "", "", "", "too-many", LIMIT_PLAN_BENEFITS},
        {"plan p \"x\"\n", "case c \"x\" when poor\n", "", "", "", "too-many", LIMIT_PLAN_NAMES},
        {"plan p \"x\"\n", "list l \"x\"\n", "", "", "", "too-many", LIMIT_PLAN_LISTS},
        {"plan p \"x\"\n", "example \"x\"\ngiven own_full 1\nexpect total 1\n", "", "", "", "too-many", LIMIT_PLAN_EXAMPLES},
        {"plan p \"x\"\nreads a (number)", ", a (number)", "", "", "", "too-many", LIMIT_PLAN_READS - 1},
        {"chain c \"x\"\n", "then a\n", "", "", "", "too-many", LIMIT_CHAIN_PAYERS},
        {"list l \"x\"\n", "code \"A\"\n", "", "", "", "list-long", LIMIT_PLAN_LIST_ENTRIES},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int more = 0; more < 2; more++) {
            struct buf s;
            buf_init(&s, 8u << 20);
            buf_add_cstr(&s, rows[i].head);
            repeat(&s, rows[i].open, rows[i].fits + more);
            buf_add_cstr(&s, rows[i].middle);
            repeat(&s, rows[i].close, rows[i].fits + more);
            buf_add_cstr(&s, rows[i].tail);
            const char *code = first_code(&s);
            if (strcmp(code, more ? rows[i].code : "") != 0) fail_msg("%s%s… × %d: %s", rows[i].head, rows[i].open, rows[i].fits + more, code);
            buf_done(&s);
        }
    }
}

/* 50,000 entries: one report more costs no second pass, and the memory is the entries' own. */
static void test_large_list(void **state) {
    (void)state;
    struct buf s;
    buf_init(&s, 8u << 20);
    buf_add_cstr(&s, "list l \"x\" of drug\n");
    for (int i = 0; i < LIMIT_PLAN_LIST_ENTRIES; i++) buf_printf(&s, "  code \"XL%05d\" \"a drug of the list\" group \"g%d\" share 70%%\n", i, i % 97);
    struct text *t = text_parse(buf_view(&s));
    assert_int_equal(t->d.count, 0);
    assert_int_equal(t->file->lists[0]->entry_count, LIMIT_PLAN_LIST_ENTRIES);
    assert_true(str_eq(t->file->lists[0]->entries[49'999].text, STR("XL49999")));
    assert_true(t->a.bytes_used < 64u << 20);
    text_done(t);
    buf_done(&s);
}

/* ---- hostile input --------------------------------------------------------------------------------------------------- */

static const char everything[] =
    B "needs statutory settled\ntakes own_full + rest of b, at share of list l, rounded down per line\nwhere visit in (inpatient, chronic) and not (age >= 5 or ill)\n"
    "waiting 30 days unless renewed\nexclude e \"x\" when kind = bed\ncounts at most 3 times per item each year for code in list l\n"
    "first share 10%, ill 20% before deductible\ndeductible by sex: M 5, F 6, otherwise max(1 - 2 * age, 0) each year, filled by commercial\n"
    "pays 60% to 5_000 then 70%, ill 40% in order, on over each year\ntimes 60%\nlimit 5 per item each stay\ncap (5 * 50% rounded up) lifetime per family\n"
    "splits in line order\nbenefit w \"x\"\nallowance 5 each icu-day after 5 days, at most 5 days each stay\nlist l \"x\" of drug\ncode \"A\" \"n\" group \"g\" share 5% from "
    "2022-01-01 ..\nclass ill \"x\" when first diagnosis of list l before first enrolment\nexample \"e\" source \"s\"\ngiven class ill, line, code \"A\", paid commercial "
    "own_full 5, before b filled 5, cover 2022-01-01 .. 2022-02-01, history \"I\" since 2022-01-01\nexpect b 5, refused b not-mine, total 5\nchain c \"x\"\nfund f takes in_scope, "
    "own_full\nthen a fills deductibles no\nthen policies by date\nlist m \"x\"\nprefix \"B\"\n";

/* Tokens deleted, doubled or swapped: the parser ends, within bounds, and a text of which something is missing never crashes a later use. */
static void test_random_edits(void **state) {
    (void)state;
    uint64_t seed = 20'220'101;
    struct text *whole = text_parse((struct str){everything, sizeof(everything) - 1});
    assert_int_equal(whole->d.count, 0);
    for (int round = 0; round < 3000; round++) {
        struct buf s;
        buf_init(&s, 1u << 20);
        text_edit(whole, &seed, &s);
        struct text *t = text_parse(buf_view(&s));
        struct buf dump;
        buf_init(&dump, 4u << 20);
        dump_file(&dump, t->file); /* reads the whole tree: nothing half made is in it */
        for (uint32_t i = 0; i < t->d.count; i++) plan_diagnostic_print(&t->d.items[i], true, true, true, &dump);
        buf_done(&dump);
        text_done(t);
        buf_done(&s);
    }
    text_done(whole);
}

/* Cut anywhere. */
static void test_truncated(void **state) {
    (void)state;
    for (size_t n = 0; n < sizeof(everything) - 1; n++) {
        char *copy = malloc(n + 1); /* its own block: reading too far is found */
        assert_non_null(copy);
        memcpy(copy, everything, n);
        struct text *t = text_parse((struct str){copy, n});
        text_done(t);
        free(copy);
    }
}

static void test_no_memory(void **state) {
    (void)state;
    size_t failed = 0, limit = 0;
    static struct plan_diagnostics d;
    for (; failed < 10'000; limit += 512) {
        struct arena a;
        struct plan_source source = {STR("t"), {everything, sizeof(everything) - 1}};
        struct plan_file *file;
        arena_init(&a, limit);
        d = (struct plan_diagnostics){0};
        struct status s = plan_parse(&a, &source, &d, &file);
        bool good = !status_failed(s);
        if (!good) assert_string_equal(s.err->code, "out-of-memory");
        arena_done(&a);
        if (good) break;
        failed++;
    }
    assert_true(failed > 10 && failed < 10'000);
}

/* ---- library ----------------------------------------------------------------------------------------------------------- */

static void test_library(void **state) {
    (void)state;
    struct text *one = text_parse(STR("plan a \"x\"\nplan b \"x\"")), *two = text_parse(STR("plan a \"x\""));
    struct text *lists = text_parse(STR("list l \"x\"\nlist l \"x\"\nlist m \"x\"")), *chains = text_parse(STR("chain c \"x\"\nchain c \"x\""));
    struct plan_library lib = {0};
    static struct plan_diagnostics d;
    d = (struct plan_diagnostics){0};
    struct text *all[] = {one, two, lists, chains};
    for (size_t i = 0; i < COUNT_OF(all); i++) assert_false(status_failed(plan_library_add(&one->a, &lib, all[i]->file, &d)));
    assert_int_equal(d.count, 3);
    assert_string_equal(d.items[0].code, "plan-twice");
    assert_string_equal(d.items[1].code, "list-twice");
    assert_string_equal(d.items[2].code, "chain-twice");
    assert_int_equal(d.items[2].line, 2);
    assert_int_equal(lib.plan_count, 2);
    assert_int_equal(lib.list_count, 2);
    assert_int_equal(lib.chain_count, 1);
    assert_ptr_equal(plan_library_find(&lib, STR("b")), one->file->plans[1]);
    assert_null(plan_library_find(&lib, STR("z")));
    assert_ptr_equal(plan_library_chain(&lib, STR("c")), chains->file->chains[0]);
    for (size_t i = COUNT_OF(all); i-- > 0;) text_done(all[i]);
}

/* ---- every code of the syntax is shown by a text of these tests ---------------------------------------------------------- */

static void test_codes_complete(void **state) {
    (void)state;
    static const char *const all[] = {
#define X(id, severity, code, zh, en, hint_zh, hint_en) code,
#include "plan/syntax/diagnostics.def"
#undef X
    };
    static const char *const checker[] = {
#define X(id, severity, code, zh, en, hint_zh, hint_en) code,
#include "plan/check/check.def"
#undef X
    };
    /* Shown by test_lex, and by the limits and the library above. */
    static const char *const elsewhere[] = {"file-large", "not-utf8", "nul-byte", "control-character", "stray-character", "wide-sign", "wrong-quote",
                                            "look-alike", "name-long", "text-escape", "text-long", "bad-number", "number-decimals", "number-large",
                                            "ratio-decimals", "ratio-above-one", "list-long", "plan-twice", "list-twice", "chain-twice"};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        bool found = false;
        for (size_t k = i + 1; k < COUNT_OF(all); k++) assert_string_not_equal(all[i], all[k]);
        for (size_t k = 0; k < COUNT_OF(checker) && !found; k++) found = strcmp(all[i], checker[k]) == 0;
        for (size_t k = 0; k < COUNT_OF(elsewhere) && !found; k++) found = strcmp(all[i], elsewhere[k]) == 0;
        for (size_t k = 0; k < COUNT_OF(finding_rows) && !found; k++) {
            const char *at = strstr(finding_rows[k].findings, all[i]);
            found = at && at[strlen(all[i])] == ' ';
        }
        if (!found) fail_msg("no test shows %s", all[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),     cmocka_unit_test(test_sections),       cmocka_unit_test(test_benefit),
        cmocka_unit_test(test_values),     cmocka_unit_test(test_conditions),     cmocka_unit_test(test_example),
        cmocka_unit_test(test_chain),      cmocka_unit_test(test_findings),       cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_twenty_and_more), cmocka_unit_test(test_limits),    cmocka_unit_test(test_large_list),
        cmocka_unit_test(test_random_edits), cmocka_unit_test(test_truncated),    cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_library),    cmocka_unit_test(test_codes_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
