/* statements — every SQL text of the registry, for both stores.
 *
 * Who uses it: load, flush, world. Invariants: what the hot path reads names the cover, or the look-up by which a cover is found; writes are whole rows (upserts), so that
 * a row goes out the same way whether it is new or changed; moves of a merged cover run before everything else of a flush.
 */
#include "registry/internal.h"

#define Q(ID, text_name, in, out, is_hot, lite, pg) \
    [REGISTRY_##ID] = {.name = (text_name), .params = (in), .results = (out), .sqlite = (lite), .postgres = (pg), .hot = (is_hot)}

static const struct store_statement items[REGISTRY_STATEMENT_COUNT] = {
    Q(Q_LOOKUP, "registry.identifiers_by_lookup", "b", "ibiiiii", true,
      "SELECT key_version, person, cover, valid_from, valid_to, recorded, superseded FROM identifiers WHERE lookup = ?1 ORDER BY recorded",
      "SELECT w.n, i.key_version, i.person, i.cover, i.valid_from, i.valid_to, i.recorded, i.superseded FROM unnest($1::bytea[]) WITH ORDINALITY AS w(lookup, n) "
      "JOIN identifiers i ON i.lookup = w.lookup ORDER BY w.n, i.recorded"),
    Q(Q_PERSONS, "registry.persons_by_cover", "i", "biBBBI", true,
      "SELECT p.person, p.registered, p.merged_into, k.wrapped, d.sealed, d.seq FROM persons p LEFT JOIN person_keys k ON k.cover = p.cover AND k.person = p.person "
      "LEFT JOIN person_data d ON d.cover = p.cover AND d.person = p.person WHERE p.cover = ?1 ORDER BY p.person",
      "SELECT w.n, p.person, p.registered, p.merged_into, k.wrapped, d.sealed, d.seq FROM unnest($1::bigint[]) WITH ORDINALITY AS w(cover, n) "
      "JOIN persons p ON p.cover = w.cover LEFT JOIN person_keys k ON k.cover = p.cover AND k.person = p.person "
      "LEFT JOIN person_data d ON d.cover = p.cover AND d.person = p.person ORDER BY w.n, p.person"),
    Q(Q_POLICIES, "registry.policies_by_cover", "i", "btttiitBii", true,
      "SELECT person, policy, plan, status, valid_from, valid_to, data, sealed, recorded, superseded FROM policies WHERE cover = ?1 ORDER BY policy, recorded",
      "SELECT w.n, p.person, p.policy, p.plan, p.status, p.valid_from, p.valid_to, p.data, p.sealed, p.recorded, p.superseded "
      "FROM unnest($1::bigint[]) WITH ORDINALITY AS w(cover, n) JOIN policies p ON p.cover = w.cover ORDER BY w.n, p.policy, p.recorded"),
    Q(Q_CONSENTS, "registry.consents_by_cover", "i", "bitii", true,
      "SELECT person, n, data, withdrawn, seq FROM consents WHERE cover = ?1 ORDER BY person, n",
      "SELECT w.n, c.person, c.n, c.data, c.withdrawn, c.seq FROM unnest($1::bigint[]) WITH ORDINALITY AS w(cover, n) JOIN consents c ON c.cover = w.cover "
      "ORDER BY w.n, c.person, c.n"),
    Q(Q_IDENTIFIERS, "registry.identifiers_by_cover", "i", "bibiiii", false,
      "SELECT lookup, key_version, person, valid_from, valid_to, recorded, superseded FROM identifiers WHERE cover = ?1 ORDER BY lookup, recorded",
      "SELECT w.n, i.lookup, i.key_version, i.person, i.valid_from, i.valid_to, i.recorded, i.superseded FROM unnest($1::bigint[]) WITH ORDINALITY AS w(cover, n) "
      "JOIN identifiers i ON i.cover = w.cover ORDER BY w.n, i.lookup, i.recorded"),
    Q(Q_WORLD_NAME, "registry.world_by_name", "tt", "iitii", false,
      "SELECT valid_from, valid_to, data, recorded, superseded FROM world WHERE kind = ?1 AND name = ?2 ORDER BY recorded",
      "SELECT w.n, x.valid_from, x.valid_to, x.data, x.recorded, x.superseded FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(kind, name, n) "
      "JOIN world x ON x.kind = w.kind AND x.name = w.name ORDER BY w.n, x.recorded"),
    Q(Q_WORLD, "registry.world_standing", "", "ttiiti", false,
      "SELECT kind, name, valid_from, valid_to, data, recorded FROM world WHERE superseded = 9223372036854775807 ORDER BY kind, name, recorded",
      "SELECT 1::bigint, kind, name, valid_from, valid_to, data, recorded FROM world WHERE superseded = 9223372036854775807 ORDER BY kind, name, recorded"),
    Q(Q_TEXT, "registry.text_by_hash", "b", "b", false, "SELECT body FROM texts WHERE hash = ?1",
      "SELECT w.n, t.body FROM unnest($1::bytea[]) WITH ORDINALITY AS w(hash, n) JOIN texts t ON t.hash = w.hash ORDER BY w.n"),
    Q(Q_VERSION, "registry.world_version", "", "i", false, "SELECT version FROM world_version WHERE shard = 0", "SELECT 1::bigint, version FROM world_version WHERE shard = 0"),

    Q(W_MOVE_PERSONS, "registry.persons_move", "ii", "", false, "UPDATE persons SET cover = ?1 WHERE cover = ?2",
      "UPDATE persons p SET cover = m.to_cover FROM unnest($1::bigint[], $2::bigint[]) AS m(to_cover, from_cover) WHERE p.cover = m.from_cover"),
    Q(W_MOVE_DATA, "registry.person_data_move", "ii", "", false, "UPDATE person_data SET cover = ?1 WHERE cover = ?2",
      "UPDATE person_data p SET cover = m.to_cover FROM unnest($1::bigint[], $2::bigint[]) AS m(to_cover, from_cover) WHERE p.cover = m.from_cover"),
    Q(W_MOVE_POLICIES, "registry.policies_move", "ii", "", false, "UPDATE policies SET cover = ?1 WHERE cover = ?2",
      "UPDATE policies p SET cover = m.to_cover FROM unnest($1::bigint[], $2::bigint[]) AS m(to_cover, from_cover) WHERE p.cover = m.from_cover"),
    Q(W_MOVE_CONSENTS, "registry.consents_move", "ii", "", false, "UPDATE consents SET cover = ?1 WHERE cover = ?2",
      "UPDATE consents p SET cover = m.to_cover FROM unnest($1::bigint[], $2::bigint[]) AS m(to_cover, from_cover) WHERE p.cover = m.from_cover"),
    Q(W_MOVE_IDENTIFIERS, "registry.identifiers_move", "ii", "", false, "UPDATE identifiers SET cover = ?1 WHERE cover = ?2",
      "UPDATE identifiers p SET cover = m.to_cover FROM unnest($1::bigint[], $2::bigint[]) AS m(to_cover, from_cover) WHERE p.cover = m.from_cover"),
    /* Old events are sealed under (their cover, person): the key stays there too. */
    Q(W_COPY_KEYS, "registry.person_keys_copy", "ii", "", false,
      "INSERT INTO person_keys (cover, person, wrapped) SELECT ?1, person, wrapped FROM person_keys WHERE cover = ?2 ON CONFLICT (cover, person) DO NOTHING",
      "INSERT INTO person_keys (cover, person, wrapped) SELECT m.to_cover, k.person, k.wrapped FROM unnest($1::bigint[], $2::bigint[]) AS m(to_cover, from_cover) "
      "JOIN person_keys k ON k.cover = m.from_cover ON CONFLICT (cover, person) DO NOTHING"),

    Q(W_PERSON, "registry.persons_put", "ibiB", "", false,
      "INSERT INTO persons (cover, person, registered, merged_into) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (cover, person) DO UPDATE SET merged_into = excluded.merged_into",
      "INSERT INTO persons (cover, person, registered, merged_into) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[]) "
      "ON CONFLICT (cover, person) DO UPDATE SET merged_into = excluded.merged_into"),
    Q(W_DATA, "registry.person_data_put", "ibbi", "", false,
      "INSERT INTO person_data (cover, person, sealed, seq) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (cover, person) DO UPDATE SET sealed = excluded.sealed, seq = excluded.seq",
      "INSERT INTO person_data (cover, person, sealed, seq) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[]) "
      "ON CONFLICT (cover, person) DO UPDATE SET sealed = excluded.sealed, seq = excluded.seq"),
    Q(W_KEY, "registry.person_keys_put", "ibb", "", false, "INSERT INTO person_keys (cover, person, wrapped) VALUES (?1, ?2, ?3)",
      "INSERT INTO person_keys (cover, person, wrapped) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])"),
    Q(W_ERASE_KEY, "registry.person_keys_erase", "b", "", false, "DELETE FROM person_keys WHERE person = ?1",
      "DELETE FROM person_keys WHERE person = ANY ($1::bytea[])"),
    Q(W_ERASE_DATA, "registry.person_data_erase", "ib", "", false, "DELETE FROM person_data WHERE cover = ?1 AND person = ?2",
      "DELETE FROM person_data d USING unnest($1::bigint[], $2::bytea[]) AS w(cover, person) WHERE d.cover = w.cover AND d.person = w.person"),
    Q(W_IDENTIFIER, "registry.identifiers_put", "bibiiiii", "", false,
      "INSERT INTO identifiers (lookup, key_version, person, cover, valid_from, valid_to, recorded, superseded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
      "ON CONFLICT (lookup, recorded) DO UPDATE SET superseded = excluded.superseded",
      "INSERT INTO identifiers (lookup, key_version, person, cover, valid_from, valid_to, recorded, superseded) "
      "SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) "
      "ON CONFLICT (lookup, recorded) DO UPDATE SET superseded = excluded.superseded"),
    Q(W_POLICY, "registry.policies_put", "ibtttiitBii", "", false,
      "INSERT INTO policies (cover, person, policy, plan, status, valid_from, valid_to, data, sealed, recorded, superseded) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (cover, policy, recorded) DO UPDATE SET superseded = excluded.superseded",
      "INSERT INTO policies (cover, person, policy, plan, status, valid_from, valid_to, data, sealed, recorded, superseded) "
      "SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bytea[], $10::bigint[], $11::bigint[]) "
      "ON CONFLICT (cover, policy, recorded) DO UPDATE SET superseded = excluded.superseded"),
    Q(W_CONSENT, "registry.consents_put", "ibitii", "", false,
      "INSERT INTO consents (cover, person, n, data, withdrawn, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
      "ON CONFLICT (cover, person, n) DO UPDATE SET withdrawn = excluded.withdrawn",
      "INSERT INTO consents (cover, person, n, data, withdrawn, seq) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[]) "
      "ON CONFLICT (cover, person, n) DO UPDATE SET withdrawn = excluded.withdrawn"),
    Q(W_WORLD, "registry.world_put", "ttiitii", "", false,
      "INSERT INTO world (kind, name, valid_from, valid_to, data, recorded, superseded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
      "ON CONFLICT (kind, name, recorded) DO UPDATE SET superseded = excluded.superseded",
      "INSERT INTO world (kind, name, valid_from, valid_to, data, recorded, superseded) "
      "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[]) "
      "ON CONFLICT (kind, name, recorded) DO UPDATE SET superseded = excluded.superseded"),
    /* One body may be published under several names (a file with the chains of a region): the first names it. */
    Q(W_TEXT, "registry.texts_put", "bttb", "", false,
      "INSERT INTO texts (hash, kind, name, body) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM texts WHERE hash = ?1)",
      "INSERT INTO texts (hash, kind, name, body) SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[]) ON CONFLICT (hash) DO NOTHING"),
    Q(W_VERSION, "registry.world_version_put", "i", "", false,
      "INSERT INTO world_version (shard, version) VALUES (0, ?1) ON CONFLICT (shard) DO UPDATE SET version = excluded.version",
      "INSERT INTO world_version (shard, version) SELECT 0, max(v) FROM unnest($1::bigint[]) AS w(v) ON CONFLICT (shard) DO UPDATE SET version = excluded.version"),
};

const struct store_statements registry_statements = {items, REGISTRY_STATEMENT_COUNT};

const struct store_statement *registry_statement(enum registry_statement which) {
    CHECK((unsigned)which < REGISTRY_STATEMENT_COUNT);
    return &items[which];
}
