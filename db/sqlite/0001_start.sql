-- 0001_start — the first schema: canonical, sealed, derived and working tables (see src/store/README.md for how migrations run).
--
-- oldest 1
--
-- "oldest N": releases that know migration N or a later one may write on data that has this migration. Forward only: an applied file is never
-- edited; lines that begin with "--" are no part of its recorded hash.
-- STRICT everywhere. WITHOUT ROWID where rows are small and found by their key: one tree instead of two, so one page a change instead of two.
-- Keys that grow with time (seq, case and transfer ids) append at the right edge; only covers, commands and identifiers are touched at random places.
-- INTEGER amounts are minor units; *_ms are milliseconds UTC since 1970; day counts days since 1970-01-01 in the region's offset.

PRAGMA application_id = 0x794a6a31;

CREATE TABLE migrations (
  number      INTEGER PRIMARY KEY,
  name        TEXT    NOT NULL,
  sha256      BLOB    NOT NULL,
  applied_ms  INTEGER NOT NULL,
  oldest      INTEGER NOT NULL
) STRICT;

-- ---- canonical: append-only for ever -----------------------------------------------------------------

CREATE TABLE texts (
  hash  BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
  kind  TEXT NOT NULL,
  name  TEXT NOT NULL,
  body  BLOB NOT NULL
) STRICT;
CREATE TRIGGER texts_no_update BEFORE UPDATE ON texts BEGIN SELECT RAISE(ABORT, 'append-only: texts'); END;
CREATE TRIGGER texts_no_delete BEFORE DELETE ON texts BEGIN SELECT RAISE(ABORT, 'append-only: texts'); END;
-- INSERT OR REPLACE must not change what stands; the same text once more is no change.
CREATE TRIGGER texts_no_replace BEFORE INSERT ON texts
  WHEN EXISTS (SELECT 1 FROM texts WHERE hash = NEW.hash AND (body <> NEW.body OR kind <> NEW.kind OR name <> NEW.name))
  BEGIN SELECT RAISE(ABORT, 'append-only: texts'); END;

CREATE TABLE events (
  shard       INTEGER NOT NULL CHECK (shard = 0),
  seq         INTEGER PRIMARY KEY,
  at_ms       INTEGER NOT NULL,
  type        INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  cover       INTEGER NOT NULL,
  person      BLOB,
  subject     BLOB,
  open        TEXT NOT NULL,
  sealed      BLOB,
  commitment  BLOB NOT NULL CHECK (length(commitment) = 32),
  leaf        BLOB NOT NULL CHECK (length(leaf) = 32)
) STRICT;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'append-only: events'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'append-only: events'); END;
-- Dense from 0, and so nothing is replaced either.
CREATE TRIGGER events_dense BEFORE INSERT ON events
  WHEN NEW.seq IS NOT coalesce((SELECT max(seq) FROM events), -1) + 1
  BEGIN SELECT RAISE(ABORT, 'append-only: events.seq'); END;

CREATE TABLE head (
  shard  INTEGER NOT NULL PRIMARY KEY,
  size   INTEGER NOT NULL,
  at_ms  INTEGER NOT NULL,
  edge   BLOB    NOT NULL,
  root   BLOB    NOT NULL CHECK (length(root) = 32)
) STRICT;
CREATE TRIGGER head_no_delete BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'append-only: head'); END;
CREATE TRIGGER head_only_forward BEFORE UPDATE ON head
  WHEN NEW.shard <> OLD.shard OR NEW.size < OLD.size OR NEW.at_ms < OLD.at_ms OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
  BEGIN SELECT RAISE(ABORT, 'append-only: head'); END;

CREATE TABLE days (
  shard  INTEGER NOT NULL,
  day    INTEGER NOT NULL,
  state  TEXT    NOT NULL CHECK (state IN ('open', 'closed')),
  PRIMARY KEY (shard, day)
) STRICT, WITHOUT ROWID;

-- ---- sealed, erasable --------------------------------------------------------------------------------

