create table head (
  -- the counter row of the log, written last in every transaction that adds to it
  id integer primary key check (id = 1),
  epoch blob not null,
  seq integer not null,
  chain blob not null
);
create table signing_key (
  -- the keys that this database was signed with, by what tells them from others and nothing else of them
  id integer primary key,
  mark text not null
);
create table log (
  -- everything a client is ever told, in order; rows are never pruned
  seq integer primary key,
  kind text not null,
  content blob not null,
  chain blob not null
);
create table sheet (
  -- versions of the organisation's sheet
  version integer primary key,
  seq integer not null,
  text text not null
);
create table document (
  -- what documents there are; one document, one visibility
  id blob primary key,
  kind text not null,
  patient blob not null
) without rowid;
create index document_patient on document (patient);
create table change (
  -- accepted changes; the bytes are the source of truth and are never deleted
  seq integer primary key,       -- its row of the log
  hash blob not null,            -- asked for in its document alone: admission lets none in twice
  doc blob not null references document (id),
  user text not null,
  fields blob not null,          -- CBOR: its actor, what it stands on, where in the bytes its entries lie
  bytes blob not null,
  received_at integer not null,
  offset_ms integer not null
);
create index change_doc on change (doc, seq);
create table entry (
  -- which changes say something under an id
  id blob not null,
  change integer not null references change (seq),
  primary key (id, change)
) without rowid;
create table quarantine (
  -- well-formed work that was not allowed or does not fit: kept, not applied, for a person to decide
  hash blob primary key,
  doc blob not null,
  device blob not null,          -- who wrote it
  sender blob not null,          -- who brought it
  reason integer not null,
  fields blob not null,
  since integer not null,
  decided integer,               -- the row of the log in which a person decided about it
  decision integer               -- 0 released, 1 dismissed
) without rowid;
create index quarantine_doc on quarantine (doc);
create index quarantine_sender on quarantine (sender) where decided is null;
create index quarantine_open on quarantine (doc) where decided is null;
create index quarantine_decided on quarantine (device, decided) where decided is not null;
create table erased (
  -- documents of which somebody ordered that nothing be left
  doc blob primary key,
  seq integer not null,          -- the row of the log that says so
  patient blob                   -- none if it never became a record here
) without rowid;
create index erased_seq on erased (seq);
create table scope (
  -- through what a patient's records may be seen, in rows of the log
  patient blob not null,
  kind text not null,            -- site, owner, author, everyone
  value text not null,
  from_seq integer not null,
  to_seq integer
);
create index scope_patient on scope (patient);
create table device (
  -- devices, the server's own among them; the credential is stored as its hash. One that came with a sound credential
  -- and was not known, since it was enrolled after the backup that was put back, waits until somebody confirms it
  id blob primary key,
  name text not null,
  kind text not null,            -- phone, tablet, web
  token blob unique,
  last_seen_at integer,
  unsent integer not null default 0,
  oldest_unsent_at integer,
  next_due_at integer,
  offset_ms integer,
  sheet_version integer not null default 0,
  cursor_seq integer not null default 0,  -- up to here it had applied the log when it last asked
  told_seq integer not null default 0,    -- the head that it was told then
  known_seq integer not null default 0,   -- the highest head that it has shown to have been told
  is_encrypted integer,                   -- as it said itself
  confirmed integer not null default 1,
  proposed text not null default '[]', -- JSON list: who worked on it by the journal, while it waits
  revoked_at integer,
  wiped_at integer                        -- it said that it holds nothing; empty again if it comes with something
) without rowid;
create table sealed_box (
  -- what wiped devices kept of what nobody had taken: closed, for whoever has the key
  hash blob primary key,
  device blob not null references device (id),
  doc blob,                      -- of which document something lies in it, if these keys opened it
  box blob not null,             -- empty once that was erased
  since integer not null
) without rowid;
create index sealed_box_device on sealed_box (device);
create index sealed_box_doc on sealed_box (doc);
create table device_person (
  -- who may work on a device, in rows of the log
  device blob not null references device (id),
  user text not null,
  from_seq integer not null,
  to_seq integer
);
create index device_person_device on device_person (device);
create table visibility (
  -- which device may see which document, in rows of the log: computed from scope, device_person and sheet
  device blob not null,
  doc blob not null,
  from_seq integer not null,
  to_seq integer
);
create index visibility_device on visibility (device, to_seq, from_seq, doc);
create index visibility_doc on visibility (doc, device, to_seq, from_seq);
create table enrol_code (
  -- places for devices; a code is good once and for a short while
  hash blob primary key,
  name text not null,
  kind text not null,
  people text not null,          -- JSON list
  expires_at integer not null,
  used_at integer
) without rowid;
create table account (
  -- who may sign in on pages
  user text primary key,
  password_hash text not null
) without rowid;
create table session (
  -- visits to the site; the token is stored as its hash
  token blob primary key,
  user text not null,
  csrf text not null,
  began_at integer not null,
  used_at integer not null,
  reasons text not null          -- JSON: record -> why it was opened
) without rowid;
create table audit (
  -- who looked at what, and why; each row's hash covers the one before, and no number is given twice
  id integer primary key autoincrement,
  at integer not null,
  user text not null,
  what text not null,
  record blob,
  why text not null,
  chain blob not null
);
