package ledger

// schemaVersion is kept in PRAGMA user_version. A newer ledger is refused, never downgraded.
const schemaVersion = 7

// Times are microseconds of Unix time in UTC; order comes from rowids, never from times.
//
// code.key is a hash of the identification code: half the index of the text itself, and
// always compared with the code after the look-up. The identification code is the first
// idlen bytes of raw. code.last and journal.prev chain a code's journal entries, so its
// life is read without an index that every commit would have to write.
const schema1 = `
CREATE TABLE agent   (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT NOT NULL, gtin TEXT NOT NULL UNIQUE, grp TEXT NOT NULL, type TEXT NOT NULL);
CREATE TABLE lot     (id INTEGER PRIMARY KEY, line TEXT NOT NULL, product INTEGER NOT NULL REFERENCES product, batch TEXT NOT NULL, UNIQUE (line, product, batch));

CREATE TABLE orders (
  id INTEGER PRIMARY KEY, product INTEGER NOT NULL REFERENCES product, quantity INTEGER NOT NULL,
  server_id TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  placed_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  fetching INTEGER NOT NULL DEFAULT 0, fetching_at INTEGER NOT NULL DEFAULT 0, last_block TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX orders_server ON orders (server_id, product) WHERE server_id <> '';
CREATE TABLE block (
  id INTEGER PRIMARY KEY, orders INTEGER NOT NULL REFERENCES orders, server_id TEXT NOT NULL, quantity INTEGER NOT NULL,
  received_at INTEGER NOT NULL, quarantine BLOB, reason TEXT NOT NULL DEFAULT '', UNIQUE (orders, server_id));

CREATE TABLE code (
  id INTEGER PRIMARY KEY, product INTEGER NOT NULL, block INTEGER NOT NULL, raw BLOB NOT NULL, idlen INTEGER NOT NULL, key INTEGER NOT NULL,
  state INTEGER NOT NULL, evidence INTEGER NOT NULL DEFAULT 0, lot INTEGER, claim INTEGER, last INTEGER NOT NULL,
  utilisation INTEGER NOT NULL DEFAULT 0, container INTEGER);
CREATE INDEX code_key    ON code (key);
CREATE INDEX code_stock  ON code (product, id) WHERE state = 0;
CREATE INDEX code_open   ON code (lot, claim) WHERE state IN (1, 2);
CREATE INDEX code_due    ON code (lot, state, evidence) WHERE utilisation = 0 AND evidence >= 2 AND state IN (2, 3);
CREATE INDEX code_report ON code (utilisation) WHERE utilisation > 0;
CREATE INDEX code_packed ON code (container) WHERE container IS NOT NULL;

CREATE TABLE journal (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, agent INTEGER NOT NULL, place TEXT NOT NULL,
  code INTEGER, was INTEGER, now INTEGER, cause TEXT NOT NULL, prev INTEGER);

CREATE TABLE tally (product INTEGER NOT NULL, state INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (product, state)) WITHOUT ROWID;

CREATE TABLE container (
  id INTEGER PRIMARY KEY, line TEXT NOT NULL, station TEXT NOT NULL, grp TEXT NOT NULL, batch TEXT NOT NULL, capacity INTEGER NOT NULL, holds TEXT NOT NULL, state INTEGER NOT NULL,
  code INTEGER, sscc TEXT NOT NULL DEFAULT '', parent INTEGER, aggregation INTEGER NOT NULL DEFAULT 0,
  opened_at INTEGER NOT NULL, closed_at INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '');
CREATE INDEX container_due    ON container (id) WHERE state = 2 AND aggregation = 0;
CREATE INDEX container_busy   ON container (id) WHERE state IN (0, 1);
CREATE INDEX container_parent ON container (parent) WHERE parent IS NOT NULL;
CREATE INDEX container_report ON container (aggregation) WHERE aggregation > 0;
CREATE UNIQUE INDEX container_code ON container (code) WHERE code IS NOT NULL;
CREATE UNIQUE INDEX container_sscc ON container (sscc) WHERE sscc <> '';
CREATE TABLE sscc (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE report (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, line TEXT NOT NULL, product INTEGER NOT NULL DEFAULT 0, grp TEXT NOT NULL, batch TEXT NOT NULL,
  usage TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, body BLOB, codes INTEGER NOT NULL DEFAULT 0, server_id TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0, doubted INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL);
CREATE INDEX report_open ON report (id) WHERE state NOT IN ('sent', 'rejected');
`

