-- 0001_start — the first schema on PostgreSQL: the tables of db/sqlite/0001_start.sql, column for column.
--
-- oldest 1
--
-- "oldest N": releases that know migration N or a later one may write on data that has this migration. Forward only: an applied file is never
-- edited; lines that begin with "--" are no part of its recorded hash. Run by the owner's role in one transaction.
-- Two roles: the owner of all this, and the server's, which owns nothing and gets what server_grant says. Texts compare by bytes (as in SQLite).
-- fillfactor leaves room on the page, so that the rows every settlement changes (covers, accounts, head) are updated in place (HOT) and no index grows.
-- sealed bytes do not compress: EXTERNAL saves the attempt. Events and quotes are 2 to 4 KB: toast_tuple_target keeps them in one piece (otherwise each
-- is compressed in vain and put into a second table: 18 us an event instead of 9).

CREATE SCHEMA yijie;

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'append-only: ' || TG_ARGV[0];
END $$;

CREATE TABLE migrations (
  number           bigint           NOT NULL PRIMARY KEY,
  name             text COLLATE "C" NOT NULL,
  sha256           bytea            NOT NULL,
  applied_ms       bigint           NOT NULL,
  oldest           bigint           NOT NULL
);

-- ---- canonical: append-only for ever -----------------------------------------------------------------

CREATE TABLE texts (
  hash             bytea            NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
  kind             text COLLATE "C" NOT NULL,
  name             text COLLATE "C" NOT NULL,
  body             bytea            NOT NULL
);

CREATE TRIGGER texts_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON texts EXECUTE FUNCTION append_only('texts');
CREATE FUNCTION texts_no_replace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM yijie.texts t WHERE t.hash = NEW.hash AND t.body <> NEW.body) THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'append-only: texts';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER texts_no_replace BEFORE INSERT ON texts FOR EACH ROW EXECUTE FUNCTION texts_no_replace();

-- A partition a month. The key of a partitioned table must hold its partition column: that (shard, seq) is unique and dense, events_dense sees to.
CREATE TABLE events (
  shard            bigint           NOT NULL,
  seq              bigint           NOT NULL,
  at_ms            bigint           NOT NULL,
  type             bigint           NOT NULL,
  version          bigint           NOT NULL,
  cover            bigint           NOT NULL,
  person           bytea,
  subject          bytea,
  open             text COLLATE "C" NOT NULL,
  sealed           bytea,
  commitment       bytea            NOT NULL CHECK (octet_length(commitment) = 32),
  leaf             bytea            NOT NULL CHECK (octet_length(leaf) = 32),
  PRIMARY KEY (shard, seq, at_ms)
) PARTITION BY RANGE (at_ms);
ALTER TABLE events ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE TABLE events_default PARTITION OF events DEFAULT WITH (toast_tuple_target = 8160);
CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION append_only('events');
CREATE TRIGGER events_no_change_at_all BEFORE UPDATE OR DELETE OR TRUNCATE ON events EXECUTE FUNCTION append_only('events');
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events_default EXECUTE FUNCTION append_only('events');

