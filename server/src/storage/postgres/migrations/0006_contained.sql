-- What chains, composites and includes ask for besides.
--
-- A contained resource has index rows of its own: under a negative key, -(key of its container << 7 | its number from 1), and
-- with the negative number of the parameter, so that no search takes it for a resource. `contained` says which reference of
-- which holder, the resource or another one in it, leads to it.

CREATE TABLE contained (
    container     bigint   NOT NULL,
    -- the container, or a contained resource
    holder_key    bigint   NOT NULL,
    contained_key bigint   NOT NULL,
    -- of the holder's type; always positive
    parameter     smallint NOT NULL,
    -- the type of the contained resource
    resource_type smallint NOT NULL
);
CREATE INDEX contained_by_container ON contained (container);
CREATE INDEX contained_by_parameter ON contained (parameter, contained_key);
ALTER TABLE contained SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_vacuum_scale_factor = 0.05);

-- Also of references to a resource here that name a version: its number.
CREATE INDEX reference_versioned ON reference (parameter) WHERE version IS NOT NULL AND target_type <> 0;

-- What a component's text does not hold: of a string that is longer, the whole; of a quantity, the unit as people write it.
ALTER TABLE composite ADD COLUMN more1 text COLLATE "C", ADD COLUMN more2 text COLLATE "C",
    ADD COLUMN more3 text COLLATE "C";

-- As before, with these.
DROP FUNCTION write_resources;
CREATE FUNCTION write_resources(
    types smallint[], ids text[], methods smallint[], preconditions integer[], may_create boolean[],
    encodings smallint[], contents bytea[],
    token_place integer[], token_parameter smallint[], token_system integer[], token_code text[],
    string_place integer[], string_parameter smallint[], string_extreme smallint[], string_value text[],
    string_whole text[], string_original text[],
    reference_place integer[], reference_parameter smallint[], reference_type smallint[], reference_target text[],
    reference_version text[],
    date_place integer[], date_parameter smallint[], date_extreme smallint[], date_low bigint[], date_high bigint[],
    number_place integer[], number_parameter smallint[], number_extreme smallint[], number_low numeric[],
    number_high numeric[],
    quantity_place integer[], quantity_parameter smallint[], quantity_extreme smallint[], quantity_low numeric[],
    quantity_high numeric[], quantity_system integer[], quantity_code text[], quantity_unit text[],
    uri_place integer[], uri_parameter smallint[], uri_value text[],
    composite_place integer[], composite_parameter smallint[],
    composite_system1 integer[], composite_text1 text[], composite_more1 text[], composite_low1 numeric[],
    composite_high1 numeric[],
    composite_system2 integer[], composite_text2 text[], composite_more2 text[], composite_low2 numeric[],
    composite_high2 numeric[],
    composite_system3 integer[], composite_text3 text[], composite_more3 text[], composite_low3 numeric[],
    composite_high3 numeric[],
    contained_container integer[], contained_number smallint[],
    link_holder integer[], link_place integer[], link_parameter smallint[], link_type smallint[]
) RETURNS SETOF written LANGUAGE plpgsql AS $$
DECLARE
    changes      CONSTANT integer := cardinality(ids);
    moment       CONSTANT timestamptz := date_trunc('milliseconds', clock_timestamp());
    keys         bigint[] := array_fill(NULL::bigint, ARRAY[changes]);
    versions     integer[] := array_fill(1, ARRAY[changes]);
    moments      timestamptz[] := array_fill(moment, ARRAY[changes]);
    existed      boolean[] := array_fill(false, ARRAY[changes]);
    stored       boolean[] := array_fill(false, ARRAY[changes]);
    old_keys     bigint[] := '{}';
    found        record;
    place        integer;
