-- The audit trail: a row for each access, refusals too. Rows are only ever added: the runtime role has no right to
-- change them, and the trigger keeps the owner from doing so by accident.

CREATE TABLE access_record (
    access_record bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded      timestamptz NOT NULL,
    version       integer,
    resources     integer     NOT NULL,
    status        smallint    NOT NULL,
    agent         text        NOT NULL,
    interaction   text        NOT NULL,
    resource_type text,
    resource_id   text,
    query         text,
    reason        text,
    request_id    text        NOT NULL,
    source        text
);
CREATE INDEX access_record_by_time ON access_record (recorded);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END
$$;
CREATE TRIGGER access_record_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