CREATE TABLE person_keys (
  cover    INTEGER NOT NULL,
  person   BLOB    NOT NULL,
  wrapped  BLOB    NOT NULL,
  PRIMARY KEY (cover, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_keys_person ON person_keys (person);

CREATE TABLE documents (
  hash     BLOB    NOT NULL,
  cover    INTEGER NOT NULL,
  person   BLOB    NOT NULL,
  case_id  BLOB    NOT NULL,
  share    INTEGER NOT NULL,
  kind     TEXT    NOT NULL,
  source   TEXT    NOT NULL,
  at_ms    INTEGER NOT NULL,
  sealed   BLOB    NOT NULL,
  PRIMARY KEY (cover, hash, case_id, share)
) STRICT;

-- ---- derived: registry -------------------------------------------------------------------------------

CREATE TABLE persons (
  cover        INTEGER NOT NULL,
  person       BLOB    NOT NULL,
  registered   INTEGER NOT NULL,
  merged_into  BLOB,
  PRIMARY KEY (cover, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE identifiers (
  lookup       BLOB    NOT NULL,
  key_version  INTEGER NOT NULL,
  person       BLOB    NOT NULL,
  cover        INTEGER NOT NULL,
  valid_from   INTEGER NOT NULL,
  valid_to     INTEGER NOT NULL,
  recorded     INTEGER NOT NULL,
  superseded   INTEGER NOT NULL,
  PRIMARY KEY (lookup, recorded)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_cover ON identifiers (cover);

CREATE TABLE person_data (
  cover   INTEGER NOT NULL,
  person  BLOB    NOT NULL,
  sealed  BLOB    NOT NULL,
  seq     INTEGER NOT NULL,
  PRIMARY KEY (cover, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
  cover       INTEGER NOT NULL,
  person      BLOB    NOT NULL,
  policy      TEXT    NOT NULL,
  plan        TEXT    NOT NULL,
  status      TEXT    NOT NULL,
  valid_from  INTEGER NOT NULL,
  valid_to    INTEGER NOT NULL,
  data        TEXT    NOT NULL,
  sealed      BLOB,
  recorded    INTEGER NOT NULL,
  superseded  INTEGER NOT NULL,
  PRIMARY KEY (cover, policy, recorded)
) STRICT, WITHOUT ROWID;

CREATE TABLE world (
  kind        TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  valid_from  INTEGER NOT NULL,
  valid_to    INTEGER NOT NULL,
  data        TEXT    NOT NULL,
  recorded    INTEGER NOT NULL,
  superseded  INTEGER NOT NULL,
  PRIMARY KEY (kind, name, recorded)
) STRICT;

CREATE TABLE world_version (
  shard    INTEGER NOT NULL PRIMARY KEY,
  version  INTEGER NOT NULL
) STRICT;

CREATE TABLE consents (
  cover      INTEGER NOT NULL,
  person     BLOB    NOT NULL,
  n          INTEGER NOT NULL,
  data       TEXT    NOT NULL,
  withdrawn  INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  PRIMARY KEY (cover, person, n)
) STRICT, WITHOUT ROWID;

-- ---- derived: money ----------------------------------------------------------------------------------

CREATE TABLE accounts (
  shard            INTEGER NOT NULL,
  id               INTEGER NOT NULL,
  code             TEXT    NOT NULL,
  currency         TEXT    NOT NULL,
  flags            INTEGER NOT NULL,
  debit_limit      INTEGER NOT NULL,
  debits_pending   INTEGER NOT NULL,
  debits_posted    INTEGER NOT NULL,
  credits_pending  INTEGER NOT NULL,
  credits_posted   INTEGER NOT NULL,
  PRIMARY KEY (shard, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfers (
  id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  shard       INTEGER NOT NULL,
  debit       INTEGER NOT NULL,
  credit      INTEGER NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  kind        INTEGER NOT NULL,
  state       INTEGER NOT NULL,
  pending_id  BLOB,
  expires_ms  INTEGER NOT NULL,
  day         INTEGER NOT NULL,
  case_id     BLOB,
  seq         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- The database itself refuses to settle a hold twice; the two others find holds whose time has come (state 1: pending).
CREATE UNIQUE INDEX transfers_pending ON transfers (pending_id) WHERE pending_id IS NOT NULL;
CREATE INDEX transfers_holds_debit ON transfers (shard, debit, expires_ms) WHERE state = 1 AND expires_ms > 0;
CREATE INDEX transfers_holds_credit ON transfers (shard, credit, expires_ms) WHERE state = 1 AND expires_ms > 0;

-- ---- derived: cases ----------------------------------------------------------------------------------

CREATE TABLE covers (
  id           INTEGER PRIMARY KEY,
  version      INTEGER NOT NULL,
  counters     BLOB    NOT NULL,
  last_case    BLOB,
  merged_into  INTEGER NOT NULL
) STRICT;

CREATE TABLE cases (
  id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  cover          INTEGER NOT NULL,
  shard          INTEGER NOT NULL,
  person         BLOB    NOT NULL,
  state          TEXT    NOT NULL,
  hospital       TEXT    NOT NULL,
  bill           TEXT    NOT NULL,
  revision       INTEGER NOT NULL,
  region         TEXT    NOT NULL,
  visit          TEXT    NOT NULL,
  day            INTEGER NOT NULL,
  at_ms          INTEGER NOT NULL,
  seq            INTEGER NOT NULL,
  last_seq       INTEGER NOT NULL,
  prev           BLOB,
  total          INTEGER NOT NULL,
  funds          INTEGER NOT NULL,
  payers         INTEGER NOT NULL,
  hospital_part  INTEGER NOT NULL,
  account        INTEGER NOT NULL,
  cash           INTEGER NOT NULL,
  payout         INTEGER NOT NULL,
  replaces       BLOB
) STRICT, WITHOUT ROWID;

-- Lists of one hospital: ids are time-ordered, a page of days is a range of them.
CREATE INDEX cases_hospital ON cases (hospital, id);

-- Events of a case after the one that settled it.
CREATE TABLE case_events (
  case_id  BLOB    NOT NULL,
  seq      INTEGER NOT NULL,
  cover    INTEGER NOT NULL,
  PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE shares (
  case_id   BLOB    NOT NULL,
  n         INTEGER NOT NULL,
  cover     INTEGER NOT NULL,
  payer     TEXT    NOT NULL,
  policy    TEXT    NOT NULL,
  kind      INTEGER NOT NULL,
  state     INTEGER NOT NULL,
  reason    INTEGER NOT NULL,
  pay       INTEGER NOT NULL,
  expected  INTEGER NOT NULL,
  pay_to    INTEGER NOT NULL,
  owner     TEXT    NOT NULL,
  clocks    TEXT    NOT NULL,
  seq       INTEGER NOT NULL,
  PRIMARY KEY (case_id, n)
) STRICT, WITHOUT ROWID;

-- The queue of the claims desk: only what waits for somebody (1 later, 3 disputed, or a reason); a share that was paid at once never stands here.
CREATE INDEX shares_open ON shares (case_id DESC, n, owner, payer) WHERE state IN (1, 3) OR reason > 0;

CREATE TABLE bills (
  hospital  TEXT    NOT NULL,
  bill      TEXT    NOT NULL,
  cover     INTEGER NOT NULL,
  case_id   BLOB    NOT NULL,
  live      INTEGER NOT NULL,
  revision  INTEGER NOT NULL,
  PRIMARY KEY (hospital, bill)
) STRICT, WITHOUT ROWID;

CREATE TABLE commands (
  key      BLOB    NOT NULL PRIMARY KEY,
  body     BLOB    NOT NULL,
  op       INTEGER NOT NULL,
  cover    INTEGER NOT NULL,
  case_id  BLOB,
  seq      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
  shard    INTEGER NOT NULL,
  due_ms   INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  kind     INTEGER NOT NULL,
  case_id  BLOB    NOT NULL,
  share    INTEGER NOT NULL,
  PRIMARY KEY (shard, due_ms, id)
) STRICT, WITHOUT ROWID;
