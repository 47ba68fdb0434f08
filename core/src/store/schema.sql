create table device (
  -- this device, one row once it is enrolled; positions are written with what they cover
  id integer primary key check (id = 1),
  device blob not null,
  token text not null,
  name text not null,
  shared integer not null,
  people text not null,          -- JSON list of codes
  cursor blob not null,          -- applied up to here
  high blob not null,            -- the highest head ever told
  phase text not null,           -- normal, comparing, fetching, confirming, refilling; wiping, wiped, ended
  resync_cursor blob,            -- the resync's own positions
  resync_high blob,
  offset_ms integer not null default 0,
  signed_in text,
  last_answer_at integer,
  signed_off integer not null default 0,
  enrolment text not null,       -- as the server last said: in, unconfirmed, withdrawn
  box_key blob not null          -- the server's public key, for what only the server may open
);
create table sealed_box (
  -- what a device that was wiped keeps of what nobody has taken: only the server's key opens it
  hash blob primary key,
  box blob not null,
  delivered integer not null default 0
) without rowid;
create table sheet (
  -- the organisation's sheet as the server last brought it, one row
  id integer primary key check (id = 1),
  version integer not null,
  text text not null
);
create table document (
  -- what this device knows of; hidden ones are no longer shown and wait to be drained
  id blob primary key,
  home integer not null unique,  -- the place of its first change: a document's changes lie side by side
  kind text not null,
  patient blob not null,
  hidden integer not null default 0,
  fresh integer not null default 1,     -- came since the last fetching anew began
  confirmed integer not null default 1  -- of what lies whole: 1 if the server has spoken of it since its log last changed, 2 if
                                 -- that cannot be asked, because it does not read
) without rowid;
create index document_patient on document (patient);
create index document_hidden on document (id) where hidden = 1;
create index document_unconfirmed on document (id) where confirmed <> 1;
create table refetch (
  -- documents of which something could not be applied, also of such as this device knows nothing else
  doc blob primary key,
  reason text not null,          -- names nobody
  tries integer not null default 0
) without rowid;
create table wanted (
  -- documents that a comparison with the server found lacking here, as it named them
  digest blob primary key
) without rowid;
create table change (
  -- every change this device holds, whatever became of it; the bytes are the source of truth
  place integer primary key,     -- within its document in the order of coming here: causes first
  hash blob not null unique,
  doc blob not null,
  device blob not null,
  fields blob not null,          -- CBOR: its actor, what it stands on, where in the bytes its entries lie
  bytes blob not null,
  state text not null,           -- saved, accepted, remote, quarantined, rejected, aside, superseded, released, dismissed
  reason integer,
  confirmed integer not null default 1,  -- the server has spoken of it since its log last changed
  relay integer not null default 0,      -- another's change, to be given back to the server
  orphan integer not null default 0,     -- what it stands on cannot be supplied
  recorded_at integer not null,
  received_at integer,
  offset_ms integer,
  key integer,
  mac blob
);
create index change_unsent on change (place) where state = 'saved' or relay = 1;
create index change_unconfirmed on change (place) where confirmed = 0;
create index change_set_aside on change (doc)
  where state in ('quarantined', 'rejected', 'superseded', 'released', 'dismissed');
create index change_refused on change (place) where state in ('quarantined', 'rejected');
create table whole (
  -- documents that came whole, until something of one is spoken of by itself: all its changes as one row
  doc blob primary key,
  since integer not null,        -- when the server had the first of them
  size integer not null,         -- bytes once unpacked
  pack blob not null             -- zstd of CBOR: as it came, and the hash of each
);
create table actor (
  -- under which actor a person writes in a document on this device; a retired one is gone from here
  doc blob not null,
  user text not null,
  actor blob not null,
  nonce blob not null,
  seq integer not null,
  primary key (doc, user)
) without rowid;
create table reach (
  -- sets of sites and people through whom patients may be seen, each once: most patients share theirs with many
  id integer primary key,
  scopes text not null unique    -- JSON
);
create table record_index (
  -- one row a record, computed by the fold whenever its patient's documents change: what lists show
  record blob primary key,
  patient blob not null,
  name text,
  stage text not null,
  next_due_at integer,
  read_at integer not null,      -- read as of then: a clock set back makes it a reading of the future
  good_until integer,            -- from then on time alone makes it read otherwise
  flagged integer not null,      -- a safety flag raised in it needs somebody
  born_on text,
  reach integer not null,        -- through what its patient may be seen
  likeness text                  -- JSON: numbers, and who was said to be the same person; mostly nothing
) without rowid;
create index record_index_patient on record_index (patient);
create index record_index_read_at on record_index (read_at);
create index record_index_good_until on record_index (good_until) where good_until is not null;
create index record_index_flagged on record_index (record) where flagged = 1;
create table stale (
  -- patients of whom something was written or came that no index row tells yet: whoever lists reads them anew
  patient blob primary key
) without rowid;
create table record_summary (
  -- the whole reading of a record, for whoever it concerns
  record blob primary key,
  reach integer not null,        -- through what its patient may be seen
  summary text not null          -- JSON
);
create table concern (
  -- on whose first screen a record is: something in it is hers to do, to answer or to take; '' is everybody
  user text not null,
  record blob not null,
  primary key (user, record)
) without rowid;
create index concern_record on concern (record);