BEGIN
    -- 1. What is there of the resources that are not fresh? Locked in one order, so that writes do not deadlock.
    IF NOT (1 = ALL (methods)) THEN
        FOR found IN
            SELECT change.place, resource.resource_key, resource.version, resource.method, resource.last_updated
            FROM unnest(types, ids, methods) WITH ORDINALITY AS change (resource_type, id, method, place)
            JOIN resource ON resource.id = change.id AND resource.resource_type = change.resource_type
            WHERE change.method <> 1
            ORDER BY resource.id, resource.resource_type
            FOR UPDATE OF resource
        LOOP
            place := found.place;
            keys[place] := found.resource_key;
            existed[place] := found.method <> 4;
            stored[place] := true;
            versions[place] := found.version + 1;
            moments[place] := greatest(moment, found.last_updated + interval '1 millisecond');
        END LOOP;

        -- 2. Do the preconditions hold?
        FOR place IN 1 .. changes LOOP
            CONTINUE WHEN methods[place] = 1;
            IF preconditions[place] > 0 AND (NOT existed[place] OR versions[place] - 1 <> preconditions[place]) THEN
                RAISE EXCEPTION USING ERRCODE = 'BZ001', MESSAGE = 'version conflict', DETAIL = place || ':'
                    || CASE WHEN existed[place] THEN (versions[place] - 1)::text ELSE '' END;
            ELSIF preconditions[place] = -1 AND existed[place] THEN
                RAISE EXCEPTION USING ERRCODE = 'BZ002', MESSAGE = 'exists already', DETAIL = place || ':';
            ELSIF methods[place] <> 4 AND NOT existed[place] AND NOT may_create[place] THEN
                RAISE EXCEPTION USING ERRCODE = 'BZ003', MESSAGE = 'does not exist', DETAIL = place || ':';
            END IF;
            IF methods[place] = 4 THEN
                -- Deleting what is not there changes nothing.
                IF NOT existed[place] THEN
                    versions[place] := 0;
                    keys[place] := NULL;
                    stored[place] := true;
                END IF;
            ELSIF NOT existed[place] THEN
                methods[place] := 2;
            ELSE
                methods[place] := 3;
            END IF;
            IF stored[place] AND keys[place] IS NOT NULL THEN
                old_keys := old_keys || keys[place];
            END IF;
        END LOOP;

        -- 3. What was current becomes history, its index rows go.
        IF cardinality(old_keys) > 0 THEN
            INSERT INTO resource_history
                (resource_key, last_updated, version, resource_type, method, encoding, id, content)
            SELECT resource_key, last_updated, version, resource_type, method, encoding, id, content
            FROM resource WHERE resource_key = ANY (old_keys);
            UPDATE resource SET last_updated = change.moment, version = change.version, method = change.method,
                encoding = change.encoding, content = change.content
            FROM unnest(keys, moments, versions, methods, encodings, contents)
                AS change (resource_key, moment, version, method, encoding, content)
            WHERE resource.resource_key = change.resource_key AND change.resource_key = ANY (old_keys);
            -- What they contained goes with them.
            old_keys := old_keys || ARRAY(
                SELECT DISTINCT contained.contained_key FROM contained WHERE contained.container = ANY (old_keys));
            DELETE FROM contained WHERE container = ANY (old_keys);
            DELETE FROM token WHERE resource_key = ANY (old_keys);
            DELETE FROM string WHERE resource_key = ANY (old_keys);
            DELETE FROM reference WHERE resource_key = ANY (old_keys);
            DELETE FROM date WHERE resource_key = ANY (old_keys);
            DELETE FROM number WHERE resource_key = ANY (old_keys);
            DELETE FROM quantity WHERE resource_key = ANY (old_keys);
            DELETE FROM uri WHERE resource_key = ANY (old_keys);
            DELETE FROM composite WHERE resource_key = ANY (old_keys);
        END IF;
    END IF;

    -- 4. What is new.
    FOR place IN 1 .. changes LOOP
        IF NOT stored[place] THEN
            keys[place] := (types[place]::bigint << 48) | nextval('resource_key');
        END IF;
    END LOOP;
    INSERT INTO resource (resource_key, last_updated, version, resource_type, method, encoding, id, content)
    SELECT change.resource_key, change.moment, 1, change.resource_type, change.method, change.encoding, change.id,
        change.content
    FROM unnest(keys, moments, types, methods, encodings, ids, contents, stored)
        AS change (resource_key, moment, resource_type, method, encoding, id, content, stored)
    WHERE NOT change.stored;

    -- 5. The index. Contained resources have the places after those of the changes.
    FOR place IN 1 .. cardinality(contained_container) LOOP
        keys[changes + place] := -((keys[contained_container[place]] << 7) | contained_number[place]);
    END LOOP;
    IF cardinality(link_place) > 0 THEN
        INSERT INTO contained (container, holder_key, contained_key, parameter, resource_type)
        SELECT CASE WHEN keys[entry.holder] > 0 THEN keys[entry.holder] ELSE (-keys[entry.holder]) >> 7 END,
            keys[entry.holder], keys[entry.place], entry.parameter, entry.resource_type
        FROM unnest(link_holder, link_place, link_parameter, link_type)
            AS entry (holder, place, parameter, resource_type);
    END IF;
    IF cardinality(token_place) > 0 THEN
        INSERT INTO token (resource_key, parameter, system, code)
        SELECT keys[entry.place], entry.parameter, entry.system, entry.code
        FROM unnest(token_place, token_parameter, token_system, token_code) AS entry (place, parameter, system, code);
    END IF;
    IF cardinality(string_place) > 0 THEN
        INSERT INTO string (resource_key, parameter, extreme, value, whole, original)
        SELECT keys[entry.place], entry.parameter, entry.extreme, entry.value, entry.whole, entry.original
        FROM unnest(string_place, string_parameter, string_extreme, string_value, string_whole, string_original)
            AS entry (place, parameter, extreme, value, whole, original);
    END IF;
    IF cardinality(reference_place) > 0 THEN
        INSERT INTO reference (resource_key, parameter, target_type, target, version)
        SELECT keys[entry.place], entry.parameter, entry.target_type, entry.target, entry.version
        FROM unnest(reference_place, reference_parameter, reference_type, reference_target, reference_version)
            AS entry (place, parameter, target_type, target, version);
    END IF;
    IF cardinality(date_place) > 0 THEN
        INSERT INTO date (resource_key, parameter, extreme, low, high)
        SELECT keys[entry.place], entry.parameter, entry.extreme, entry.low, entry.high
        FROM unnest(date_place, date_parameter, date_extreme, date_low, date_high)
            AS entry (place, parameter, extreme, low, high);
    END IF;
    IF cardinality(number_place) > 0 THEN
        INSERT INTO number (resource_key, parameter, extreme, low, high)
        SELECT keys[entry.place], entry.parameter, entry.extreme, entry.low, entry.high
        FROM unnest(number_place, number_parameter, number_extreme, number_low, number_high)
            AS entry (place, parameter, extreme, low, high);
    END IF;
    IF cardinality(quantity_place) > 0 THEN
        INSERT INTO quantity (resource_key, parameter, extreme, low, high, system, code, unit)
        SELECT keys[entry.place], entry.parameter, entry.extreme, entry.low, entry.high, entry.system, entry.code,
            entry.unit
        FROM unnest(quantity_place, quantity_parameter, quantity_extreme, quantity_low, quantity_high,
            quantity_system, quantity_code, quantity_unit)
            AS entry (place, parameter, extreme, low, high, system, code, unit);
    END IF;
    IF cardinality(uri_place) > 0 THEN
        INSERT INTO uri (resource_key, parameter, value)
        SELECT keys[entry.place], entry.parameter, entry.value
        FROM unnest(uri_place, uri_parameter, uri_value) AS entry (place, parameter, value);
    END IF;
    IF cardinality(composite_place) > 0 THEN
        INSERT INTO composite (resource_key, parameter, system1, text1, more1, low1, high1, system2, text2, more2, low2,
            high2, system3, text3, more3, low3, high3)
        SELECT keys[entry.place], entry.parameter, system1, text1, more1, low1, high1, system2, text2, more2, low2,
            high2, system3, text3, more3, low3, high3
        FROM unnest(composite_place, composite_parameter, composite_system1, composite_text1, composite_more1,
            composite_low1, composite_high1, composite_system2, composite_text2, composite_more2, composite_low2,
            composite_high2, composite_system3, composite_text3, composite_more3, composite_low3, composite_high3)
            AS entry (place, parameter, system1, text1, more1, low1, high1, system2, text2, more2, low2, high2, system3,
                text3, more3, low3, high3);
    END IF;

    RETURN QUERY SELECT change.place::integer, change.version, change.moment,
        change.method <> 4 AND NOT change.existed
    FROM unnest(versions, moments, methods, existed) WITH ORDINALITY
        AS change (version, moment, method, existed, place);
END
$$;
