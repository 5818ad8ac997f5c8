-- Resources and their versions.
--
-- A resource keeps its key for life, over all versions and over deletion, so that index rows, cursors and
-- references by key stay true. The key begins with the type (type << 48, then a number from the sequence), so that the
-- primary key is also the list of each type's resources in a stable order. Current versions and earlier ones live apart: a read or a search touches only
-- what is current. `content` is the resource without what its row already says (see storage/postgres/content.rs).

CREATE SEQUENCE resource_key AS bigint CACHE 32;

CREATE TABLE resource (
    resource_key  bigint      NOT NULL,
    last_updated  timestamptz NOT NULL,
    version       integer     NOT NULL,
    resource_type smallint    NOT NULL,
    -- 1 create, 2 update that created, 3 update, 4 delete
    method        smallint    NOT NULL,
    -- how `content` is written; 0 when there is none
    encoding      smallint    NOT NULL,
    id            text        COLLATE "C" NOT NULL,
    content       bytea,
    CONSTRAINT resource_pkey PRIMARY KEY (resource_key)
);
-- Content is compressed before it comes here.
ALTER TABLE resource ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX resource_by_id ON resource (id, resource_type);
CREATE INDEX resource_by_time ON resource (resource_type, last_updated, resource_key);

CREATE TABLE resource_history (
    resource_key  bigint      NOT NULL,
    last_updated  timestamptz NOT NULL,
    version       integer     NOT NULL,
    resource_type smallint    NOT NULL,
    method        smallint    NOT NULL,
    encoding      smallint    NOT NULL,
    id            text        COLLATE "C" NOT NULL,
    content       bytea,
    CONSTRAINT resource_history_pkey PRIMARY KEY (resource_key, version)
);
ALTER TABLE resource_history ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX resource_history_by_time ON resource_history (resource_type, last_updated, resource_key);