-- What a statement adds to a shard goes on right behind what is there: no gap, nothing twice, whatever partition it falls into. The next number
-- stands in a table of its own, which the server's role may not touch, since asking all partitions would cost more the longer the history is.
CREATE TABLE events_next (
  shard            bigint           NOT NULL PRIMARY KEY,
  seq              bigint           NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE FUNCTION events_dense() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = yijie, pg_temp AS $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT shard, min(seq) AS first, max(seq) AS last, count(*) AS n, count(DISTINCT seq) AS different FROM added GROUP BY shard LOOP
    IF r.n = r.different AND r.last - r.first + 1 = r.n THEN
      UPDATE yijie.events_next e SET seq = r.last + 1 WHERE e.shard = r.shard AND e.seq = r.first;
      CONTINUE WHEN FOUND;
      INSERT INTO yijie.events_next (shard, seq) SELECT r.shard, r.last + 1 WHERE r.first = 0 ON CONFLICT DO NOTHING;
      CONTINUE WHEN FOUND;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'append-only: events.seq';
  END LOOP;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION events_dense() FROM PUBLIC;
CREATE TRIGGER events_dense AFTER INSERT ON events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION events_dense();

-- Makes the partitions of `months` months from the one of `from_ms`; returns how many were missing. The server calls it by daily(), the owner
-- does it, so that the server's role owns nothing. A month of which the default partition holds rows already stays there.
CREATE FUNCTION events_ahead(from_ms bigint, months bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = yijie, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  month  timestamp := date_trunc('month', timestamp '1970-01-01' + from_ms * interval '1 millisecond');
  low    bigint;
  high   bigint;
  name   text;
  made   bigint := 0;
BEGIN
  IF months NOT BETWEEN 1 AND 24 OR abs(extract(epoch FROM month - (now() AT TIME ZONE 'UTC'))) > 10 * 366 * 86400.0 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'events_ahead: months 1 to 24, within ten years';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('yijie.events_ahead'));
  FOR i IN 1 .. months LOOP
    name := 'events_' || to_char(month, 'YYYYMM');
    low := extract(epoch FROM month)::bigint * 1000;
    month := month + interval '1 month';
    high := extract(epoch FROM month)::bigint * 1000;
    CONTINUE WHEN to_regclass(name) IS NOT NULL;
    CONTINUE WHEN EXISTS (SELECT 1 FROM events_default d WHERE d.at_ms >= low AND d.at_ms < high);
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL) WITH (toast_tuple_target = 8160)', name);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, low, high);
    EXECUTE format('CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON %I EXECUTE FUNCTION append_only(''events'')', name);
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION events_ahead(bigint, bigint) FROM PUBLIC;

-- What the schema wants done once a day and when a server starts. Any role that may call it is enough; doing it again is harmless.
CREATE FUNCTION daily(now_ms bigint) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = yijie, pg_temp AS $$
  SELECT events_ahead(now_ms, 3);
$$;
REVOKE ALL ON FUNCTION daily(bigint) FROM PUBLIC;

