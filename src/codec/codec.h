/* codec — JSON, CSV and compression, both ways, strict and bounded.
 *
 * Who uses it: bill and settle (JSON in and out), compare (CSV), journal (compression before sealing), the command line. Pure: works on bytes in memory.
 * Invariants: what the reader accepts is RFC 8259 (or RFC 4180) and nothing more; number text and unknown members
 * survive byte for byte; the writers produce only what the readers accept. Every failure has a stable code, both
 * languages, a hint and a place: "LINE:COLUMN" and, where known, the path, as in "4:17 lines[3].amount" (both from 1,
 * columns in characters; array indexes from 0). In errors.def: all codes.
 */
#ifndef YIJIE_CODEC_H
#define YIJIE_CODEC_H

#include "base/base.h"

/* ---- JSON in --------------------------------------------------------------------------------- */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* One value. Everything it points to lives in the arena given to json_parse, nothing in the caller's bytes. */
struct json {
    enum json_kind kind;
    bool boolean;
    struct str text;          /* string: decoded, valid UTF-8 without NUL characters; number: its text as written */
    struct str raw;           /* the bytes of this value in the source, for byte-for-byte survival */
    uint32_t count;           /* items of an array, members of an object */
    const struct json *items; /* in the order of the source */
    const struct str *names;  /* objects: names[i] belongs to items[i], no two equal */
};

/* Reads one document. Strict RFC 8259; besides: at most LIMIT_JSON_BYTES and LIMIT_JSON_DEPTH, strings and numbers at most
 * LIMIT_JSON_TEXT_BYTES, no duplicate names, no lone surrogates, no U+0000 in strings, no byte-order mark.
 * Fails with json-too-large, json-byte-order-mark, json-not-utf8, json-empty, json-syntax, json-number, json-escape,
 * json-control-character, json-unclosed-string, json-nul, json-text-too-long, json-too-deep, json-duplicate-key,
 * json-trailing-text, out-of-memory. Cost: about 1 ns a byte; arena: the bytes, 64 a value and 16 a name.
 * Besides the arena it asks the system for working memory, and gives it back before it returns. */
struct status json_parse(struct arena *a, struct str bytes, const struct json **ret);

const struct json *json_get(const struct json *object, struct str name); /* NULL when absent or not an object */
/* Integer text only: no fraction, no exponent, no "-0"; false also when it passes 64 bits or v is no number. */
bool json_to_i64(const struct json *v, int64_t *ret);
const char *json_kind_name(enum json_kind k, bool zh); /* "string" / "文本" … for messages */
/* Where v begins in the document whose root is `root`: "LINE:COLUMN", for messages about content. Cost O(bytes). */
struct str json_place(struct arena *a, const struct json *root, const struct json *v);

/* ---- JSON out -------------------------------------------------------------------------------- */

/* Append-only. Commas, line breaks and indentation are its business; that every begin has its end and every member
 * a name is the caller's (a bug otherwise: CHECK). Out of room shows in out->failed, once, at the end.
 * Strings must be UTF-8; a broken byte becomes U+FFFD. Nesting at most 64. */
struct json_writer {
    struct buf *out;
    bool pretty;        /* two spaces a level, else no blanks at all */
    bool named;         /* a name waits for its value */
    uint8_t depth;
    uint64_t is_object; /* bit per level */
    uint64_t is_filled; /* bit per level: something was written, a comma is due */
};
void json_writer_init(struct json_writer *w, struct buf *out, bool pretty);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_name(struct json_writer *w, struct str name);
void json_string(struct json_writer *w, struct str s);
void json_i64(struct json_writer *w, int64_t v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
void json_raw(struct json_writer *w, struct str json); /* one whole value, trusted, as it is */
void json_value(struct json_writer *w, const struct json *v); /* a tree; numbers as written */
/* A member in one call. */
void json_member_string(struct json_writer *w, struct str name, struct str s);
void json_member_i64(struct json_writer *w, struct str name, int64_t v);
void json_member_bool(struct json_writer *w, struct str name, bool v);

/* Canonical form (RFC 8785) for what signatures cover: no blanks, names sorted by UTF-16 code units, shortest escapes.
 * Numbers must be integers within ±(2^53 − 1) and not "-0", else json-canonical-number. `a` holds the sorting. */
struct status json_canonical(struct arena *a, const struct json *v, struct buf *out);

/* ---- CSV ------------------------------------------------------------------------------------- */

/* RFC 4180, row by row. A byte-order mark is skipped; CRLF and LF end a row; empty lines are skipped; quoted fields may
 * hold separators, quotes (doubled) and line breaks. The first row is the header: names, no two equal, none empty.
 * All rows have as many fields as the header. At most LIMIT_CSV_FIELDS fields of LIMIT_CSV_FIELD_BYTES. */
struct csv {
    struct str bytes; /* borrowed */
    size_t at;
    uint32_t line;    /* of `at`, from 1 */
    const struct str *names;
    uint32_t name_count;
};
struct csv_row {
    const struct str *fields; /* name_count; point into the bytes, or into the arena where quotes were doubled */
    uint32_t line;            /* where the row begins */
};
/* Checks UTF-8 and reads the header into the arena. Fails with csv-not-utf8, csv-nul, csv-empty, csv-header, and as csv_next. */
struct status csv_open(struct arena *a, struct str bytes, struct csv *ret);
/* Next row, or *ret_more = false behind the last. The caller may rewind the arena after each row. Fails with csv-quote,
 * csv-line-break, csv-field-count, csv-field-too-long, csv-too-many-fields. Place: "LINE:FIELD NAME". */
struct status csv_next(struct csv *c, struct arena *a, struct csv_row *ret, bool *ret_more);
/* The place of the name in the header; false when absent. */
bool csv_find(const struct csv *c, struct str name, uint32_t *ret_index);

/* Writes rows ended by CRLF; quotes only where needed. It does not guard against spreadsheet formulas: a caller whose
 * texts come from strangers must put an apostrophe before a leading '=', '+', '-', '@' of texts that are no numbers. */
struct csv_writer {
    struct buf *out;
    uint32_t field_count; /* in this row */
};
void csv_writer_init(struct csv_writer *w, struct buf *out);
void csv_field(struct csv_writer *w, struct str s);
void csv_field_i64(struct csv_writer *w, int64_t v);
void csv_row_end(struct csv_writer *w);

/* ---- compression --------------------------------------------------------------------------------- */

/* Zstandard (RFC 8878), level 1, one frame with its size and checksum. Texts up to COMPRESS_DICTIONARY_BYTES are compressed with our dictionary of
 * what bills look like, whose id stands in the frame; every dictionary ever used stays readable. Contexts are made at first use and kept: some hundred KiB
 * each way. Not thread-safe. */
enum { COMPRESS_DICTIONARY_BYTES = 64 * 1024, COMPRESS_DICTIONARY_COUNT = 1 };
struct compressor {
    void *pack, *pack_dictionary, *unpack, *unpack_dictionary[COMPRESS_DICTIONARY_COUNT];
};
void compressor_init(struct compressor *z);
void compressor_done(struct compressor *z);
struct status compress_zstd(struct compressor *z, struct arena *a, struct str in, struct str *ret);
/* The result lies in the arena, with a NUL behind it. Fails with compressed-damaged (not one whole frame of ours, or the checksum differs),
 * compressed-too-large (more than bytes_max; nothing of that size is ever allocated), compressed-dictionary. */
struct status decompress_zstd(struct compressor *z, struct arena *a, struct str in, size_t bytes_max, struct str *ret);

#endif
