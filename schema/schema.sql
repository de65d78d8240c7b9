-- The world of one sandbox. One database is one world: accounts, what they own, and what is under way.
--
-- Conventions: *_ms are milliseconds since 1970 of sandbox time; sizes are GiB unless named otherwise; booleans are 0 or 1;
-- '' and 0 stand for "none" (the API has few nulls). `no` is the number an id spells: ids are a bijection onto 36^8, so an id
-- needs no index of its own; `id` repeats it for people who open the file. Columns named *_state have one writer each.
-- REFERENCES is checked when a fixture writes a row, not afterwards. A CHECK on the way of a CreateSnapshot is spelled with OR: for
-- IN SQLite looks for NULL first, compares with every value, and from three values on builds a table, for each row it writes.
-- A file of another user_version is refused, never migrated: a world is made from fixtures and is cheap to make again.

CREATE TABLE world (                        -- one row: platform limits and conditions
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seed INTEGER NOT NULL DEFAULT 1,          -- of ids, RequestIds and chance
  epoch INTEGER NOT NULL DEFAULT 0,         -- times this database was opened before; keeps RequestIds apart
  clock_frozen INTEGER NOT NULL DEFAULT 0 CHECK (clock_frozen IN (0, 1)),
  clock_base_ms INTEGER NOT NULL DEFAULT 0, -- wall time of the last change of the clock
  clock_set_ms INTEGER NOT NULL DEFAULT 0,  -- sandbox time at that moment; 0 with base 0 is real time
  clock_rate INTEGER NOT NULL DEFAULT 1000, -- thousandths of real time
  snapshot_quota_base INTEGER NOT NULL DEFAULT 64,     -- a region's snapshots: base + per disk × disks
  snapshot_quota_per_disk INTEGER NOT NULL DEFAULT 64,
  disk_snapshot_quota INTEGER NOT NULL DEFAULT 64,     -- snapshots of one disk
  snapshot_chain_max INTEGER NOT NULL DEFAULT 64,      -- incremental snapshots in one chain
  creating_snapshot_max INTEGER NOT NULL DEFAULT 10000,-- snapshots in CREATING on the whole platform
  instance_disk_max INTEGER NOT NULL DEFAULT 20,       -- elastic data disks of an instance that sets no limit itself
  tag_max INTEGER NOT NULL DEFAULT 50,                 -- tags of one resource
  policy_max INTEGER NOT NULL DEFAULT 32,              -- auto snapshot policies of an account in a region
  disk_policy_max INTEGER NOT NULL DEFAULT 10,         -- policies bound to one disk
  policy_disk_max INTEGER NOT NULL DEFAULT 200,        -- disks bound to one policy
  refund_quota INTEGER NOT NULL DEFAULT 199,           -- prepaid disks an account may return in a year
  free_snapshot_gib INTEGER NOT NULL DEFAULT 50,       -- free snapshot capacity of an account in a region
  ip_rate INTEGER NOT NULL DEFAULT 0,                  -- requests a second from one address, 0: no limit
  service_available INTEGER NOT NULL DEFAULT 1 CHECK (service_available IN (0, 1)),
  snapshot_client_token INTEGER NOT NULL DEFAULT 0 CHECK (snapshot_client_token IN (0, 1)) -- CreateSnapshot takes a ClientToken
) STRICT;

CREATE TABLE sandbox (                      -- one row, or none: what the server keeps of the sandbox itself; no fixture says it
  one INTEGER PRIMARY KEY CHECK (one = 1),
  about TEXT NOT NULL                       -- JSON: template, end of life, settings
) STRICT;