// schema2 brings batches, dropouts, and reports that stand in the place of others. Columns are
// only ever added: an older row has their defaults.
//
// idlen has the lengths of each product's identification codes. It is more than one when the
// rules of its group were changed while it had codes.
//
// dropped is what a dropout reports by itself; the contents of a container that was dropped with
// them stand only in code.state.
const schema2 = `
ALTER TABLE report ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN dropout INTEGER NOT NULL DEFAULT 0;
DROP INDEX report_open;
CREATE INDEX report_open ON report (id) WHERE state NOT IN ('sent', 'rejected', 'split', 'handed');
DROP INDEX code_due;
CREATE INDEX code_due ON code (lot, state, evidence) WHERE utilisation = 0 AND evidence >= 2 AND state IN (2, 3, 6);
CREATE TABLE batch (
  id INTEGER PRIMARY KEY, line TEXT NOT NULL, name TEXT NOT NULL, production_date TEXT NOT NULL, expiration_date TEXT NOT NULL, series TEXT NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0, UNIQUE (line, name));
CREATE TABLE idlen (product INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (product, n)) WITHOUT ROWID;
INSERT INTO idlen SELECT DISTINCT product, idlen FROM code;
CREATE TABLE dropout (
  id INTEGER PRIMARY KEY, reason TEXT NOT NULL, with_child INTEGER NOT NULL, doc_num TEXT NOT NULL, doc_date TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE dropped (
  id INTEGER PRIMARY KEY, dropout INTEGER NOT NULL, code INTEGER, container INTEGER, line TEXT NOT NULL, batch TEXT NOT NULL, grp TEXT NOT NULL, report INTEGER NOT NULL DEFAULT 0);
CREATE INDEX dropped_report ON dropped (report);
CREATE UNIQUE INDEX dropped_code ON dropped (code) WHERE code IS NOT NULL;
CREATE UNIQUE INDEX dropped_container ON dropped (container) WHERE container IS NOT NULL;
`

// schema3 numbers the labels of a batch. Those of codes are counted in tally, under the lot and the
// state numbered, since every claim writes that page already; those of transport codes in labelled.
//
// placed is the order in which things were put into their container; edits counts what people have
// changed in a container, so that no report is made of contents that were read before the change.
//
// A dropout with a place gathers what is dropped there until its moment, and is reported after that.
const schema3 = `
INSERT INTO tally SELECT lot, -1, COUNT(*) FROM code WHERE lot IS NOT NULL GROUP BY lot;
CREATE TABLE labelled (place TEXT NOT NULL, batch TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (place, batch)) WITHOUT ROWID;
ALTER TABLE product ADD COLUMN preprinted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE code ADD COLUMN placed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE container ADD COLUMN placed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE container ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dropout ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE dropout ADD COLUMN until INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dropout_place ON dropout (place, until) WHERE place <> '';
CREATE INDEX report_dropout ON report (dropout) WHERE dropout > 0;
`

// schema4 keeps a sum of each code, see sum; those of an older ledger have none.
const schema4 = `
ALTER TABLE code ADD COLUMN sum INTEGER;
`

// schema5 says where the ledger lives, and which program has written it last: see homeRow. A copy may
// have the table before it has this schema, so that nothing forgets what it is. And it keeps what has
// left for an archive in mind.
const schema5 = homeTable + archiveTables

// schema6 seals the journal, from its next entry on.
const schema6 = chainTables

// schema7 finds the codes in doubt.
const schema7 = doubtIndex

// schemas bring a ledger from each version to the next.
var schemas = [schemaVersion]string{schema1, schema2, schema3, schema4, schema5, schema6, schema7}
