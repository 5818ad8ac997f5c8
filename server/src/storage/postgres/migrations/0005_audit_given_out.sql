-- The audit trail says which resources were given out, in whose compartment was searched, which id the client gave its
-- request, and for how many requests a record stands.

ALTER TABLE access_record
    ADD COLUMN requests          integer NOT NULL DEFAULT 1,
    ADD COLUMN compartment       text,
    ADD COLUMN client_request_id text,
    -- 12 bytes for each version given out, most significant first: the key of its resource and its number
    ADD COLUMN given_out         bytea;

-- The names of the numbers in `resource_type` columns.
CREATE TABLE resource_type (
    number smallint NOT NULL PRIMARY KEY,
    name   text     COLLATE "C" NOT NULL UNIQUE
);

-- `given_out` by name: a row for each version that a search, a history or an operation gave out.
CREATE VIEW given_out AS
SELECT record.access_record, record.recorded, record.agent, type.name AS resource_type, resource.id AS resource_id,
    given.version
FROM access_record AS record
CROSS JOIN LATERAL generate_series(0, length(record.given_out) / 12 - 1) AS place
CROSS JOIN LATERAL (
    SELECT ('x' || encode(substring(record.given_out FROM place * 12 + 1 FOR 8), 'hex'))::bit(64)::bigint AS resource_key,
        ('x' || encode(substring(record.given_out FROM place * 12 + 9 FOR 4), 'hex'))::bit(32)::integer AS version
    ) AS given
LEFT JOIN resource ON resource.resource_key = given.resource_key
LEFT JOIN resource_type AS type ON type.number = resource.resource_type;