CREATE TABLE head (
  shard            bigint           NOT NULL PRIMARY KEY,
  size             bigint           NOT NULL,
  at_ms            bigint           NOT NULL,
  edge             bytea            NOT NULL,
  root             bytea            NOT NULL CHECK (octet_length(root) = 32)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE FUNCTION head_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.shard <> OLD.shard OR NEW.size < OLD.size OR NEW.at_ms < OLD.at_ms OR (NEW.size = OLD.size AND NEW.root <> OLD.root) THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'append-only: head';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER head_only_forward BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION head_only_forward();
CREATE TRIGGER head_no_delete BEFORE DELETE OR TRUNCATE ON head EXECUTE FUNCTION append_only('head');

CREATE TABLE days (
  shard            bigint           NOT NULL,
  day              bigint           NOT NULL,
  state            text COLLATE "C" NOT NULL CHECK (state IN ('open', 'closed')),
  PRIMARY KEY (shard, day)
);

-- ---- sealed, erasable --------------------------------------------------------------------------------

CREATE TABLE person_keys (
  cover            bigint           NOT NULL,
  person           bytea            NOT NULL,
  wrapped          bytea            NOT NULL,
  PRIMARY KEY (cover, person)
);

CREATE INDEX person_keys_person ON person_keys (person);

CREATE TABLE documents (
  hash             bytea            NOT NULL,
  cover            bigint           NOT NULL,
  person           bytea            NOT NULL,
  case_id          bytea            NOT NULL,
  share            bigint           NOT NULL,
  kind             text COLLATE "C" NOT NULL,
  source           text COLLATE "C" NOT NULL,
  at_ms            bigint           NOT NULL,
  sealed           bytea            NOT NULL,
  PRIMARY KEY (cover, hash, case_id, share)
);

ALTER TABLE documents ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- ---- derived: registry -------------------------------------------------------------------------------

CREATE TABLE persons (
  cover            bigint           NOT NULL,
  person           bytea            NOT NULL,
  registered       bigint           NOT NULL,
  merged_into      bytea,
  PRIMARY KEY (cover, person)
);

CREATE TABLE identifiers (
  lookup           bytea            NOT NULL,
  key_version      bigint           NOT NULL,
  person           bytea            NOT NULL,
  cover            bigint           NOT NULL,
  valid_from       bigint           NOT NULL,
  valid_to         bigint           NOT NULL,
  recorded         bigint           NOT NULL,
  superseded       bigint           NOT NULL,
  PRIMARY KEY (lookup, recorded)
);

CREATE INDEX identifiers_cover ON identifiers (cover);

CREATE TABLE person_data (
  cover            bigint           NOT NULL,
  person           bytea            NOT NULL,
  sealed           bytea            NOT NULL,
  seq              bigint           NOT NULL,
  PRIMARY KEY (cover, person)
);

ALTER TABLE person_data ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE policies (
  cover            bigint           NOT NULL,
  person           bytea            NOT NULL,
  policy           text COLLATE "C" NOT NULL,
  plan             text COLLATE "C" NOT NULL,
  status           text COLLATE "C" NOT NULL,
  valid_from       bigint           NOT NULL,
  valid_to         bigint           NOT NULL,
  data             text COLLATE "C" NOT NULL,
  sealed           bytea,
  recorded         bigint           NOT NULL,
  superseded       bigint           NOT NULL,
  PRIMARY KEY (cover, policy, recorded)
);

ALTER TABLE policies ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE world (
  kind             text COLLATE "C" NOT NULL,
  name             text COLLATE "C" NOT NULL,
  valid_from       bigint           NOT NULL,
  valid_to         bigint           NOT NULL,
  data             text COLLATE "C" NOT NULL,
  recorded         bigint           NOT NULL,
  superseded       bigint           NOT NULL,
  PRIMARY KEY (kind, name, recorded)
);

CREATE TABLE world_version (
  shard            bigint           NOT NULL PRIMARY KEY,
  version          bigint           NOT NULL
);

CREATE TABLE consents (
  cover            bigint           NOT NULL,
  person           bytea            NOT NULL,
  n                bigint           NOT NULL,
  data             text COLLATE "C" NOT NULL,
  withdrawn        bigint           NOT NULL,
  seq              bigint           NOT NULL,
  PRIMARY KEY (cover, person, n)
);

-- ---- derived: money ----------------------------------------------------------------------------------

CREATE TABLE accounts (
  shard            bigint           NOT NULL,
  id               bigint           NOT NULL,
  code             text COLLATE "C" NOT NULL,
  currency         text COLLATE "C" NOT NULL,
  flags            bigint           NOT NULL,
  debit_limit      bigint           NOT NULL,
  debits_pending   bigint           NOT NULL,
  debits_posted    bigint           NOT NULL,
  credits_pending  bigint           NOT NULL,
  credits_posted   bigint           NOT NULL,
  PRIMARY KEY (shard, id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

CREATE TABLE transfers (
  id               bytea            NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  shard            bigint           NOT NULL,
  debit            bigint           NOT NULL,
  credit           bigint           NOT NULL,
  amount           bigint           NOT NULL CHECK (amount > 0),
  kind             bigint           NOT NULL,
  state            bigint           NOT NULL,
  pending_id       bytea,
  expires_ms       bigint           NOT NULL,
  day              bigint           NOT NULL,
  case_id          bytea,
  seq              bigint           NOT NULL
) WITH (fillfactor = 95);

-- The database itself refuses to settle a hold twice; the two others find holds whose time has come (state 1: pending).
CREATE UNIQUE INDEX transfers_pending ON transfers (pending_id) WHERE pending_id IS NOT NULL;
CREATE INDEX transfers_holds_debit ON transfers (shard, debit, expires_ms) WHERE state = 1 AND expires_ms > 0;
CREATE INDEX transfers_holds_credit ON transfers (shard, credit, expires_ms) WHERE state = 1 AND expires_ms > 0;

-- ---- derived: cases ----------------------------------------------------------------------------------

CREATE TABLE covers (
  id               bigint           NOT NULL PRIMARY KEY,
  version          bigint           NOT NULL,
  counters         bytea            NOT NULL,
  last_case        bytea,
  merged_into      bigint           NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE cases (
  id               bytea            NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  cover            bigint           NOT NULL,
  shard            bigint           NOT NULL,
  person           bytea            NOT NULL,
  state            text COLLATE "C" NOT NULL,
  hospital         text COLLATE "C" NOT NULL,
  bill             text COLLATE "C" NOT NULL,
  revision         bigint           NOT NULL,
  region           text COLLATE "C" NOT NULL,
  visit            text COLLATE "C" NOT NULL,
  day              bigint           NOT NULL,
  at_ms            bigint           NOT NULL,
  seq              bigint           NOT NULL,
  last_seq         bigint           NOT NULL,
  prev             bytea,
  total            bigint           NOT NULL,
  funds            bigint           NOT NULL,
  payers           bigint           NOT NULL,
  hospital_part    bigint           NOT NULL,
  account          bigint           NOT NULL,
  cash             bigint           NOT NULL,
  payout           bigint           NOT NULL,
  replaces         bytea
) WITH (fillfactor = 90);

-- Lists of one hospital: ids are time-ordered, a page of days is a range of them.
CREATE INDEX cases_hospital ON cases (hospital, id);

-- Events of a case after the one that settled it.
CREATE TABLE case_events (
  case_id          bytea            NOT NULL,
  seq              bigint           NOT NULL,
  cover            bigint           NOT NULL,
  PRIMARY KEY (case_id, seq)
);

CREATE TABLE shares (
  case_id          bytea            NOT NULL,
  n                bigint           NOT NULL,
  cover            bigint           NOT NULL,
  payer            text COLLATE "C" NOT NULL,
  policy           text COLLATE "C" NOT NULL,
  kind             bigint           NOT NULL,
  state            bigint           NOT NULL,
  reason           bigint           NOT NULL,
  pay              bigint           NOT NULL,
  expected         bigint           NOT NULL,
  pay_to           bigint           NOT NULL,
  owner            text COLLATE "C" NOT NULL,
  clocks           text COLLATE "C" NOT NULL,
  seq              bigint           NOT NULL,
  PRIMARY KEY (case_id, n)
) WITH (fillfactor = 90);

-- The queue of the claims desk: only what waits for somebody (1 later, 3 disputed, or a reason); a share that was paid at once never stands here.
CREATE INDEX shares_open ON shares (case_id DESC, n, owner, payer) WHERE state IN (1, 3) OR reason > 0;

CREATE TABLE bills (
  hospital         text COLLATE "C" NOT NULL,
  bill             text COLLATE "C" NOT NULL,
  cover            bigint           NOT NULL,
  case_id          bytea            NOT NULL,
  live             bigint           NOT NULL,
  revision         bigint           NOT NULL,
  PRIMARY KEY (hospital, bill)
) WITH (fillfactor = 90);

CREATE TABLE commands (
  key              bytea            NOT NULL PRIMARY KEY,
  body             bytea            NOT NULL,
  op               bigint           NOT NULL,
  cover            bigint           NOT NULL,
  case_id          bytea,
  seq              bigint           NOT NULL
);

CREATE TABLE tasks (
  shard            bigint           NOT NULL,
  due_ms           bigint           NOT NULL,
  id               bytea            NOT NULL,
  kind             bigint           NOT NULL,
  case_id          bytea            NOT NULL,
  share            bigint           NOT NULL,
  PRIMARY KEY (shard, due_ms, id)
);

-- ---- working: may be lost ----------------------------------------------------------------------------

CREATE UNLOGGED TABLE quotes (
  id               bytea            NOT NULL PRIMARY KEY,
  cover            bigint           NOT NULL,
  bill             bytea            NOT NULL,
  expires_ms       bigint           NOT NULL,
  body             bytea            NOT NULL
) WITH (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX quotes_bill ON quotes (bill);

-- ---- privileges --------------------------------------------------------------------------------------

-- What the server's role may do: the whole list. FOR UPDATE and FOR SHARE need UPDATE. Run by the owner after every migration.
CREATE FUNCTION server_grant(server name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA yijie TO %I', server);
  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA yijie FROM %I', server);
  FOR r IN SELECT * FROM (VALUES
    ('migrations', 'SELECT'),
    ('texts, events, case_events', 'SELECT, INSERT'),
    ('head, days', 'SELECT, INSERT, UPDATE'),
    ('person_keys, documents, person_data', 'SELECT, INSERT, UPDATE, DELETE'),
    ('persons, identifiers, policies, world, world_version, consents', 'SELECT, INSERT, UPDATE'),
    ('accounts, transfers', 'SELECT, INSERT, UPDATE'),
    ('covers, cases, shares, bills, commands', 'SELECT, INSERT, UPDATE'),
    ('tasks, quotes', 'SELECT, INSERT, UPDATE, DELETE')) AS list (tables, rights)
  LOOP
    EXECUTE format('GRANT %s ON %s TO %I', r.rights, r.tables, server);
  END LOOP;
  EXECUTE format('GRANT EXECUTE ON FUNCTION daily(bigint) TO %I', server);
END $$;
REVOKE ALL ON FUNCTION server_grant(name) FROM PUBLIC;