CREATE TABLE component (                    -- a back-end CBS depends on
  name TEXT PRIMARY KEY CHECK (name IN ('snapshot', 'storage', 'billing', 'kms')),
  healthy INTEGER NOT NULL DEFAULT 1 CHECK (healthy IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE offline_action (               -- actions taken out of service: ActionOffline
  action TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE region (
  name TEXT PRIMARY KEY,
  name_en TEXT NOT NULL DEFAULT '',
  name_zh TEXT NOT NULL DEFAULT '',
  cbs INTEGER NOT NULL DEFAULT 1 CHECK (cbs IN (0, 1)),              -- 0: UnsupportedRegion
  finance INTEGER NOT NULL DEFAULT 0 CHECK (finance IN (0, 1)),      -- has a host of its own
  encrypted_snapshot INTEGER NOT NULL DEFAULT 1 CHECK (encrypted_snapshot IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE zone (
  name TEXT PRIMARY KEY,
  region TEXT NOT NULL REFERENCES region (name),
  sold_out TEXT NOT NULL DEFAULT ''         -- disk types with no stock, "," between: ResourceInsufficient
) STRICT, WITHOUT ROWID;

CREATE TABLE disk_type (
  name TEXT PRIMARY KEY,
  min_gib INTEGER NOT NULL,
  max_gib INTEGER NOT NULL,
  step_gib INTEGER NOT NULL DEFAULT 1,
  local INTEGER NOT NULL DEFAULT 0 CHECK (local IN (0, 1)),          -- on the host itself: no snapshot, no detach
  sold INTEGER NOT NULL DEFAULT 1 CHECK (sold IN (0, 1)),            -- CreateDisks offers it
  throughput_max INTEGER NOT NULL DEFAULT 0,                         -- extra MB/s that may be bought
  burst INTEGER NOT NULL DEFAULT 0 CHECK (burst IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
  uin INTEGER PRIMARY KEY,
  appid INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  balance_cents INTEGER NOT NULL DEFAULT 0, -- below 0 is arrears
  certified INTEGER NOT NULL DEFAULT 1 CHECK (certified IN (0, 1)),  -- real-name check passed
  payment_right INTEGER NOT NULL DEFAULT 1 CHECK (payment_right IN (0, 1)),
  cbs_role INTEGER NOT NULL DEFAULT 1 CHECK (cbs_role IN (0, 1)),    -- the service role exists
  kms_authorized INTEGER NOT NULL DEFAULT 1 CHECK (kms_authorized IN (0, 1)),
  refunds INTEGER NOT NULL DEFAULT 0,       -- prepaid disks returned this year
  trade_conflict INTEGER NOT NULL DEFAULT 0 CHECK (trade_conflict IN (0, 1)), -- an order is under way: TradeDealConflict
  rate INTEGER NOT NULL DEFAULT 0,          -- requests a second of the whole account, 0: no limit
  region_rate INTEGER NOT NULL DEFAULT 0,   -- the same within one region
  ip_allow TEXT NOT NULL DEFAULT '',        -- addresses (globs, "," between); '' allows all
  ip_deny TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE credential (
  secret_id TEXT PRIMARY KEY,
  secret_key TEXT NOT NULL,                 -- never leaves this table but into the signer
  account INTEGER NOT NULL REFERENCES account (uin),
  sub_uin INTEGER NOT NULL DEFAULT 0,       -- 0: the root account itself
  token TEXT NOT NULL DEFAULT '',           -- '' for a permanent key
  expires_ms INTEGER NOT NULL DEFAULT 0,    -- 0: never
  status TEXT NOT NULL DEFAULT 'ENABLED' CHECK (status IN ('ENABLED', 'DISABLED')),
  kind TEXT NOT NULL DEFAULT 'API' CHECK (kind IN ('API', 'OTHER')), -- OTHER: not a cloud API key, InvalidSecretId
  mfa TEXT NOT NULL DEFAULT 'NONE' CHECK (mfa IN ('NONE', 'FAILED', 'EXPIRED')),
  own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1)) -- given to the sandbox when it was made: a reset keeps it
) STRICT, WITHOUT ROWID;

CREATE TABLE permission (                   -- what CAM refuses; everything else is allowed
  account INTEGER NOT NULL REFERENCES account (uin),
  sub_uin INTEGER NOT NULL DEFAULT 0,       -- 0: every identity of the account
  action TEXT NOT NULL,                     -- glob: cvm:CreateSnapshot, *
  resource TEXT NOT NULL DEFAULT '*',       -- glob over qcs::cvm:<region>:uin/<uin>:volume/<id>
  product_level INTEGER NOT NULL DEFAULT 0 CHECK (product_level IN (0, 1)), -- 1: UnauthorizedOperation without AuthFailure.
  PRIMARY KEY (account, sub_uin, action, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
  account INTEGER NOT NULL REFERENCES account (uin),
  project_id INTEGER NOT NULL,              -- 0, the default project, always exists and has no row
  name TEXT NOT NULL,
  PRIMARY KEY (account, project_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage (                        -- counters of an account in a region; kept, not computed
  account INTEGER NOT NULL,
  region TEXT NOT NULL,
  disks INTEGER NOT NULL DEFAULT 0,         -- visible disks
  snapshots INTEGER NOT NULL DEFAULT 0,
  snapshot_mib INTEGER NOT NULL DEFAULT 0,
  creating_snapshots INTEGER NOT NULL DEFAULT 0, -- in CREATING now, kept by the snapshot's mover; their sum is the platform's
  snapshot_quota INTEGER NOT NULL DEFAULT 0,-- 0: the formula of `world`
  last_disk INTEGER NOT NULL DEFAULT 0,     -- number given last of each kind; the largest of all rows is the world's. They stand here, so
  last_snapshot INTEGER NOT NULL DEFAULT 0, -- that a new snapshot changes one row of counters and its disk's
  last_policy INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, region)
) STRICT, WITHOUT ROWID;

CREATE TABLE instance (                     -- CVM instances disks attach to; seeded, never created here
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES account (uin),
  region TEXT NOT NULL REFERENCES region (name),
  zone TEXT NOT NULL REFERENCES zone (name),
  name TEXT NOT NULL DEFAULT '',
  private_ip TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL DEFAULT 'CVM' CHECK (type IN ('CVM', 'EKS')),
  instance_state TEXT NOT NULL DEFAULT 'RUNNING' CHECK (instance_state IN ('RUNNING', 'STOPPED', 'SHUTDOWN')),
  disk_max INTEGER NOT NULL DEFAULT 0,      -- 0: the platform's
  attached INTEGER NOT NULL DEFAULT 0,      -- elastic data disks attached or attaching, kept by the disk's mover
  online_resize INTEGER NOT NULL DEFAULT 1 CHECK (online_resize IN (0, 1)),
  supported INTEGER NOT NULL DEFAULT 1 CHECK (supported IN (0, 1)) -- 0: the family cannot take elastic disks
) STRICT;

CREATE TABLE disk (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES account (uin),
  region TEXT NOT NULL REFERENCES region (name),
  zone TEXT NOT NULL REFERENCES zone (name),
  project_id INTEGER NOT NULL DEFAULT 0,
  cluster_id TEXT NOT NULL DEFAULT '',      -- Placement.DedicatedClusterId
  name TEXT NOT NULL,
  type TEXT NOT NULL REFERENCES disk_type (name),
  usage TEXT NOT NULL DEFAULT 'DATA_DISK' CHECK (usage IN ('SYSTEM_DISK', 'DATA_DISK')),
  charge_type TEXT NOT NULL DEFAULT 'POSTPAID_BY_HOUR'
    CHECK (charge_type IN ('PREPAID', 'POSTPAID_BY_HOUR', 'CDCPAID', 'DEDICATED_CLUSTER_PAID')),
  size_gib INTEGER NOT NULL CHECK (size_gib > 0),
  disk_state TEXT NOT NULL DEFAULT 'UNATTACHED' CHECK (disk_state IN
    ('UNATTACHED', 'ATTACHING', 'ATTACHED', 'DETACHING', 'EXPANDING', 'ROLLBACKING', 'TORECYCLE', 'DUMPING')),
  state_since_ms INTEGER NOT NULL DEFAULT 0,-- when disk_state was entered; RollbackPercent counts from it
  state_until_ms INTEGER NOT NULL DEFAULT 0,-- when the transition under way ends, 0: none
  hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)), -- bought, not yet visible
  create_ms INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL DEFAULT 0,   -- prepaid until; 0 for postpaid
  renew_flag TEXT NOT NULL DEFAULT '' CHECK (renew_flag IN
    ('', 'NOTIFY_AND_AUTO_RENEW', 'NOTIFY_AND_MANUAL_RENEW', 'DISABLE_NOTIFY_AND_MANUAL_RENEW')),
  instance INTEGER NOT NULL DEFAULT 0,      -- instance.no while attached, attaching or detaching
  last_instance INTEGER NOT NULL DEFAULT 0, -- LastAttachInsId; 0 writes null
  attach_mode TEXT NOT NULL DEFAULT '',
  delete_with_instance INTEGER NOT NULL DEFAULT 0 CHECK (delete_with_instance IN (0, 1)),
  portable INTEGER NOT NULL DEFAULT 1 CHECK (portable IN (0, 1)),
  shareable INTEGER NOT NULL DEFAULT 0 CHECK (shareable IN (0, 1)),
  encrypt INTEGER NOT NULL DEFAULT 0 CHECK (encrypt IN (0, 1)),
  encrypt_type TEXT NOT NULL DEFAULT '' CHECK (encrypt_type IN ('', 'ENCRYPT_V1', 'ENCRYPT_V2')),
  kms_key_id TEXT NOT NULL DEFAULT '',
  snapshot_ability INTEGER NOT NULL DEFAULT 1 CHECK (snapshot_ability IN (0, 1)),
  throughput INTEGER NOT NULL DEFAULT 0,    -- extra MB/s
  burst INTEGER NOT NULL DEFAULT 0 CHECK (burst IN (0, 1)),
  backup_quota INTEGER NOT NULL DEFAULT 0,
  backup_count INTEGER NOT NULL DEFAULT 0,
  migrating INTEGER NOT NULL DEFAULT 0 CHECK (migrating IN (0, 1)),
  migrate_percent INTEGER NOT NULL DEFAULT 0,
  delete_snapshot INTEGER NOT NULL DEFAULT 0 CHECK (delete_snapshot IN (0, 1)), -- deleted with the disk
  refundable INTEGER NOT NULL DEFAULT 1 CHECK (refundable IN (0, 1)),
  from_snapshot INTEGER NOT NULL DEFAULT 0, -- snapshot.no it was made from
  used_mib INTEGER NOT NULL DEFAULT 0,      -- written data; the size of its first snapshot
  snapshot_count INTEGER NOT NULL DEFAULT 0,
  snapshot_mib INTEGER NOT NULL DEFAULT 0,
  creating_snapshots INTEGER NOT NULL DEFAULT 0, -- snapshots of it in CREATING, kept by the snapshot's mover
  chain_length INTEGER NOT NULL DEFAULT 0,  -- incremental snapshots behind its newest one
  tagged INTEGER NOT NULL DEFAULT 0 CHECK (tagged IN (0, 1)), -- has rows in tag
  held_by TEXT NOT NULL DEFAULT '',         -- an operation that occupies it: ResourceInUse
  lock_until_ms INTEGER NOT NULL DEFAULT 0, -- the back-end holds its lock until then: ResourceBusy
  isolated INTEGER NOT NULL DEFAULT 0 CHECK (isolated IN (0, 1)), -- set aside by the platform: InvalidDisk.NotSupported
  backend_fault INTEGER NOT NULL DEFAULT 0 CHECK (backend_fault IN (0, 1)) -- operations on it fail: InternalError.ResourceOpFailed
) STRICT;
CREATE INDEX disk_list ON disk (account, region, create_ms);
CREATE INDEX disk_of_instance ON disk (instance) WHERE instance <> 0;

CREATE TABLE snapshot (                     -- has no index for its lists: their order is kept in memory (server/store/orders.h)
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES account (uin),
  region TEXT NOT NULL REFERENCES region (name),
  zone TEXT NOT NULL REFERENCES zone (name),
  project_id INTEGER NOT NULL DEFAULT 0,
  disk INTEGER NOT NULL DEFAULT 0,          -- disk.no it was taken of, also when that disk is gone; 0 for a copy
  name TEXT NOT NULL,
  usage TEXT NOT NULL DEFAULT 'DATA_DISK' CHECK (usage = 'DATA_DISK' OR usage = 'SYSTEM_DISK'),
  size_gib INTEGER NOT NULL CHECK (size_gib > 0),
  used_mib INTEGER NOT NULL DEFAULT 0,      -- what it occupies: the increment
  snapshot_state TEXT NOT NULL DEFAULT 'NORMAL' CHECK (
    snapshot_state = 'NORMAL' OR snapshot_state = 'CREATING' OR snapshot_state = 'ROLLBACKING' OR
    snapshot_state = 'COPYING_FROM_REMOTE' OR snapshot_state = 'CHECKING_COPIED' OR snapshot_state = 'TORECYCLE'),
  state_since_ms INTEGER NOT NULL DEFAULT 0,-- Percent counts from here to state_until_ms
  state_until_ms INTEGER NOT NULL DEFAULT 0,
  create_ms INTEGER NOT NULL,
  modify_ms INTEGER NOT NULL DEFAULT 0,     -- LatestModifyTime
  deadline_ms INTEGER NOT NULL DEFAULT 0,   -- 0: permanent
  tagged INTEGER NOT NULL DEFAULT 0 CHECK (tagged = 0 OR tagged = 1), -- has rows in tag. Of most rows a list reads up to here
  encrypt INTEGER NOT NULL DEFAULT 0 CHECK (encrypt = 0 OR encrypt = 1),
  copied INTEGER NOT NULL DEFAULT 0 CHECK (copied = 0 OR copied = 1), -- CopyFromRemote
  copying_to TEXT NOT NULL DEFAULT '',      -- regions it is being copied to, "," between
  locked INTEGER NOT NULL DEFAULT 0 CHECK (locked = 0 OR locked = 1),
  instant INTEGER NOT NULL DEFAULT 0 CHECK (instant = 0 OR instant = 1), -- SnapshotMode; 0 takes no room in a row
  legacy_system INTEGER NOT NULL DEFAULT 0 CHECK (legacy_system = 0 OR legacy_system = 1), -- must become an image before a rollback
  image_count INTEGER NOT NULL DEFAULT 0,
  share_count INTEGER NOT NULL DEFAULT 0,
  share_ms INTEGER NOT NULL DEFAULT 0,      -- TimeStartShare
  policy INTEGER NOT NULL DEFAULT 0         -- policy.no that had it taken, also when that policy is gone; 0: a call did
) STRICT;
CREATE INDEX snapshot_rare ON snapshot (no) -- where a list must read more than it does of most: columns that else say nothing
  WHERE image_count <> 0 OR share_count <> 0 OR share_ms <> 0 OR encrypt <> 0 OR copied <> 0 OR instant <> 0 OR locked <> 0
  OR copying_to <> '' OR policy <> 0;

CREATE TABLE snapshot_share (
  account INTEGER NOT NULL REFERENCES account (uin), -- who may see it
  snapshot INTEGER NOT NULL,
  create_ms INTEGER NOT NULL,
  PRIMARY KEY (account, snapshot)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_of_snapshot ON snapshot_share (snapshot);

CREATE TABLE disk_backup (                  -- backup points of a disk
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES account (uin),
  region TEXT NOT NULL REFERENCES region (name),
  disk INTEGER NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  size_gib INTEGER NOT NULL CHECK (size_gib > 0),
  usage TEXT NOT NULL DEFAULT 'DATA_DISK' CHECK (usage IN ('SYSTEM_DISK', 'DATA_DISK')),
  backup_state TEXT NOT NULL DEFAULT 'NORMAL' CHECK (backup_state IN ('NORMAL', 'CREATING', 'ROLLBACKING')),
  state_since_ms INTEGER NOT NULL DEFAULT 0,
  state_until_ms INTEGER NOT NULL DEFAULT 0,
  create_ms INTEGER NOT NULL,
  encrypt INTEGER NOT NULL DEFAULT 0 CHECK (encrypt IN (0, 1))
) STRICT;
CREATE INDEX backup_of_disk ON disk_backup (disk);

CREATE TABLE policy (                       -- auto snapshot policies
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES account (uin),
  region TEXT NOT NULL REFERENCES region (name),
  name TEXT NOT NULL DEFAULT '',
  schedule TEXT NOT NULL,                   -- as it was sent: a JSON array of {Hour, DayOfWeek, DayOfMonth, IntervalDays}
  policy_state TEXT NOT NULL DEFAULT 'NORMAL' CHECK (policy_state IN ('NORMAL', 'ISOLATED')), -- ISOLATED: in arrears
  activated INTEGER NOT NULL DEFAULT 1 CHECK (activated IN (0, 1)),
  permanent INTEGER NOT NULL DEFAULT 0 CHECK (permanent IN (0, 1)), -- its snapshots are kept for ever
  retention_days INTEGER NOT NULL DEFAULT 7,-- else so long
  create_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX policy_list ON policy (account, region, create_ms);

CREATE TABLE policy_disk (                  -- which disks a policy has snapshots taken of
  policy INTEGER NOT NULL,
  disk INTEGER NOT NULL,
  PRIMARY KEY (policy, disk)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_of_disk ON policy_disk (disk);

CREATE TABLE image (                        -- custom images bound to snapshots
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES account (uin),
  snapshot INTEGER NOT NULL
) STRICT;
CREATE INDEX image_of_snapshot ON image (snapshot);

CREATE TABLE tag (                          -- tags of any resource, in the order they were set
  kind TEXT NOT NULL CHECK (kind IN ('volume', 'snapshot')), -- the tag service's resource prefix
  resource INTEGER NOT NULL,                -- disk.no or snapshot.no
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  account INTEGER NOT NULL,
  seq INTEGER NOT NULL DEFAULT 0,           -- order within the resource
  PRIMARY KEY (kind, resource, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (                          -- transitions under way; settling runs what is due, in this key's order
  due_ms INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (
    kind = 'snapshot.create' OR kind = 'snapshot.expire' OR kind = 'snapshot.rollback' OR kind = 'disk.show' OR
    kind = 'disk.attach' OR kind = 'disk.detach' OR kind = 'disk.expand' OR kind = 'disk.rollback' OR kind = 'disk.expire' OR
    kind = 'disk.recycle' OR kind = 'disk.release' OR kind = 'disk.migrate' OR kind = 'backup.create' OR
    kind = 'policy.tick'),
  resource INTEGER NOT NULL,                -- number of the disk, snapshot, backup point or policy
  goes_to TEXT NOT NULL DEFAULT '',         -- the state that follows, where the kind alone does not tell
  arg INTEGER NOT NULL DEFAULT 0,           -- disk.expand: new GiB; disk.rollback: 1 when its instance is started afterwards
  polls INTEGER NOT NULL DEFAULT 0,         -- describes it waits for; 0: for its time alone
  PRIMARY KEY (due_ms, kind, resource)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_of ON job (resource, kind);

CREATE TABLE client_token (                 -- what a ClientToken led to
  account INTEGER NOT NULL,
  region TEXT NOT NULL,
  action TEXT NOT NULL,
  token TEXT NOT NULL,
  digest TEXT NOT NULL,                     -- sha256 of the other parameters: the same token with others is refused
  answer TEXT NOT NULL,                     -- the business fields of the first answer, as JSON
  create_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, action, token)
) STRICT, WITHOUT ROWID;
