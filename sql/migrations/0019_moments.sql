/*
 * Moments: what was known when, to the commit.
 *
 * `known_from` is the time at which our transaction began, and others see its rows only when it
 * commits, for a long computation minutes later. Asked in between, the warehouse tells what was
 * there; asked afterwards for the same time, it must tell the same. So each transaction that changes
 * what is known notes its moment, and a deferred trigger writes at the commit when that was.
 *
 * Rows that are replaced are kept small: the twins of indices and shares of area hold only the
 * columns that changed, and the views …_ever fill the others from the rows that came after.
 */

-- Moments -----------------------------------------------------------------------------------------

CREATE TABLE ops.moment (
    known_from timestamptz PRIMARY KEY,
    committed_at timestamptz NOT NULL DEFAULT 'infinity' CHECK (known_from <= committed_at)
);
-- Whoever asks for a time looks for the few transactions that were under way then.
CREATE INDEX ON ops.moment USING gist (tstzrange(known_from, committed_at));
COMMENT ON TABLE ops.moment IS
'Each transaction that wrote what is known. One without a row was committed as it began, as those before this table.';
COMMENT ON COLUMN ops.moment.known_from IS 'When the transaction began: known_from of its rows.';
COMMENT ON COLUMN ops.moment.committed_at IS 'When it committed, to some milliseconds; infinity only while it runs.';

CREATE FUNCTION ops.note_moment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ops.moment (known_from) VALUES (now()) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ops.note_moment() IS
'Notes that the transaction writes what is known; once, however many statements it has. A statement that finds nothing to change notes it too.';

CREATE FUNCTION ops.note_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A clock that was set back must not make the commit earlier than the beginning.
    UPDATE ops.moment SET committed_at = greatest(clock_timestamp(), known_from)
    WHERE known_from = NEW.known_from;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ops.note_commit() IS 'Writes down when a transaction commits. Runs as the last thing it does.';
-- A moment that is loaded from a backup brings its commit with it.
CREATE CONSTRAINT TRIGGER note_commit AFTER INSERT ON ops.moment
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.committed_at = 'infinity') EXECUTE FUNCTION ops.note_commit();

CREATE FUNCTION mart.unseen_at(known_at timestamptz) RETURNS timestamptz[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
SELECT coalesce(array_agg(known_from), '{}') FROM ops.moment
WHERE tstzrange(known_from, committed_at) @> known_at
$$;
COMMENT ON FUNCTION mart.unseen_at(timestamptz) IS
'The known_from of transactions that had begun by then and not committed: what they wrote was not known yet.';
REVOKE EXECUTE ON FUNCTION ops.note_moment(), ops.note_commit(), mart.unseen_at(timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION mart.unseen_at(timestamptz) TO drought_analyst, drought_pipeline;
GRANT SELECT ON ops.moment TO drought_pipeline;

-- Before the statement takes any row, so that a moment is waited for by none that holds one.

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON landscape.version
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON series.climate_month
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON series.station_position
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON series.observation
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON series.station_month
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON series.agreement
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON series.agreement_month
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON series.landscape_gauge
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON series.indicator
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON index.calibration
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON index.cell_calibration
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON index.value_month
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON index.area_share
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON plan.document
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON plan.stage_month
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON alert.transition
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

-- A row ends with the moment of the transaction that replaced it, and with no other: of two that
-- overlap, the one that began later may commit first, and its row then ends "before" it began. Until
-- the other commits it is the truth all the same, and mart.unseen_at says so.

ALTER TABLE series.agreement_superseded
DROP CONSTRAINT agreement_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE series.agreement_month_superseded
DROP CONSTRAINT agreement_month_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE series.climate_month_superseded
DROP CONSTRAINT climate_month_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE series.indicator_superseded
DROP CONSTRAINT indicator_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE series.observation_superseded
DROP CONSTRAINT observation_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE series.station_month_superseded
DROP CONSTRAINT station_month_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE series.station_position_superseded
DROP CONSTRAINT station_position_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE index.area_share_superseded
DROP CONSTRAINT area_share_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE index.value_month_superseded
DROP CONSTRAINT value_month_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

ALTER TABLE plan.stage_month_superseded
DROP CONSTRAINT stage_month_superseded_check,
ADD CONSTRAINT it_has_ended CHECK (known_until < 'infinity');

CREATE FUNCTION ops.moment_after(known_from timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
SELECT CASE WHEN known_from > clock_timestamp() THEN known_from + interval '1 microsecond' ELSE now() END
$$;
COMMENT ON FUNCTION ops.moment_after(timestamptz) IS
'Since when the row counts that takes the place of one known since then: now(); only a clock that was set back makes it later.';

CREATE OR REPLACE FUNCTION ops.keep_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := ops.moment_after(OLD.known_from);
BEGIN
    IF OLD.known_from <> now() THEN
        EXECUTE format(
            'INSERT INTO %1$I.%2$I SELECT twin.* FROM jsonb_populate_record(NULL::%1$I.%2$I, $1) AS twin',
            TG_TABLE_SCHEMA, TG_TABLE_NAME || '_superseded'
        )
        USING to_jsonb(OLD) || jsonb_build_object('known_until', moment);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        NEW.known_from := moment;
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$;

CREATE OR REPLACE FUNCTION ops.stamp_replacing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.known_from := ops.moment_after(OLD.known_from);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION ops.keep_all_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ') INTO kept
    FROM pg_attribute
    WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;
    EXECUTE format(
        'INSERT INTO %1$I.%2$I (%3$s, known_until) '
        'SELECT %3$s, ops.moment_after(known_from) FROM gone WHERE known_from <> now()',
        TG_TABLE_SCHEMA, TG_TABLE_NAME || '_superseded', kept
    );
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION ops.moment_after(timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION ops.moment_after(timestamptz) TO drought_pipeline;

-- Only what changed -------------------------------------------------------------------------------

-- A row's reasons are some dozen words; of all rows few differ, and a number stands for them.
CREATE TABLE index.gap_set (
    gap_set_number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gaps jsonb NOT NULL UNIQUE
);
COMMENT ON TABLE index.gap_set IS 'The gaps that rows of replaced indices and shares of area had, each once.';
COMMENT ON COLUMN index.gap_set.gap_set_number IS 'Stands for them in the tables …_superseded.';
COMMENT ON COLUMN index.gap_set.gaps IS 'Index code to the reason of its gap.';
GRANT SELECT, INSERT, UPDATE, DELETE ON index.gap_set TO drought_pipeline;
INSERT INTO index.gap_set (gaps)
SELECT gaps FROM index.value_month_superseded
UNION
SELECT gaps FROM index.area_share_superseded;

ALTER TABLE index.value_month_superseded ADD COLUMN gap_set_number integer, ADD COLUMN replaced_number bigint;
WITH ordered AS (
    SELECT
        ctid AS place,
        row_number() OVER (ORDER BY known_until ASC, known_from ASC) AS replaced_number
    FROM index.value_month_superseded
)

UPDATE index.value_month_superseded AS t SET gap_set_number = s.gap_set_number, replaced_number = o.replaced_number
FROM ordered AS o, index.gap_set AS s
WHERE t.ctid = o.place AND t.gaps = s.gaps;
ALTER TABLE index.value_month_superseded ALTER COLUMN replaced_number SET NOT NULL;
ALTER TABLE index.value_month_superseded ALTER COLUMN replaced_number ADD GENERATED ALWAYS AS IDENTITY;
SELECT setval(pg_get_serial_sequence('index.value_month_superseded', 'replaced_number'), coalesce(max(replaced_number), 0) + 1, FALSE)
FROM index.value_month_superseded;
DROP INDEX index.value_month_superseded_landscape_key_month_idx;
CREATE INDEX ON index.value_month_superseded (landscape_key, month, replaced_number);
CREATE INDEX ON index.value_month_superseded (month);
COMMENT ON TABLE index.value_month_superseded IS
'What was replaced in value_month: of a row that another took the place of only what changed, of one that was deleted all.
A value that stayed the same is null, as a gap is: index.value_month_ever tells which, and fills them in.';
COMMENT ON COLUMN index.value_month_superseded.gap_set_number IS 'The reasons of all its gaps, see index.gap_set; null: those of the row that took its place.';
COMMENT ON COLUMN index.value_month_superseded.replaced_number IS
'Rows of one landscape, month, source and calibration were replaced in this order; their times need not tell it.';

ALTER TABLE index.area_share_superseded ADD COLUMN gap_set_number integer, ADD COLUMN replaced_number bigint;
WITH ordered AS (
    SELECT
        ctid AS place,
        row_number() OVER (ORDER BY known_until ASC, known_from ASC) AS replaced_number
    FROM index.area_share_superseded
)

UPDATE index.area_share_superseded AS t SET gap_set_number = s.gap_set_number, replaced_number = o.replaced_number
FROM ordered AS o, index.gap_set AS s
WHERE t.ctid = o.place AND t.gaps = s.gaps;
ALTER TABLE index.area_share_superseded ALTER COLUMN replaced_number SET NOT NULL;
ALTER TABLE index.area_share_superseded ALTER COLUMN replaced_number ADD GENERATED ALWAYS AS IDENTITY;
SELECT setval(pg_get_serial_sequence('index.area_share_superseded', 'replaced_number'), coalesce(max(replaced_number), 0) + 1, FALSE)
FROM index.area_share_superseded;
DROP INDEX index.area_share_superseded_landscape_key_month_idx;
CREATE INDEX ON index.area_share_superseded (landscape_key, month, replaced_number);
CREATE INDEX ON index.area_share_superseded (month);
COMMENT ON TABLE index.area_share_superseded IS
'What was replaced in area_share: of a row that another took the place of only what changed, of one that was deleted all.
Shares that stayed the same are null, as a gap is: index.area_share_ever tells which, and fills them in.';
COMMENT ON COLUMN index.area_share_superseded.gap_set_number IS 'The reasons of all its gaps, see index.gap_set; null: those of the row that took its place.';
COMMENT ON COLUMN index.area_share_superseded.replaced_number IS
'Rows of one landscape, month, source and calibration were replaced in this order; their times need not tell it.';

CREATE INDEX ON index.area_share_superseded (known_until);

CREATE FUNCTION index.keep_what_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    twin text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME || '_superseded');
    beside text;
    whole text;
    parts text;
    changed text;
    added text;
BEGIN
    -- The column of a value may be null; the others are kept whole.
    SELECT
        string_agg(quote_ident(attname), ', ') FILTER (WHERE attnotnull),
        string_agg(quote_ident(attname), ', ') FILTER (WHERE NOT attnotnull),
        string_agg(format('CASE WHEN o.%1$I IS DISTINCT FROM n.%1$I THEN o.%1$I END', attname), ', ')
        FILTER (WHERE NOT attnotnull),
        string_agg(
            format(
                '%1$I = CASE WHEN s.%1$I IS NULL AND (g.gaps ? %1$L) IS NOT TRUE AND o.%1$I IS DISTINCT FROM n.%1$I '
                'THEN o.%1$I ELSE s.%1$I END', attname
            ), ', '
        ) FILTER (WHERE NOT attnotnull)
    INTO whole, parts, changed, added
    FROM pg_attribute
    WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped AND attname <> 'gaps';
    beside := format(
        'gone AS o LEFT JOIN %s AS n USING (landscape_key, month, source, calibration) '
        'LEFT JOIN index.gap_set AS r ON o.gaps = r.gaps',
        CASE TG_OP WHEN 'UPDATE' THEN 'come' ELSE '(SELECT * FROM gone WHERE FALSE)' END
    );
    INSERT INTO index.gap_set (gaps) SELECT gaps FROM gone EXCEPT SELECT gaps FROM index.gap_set
    ON CONFLICT DO NOTHING;
    EXECUTE format(
        'INSERT INTO %1$s (%2$s, %3$s, gap_set_number, known_until) '
        'SELECT %4$s, %5$s, CASE WHEN o.gaps IS DISTINCT FROM n.gaps THEN r.gap_set_number END, '
        'coalesce(n.known_from, ops.moment_after(o.known_from)) FROM %6$s WHERE o.known_from <> now()',
        twin, whole, parts, 'o.' || replace(whole, ', ', ', o.'), changed, beside
    );
    -- A row that this transaction wrote was never shown and is not kept. What it shared with the row
    -- that it had taken the place of, and its successor does not share, belongs to that one now.
    IF EXISTS (SELECT FROM gone WHERE known_from = now()) THEN
        EXECUTE format(
            'UPDATE %1$s AS t SET %2$s, gap_set_number = CASE WHEN s.gap_set_number IS NULL '
            'AND o.gaps IS DISTINCT FROM n.gaps THEN r.gap_set_number ELSE s.gap_set_number END '
            'FROM %3$s CROSS JOIN LATERAL (SELECT l.ctid AS place, l.* FROM %1$s AS l '
            'WHERE l.landscape_key = o.landscape_key AND l.month = o.month AND l.source = o.source '
            'AND l.calibration = o.calibration ORDER BY l.replaced_number DESC LIMIT 1) AS s '
            'LEFT JOIN index.gap_set AS g ON s.gap_set_number = g.gap_set_number '
            'WHERE o.known_from = now() AND s.known_until = now() AND t.ctid = s.place',
            twin, added, beside
        );
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION index.keep_what_changed() IS
'Moves what a statement replaced or deleted into the twin table …_superseded: of replaced rows only the values that changed.';
REVOKE EXECUTE ON FUNCTION index.keep_what_changed() FROM public;

DROP TRIGGER keep_replaced ON index.value_month;
DROP TRIGGER keep_deleted ON index.value_month;
CREATE TRIGGER keep_replaced AFTER UPDATE ON index.value_month
REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION index.keep_what_changed();
CREATE TRIGGER keep_deleted AFTER DELETE ON index.value_month
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION index.keep_what_changed();

DROP TRIGGER keep_replaced ON index.area_share;
DROP TRIGGER keep_deleted ON index.area_share;
CREATE TRIGGER keep_replaced AFTER UPDATE ON index.area_share
REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION index.keep_what_changed();
CREATE TRIGGER keep_deleted AFTER DELETE ON index.area_share
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION index.keep_what_changed();

CREATE VIEW index.value_month_change AS
SELECT
    l.landscape_id,
    o.landscape_key,
    o.month,
    o.source,
    o.calibration,
    o.landscape_version,
    o.release,
    o.origin,
    o.known_from,
    o.known_until,
    coalesce(later.known_from, held.known_from) = o.known_until AS is_replaced,
    coalesce(later.release, held.release) AS new_release,
    g.gaps,
    g.new_gaps,
    coalesce(o.spi_1, CASE WHEN NOT g.gaps ? 'spi_1' THEN coalesce(later.spi_1, held.spi_1) END) AS spi_1,
    CASE WHEN NOT g.new_gaps ? 'spi_1' THEN coalesce(later.spi_1, held.spi_1) END AS new_spi_1,
    coalesce(o.spi_2, CASE WHEN NOT g.gaps ? 'spi_2' THEN coalesce(later.spi_2, held.spi_2) END) AS spi_2,
    CASE WHEN NOT g.new_gaps ? 'spi_2' THEN coalesce(later.spi_2, held.spi_2) END AS new_spi_2,
    coalesce(o.spi_3, CASE WHEN NOT g.gaps ? 'spi_3' THEN coalesce(later.spi_3, held.spi_3) END) AS spi_3,
    CASE WHEN NOT g.new_gaps ? 'spi_3' THEN coalesce(later.spi_3, held.spi_3) END AS new_spi_3,
    coalesce(o.spi_6, CASE WHEN NOT g.gaps ? 'spi_6' THEN coalesce(later.spi_6, held.spi_6) END) AS spi_6,
    CASE WHEN NOT g.new_gaps ? 'spi_6' THEN coalesce(later.spi_6, held.spi_6) END AS new_spi_6,
    coalesce(o.spi_9, CASE WHEN NOT g.gaps ? 'spi_9' THEN coalesce(later.spi_9, held.spi_9) END) AS spi_9,
    CASE WHEN NOT g.new_gaps ? 'spi_9' THEN coalesce(later.spi_9, held.spi_9) END AS new_spi_9,
    coalesce(o.spi_12, CASE WHEN NOT g.gaps ? 'spi_12' THEN coalesce(later.spi_12, held.spi_12) END) AS spi_12,
    CASE WHEN NOT g.new_gaps ? 'spi_12' THEN coalesce(later.spi_12, held.spi_12) END AS new_spi_12,
    coalesce(o.spi_24, CASE WHEN NOT g.gaps ? 'spi_24' THEN coalesce(later.spi_24, held.spi_24) END) AS spi_24,
    CASE WHEN NOT g.new_gaps ? 'spi_24' THEN coalesce(later.spi_24, held.spi_24) END AS new_spi_24,
    coalesce(o.spi_hy, CASE WHEN NOT g.gaps ? 'spi_hy' THEN coalesce(later.spi_hy, held.spi_hy) END) AS spi_hy,
    CASE WHEN NOT g.new_gaps ? 'spi_hy' THEN coalesce(later.spi_hy, held.spi_hy) END AS new_spi_hy,
    coalesce(o.spi_veg, CASE WHEN NOT g.gaps ? 'spi_veg' THEN coalesce(later.spi_veg, held.spi_veg) END) AS spi_veg,
    CASE WHEN NOT g.new_gaps ? 'spi_veg' THEN coalesce(later.spi_veg, held.spi_veg) END AS new_spi_veg,
    coalesce(o.spei_1, CASE WHEN NOT g.gaps ? 'spei_1' THEN coalesce(later.spei_1, held.spei_1) END) AS spei_1,
    CASE WHEN NOT g.new_gaps ? 'spei_1' THEN coalesce(later.spei_1, held.spei_1) END AS new_spei_1,
    coalesce(o.spei_2, CASE WHEN NOT g.gaps ? 'spei_2' THEN coalesce(later.spei_2, held.spei_2) END) AS spei_2,
    CASE WHEN NOT g.new_gaps ? 'spei_2' THEN coalesce(later.spei_2, held.spei_2) END AS new_spei_2,
    coalesce(o.spei_3, CASE WHEN NOT g.gaps ? 'spei_3' THEN coalesce(later.spei_3, held.spei_3) END) AS spei_3,
    CASE WHEN NOT g.new_gaps ? 'spei_3' THEN coalesce(later.spei_3, held.spei_3) END AS new_spei_3,
    coalesce(o.spei_6, CASE WHEN NOT g.gaps ? 'spei_6' THEN coalesce(later.spei_6, held.spei_6) END) AS spei_6,
    CASE WHEN NOT g.new_gaps ? 'spei_6' THEN coalesce(later.spei_6, held.spei_6) END AS new_spei_6,
    coalesce(o.spei_9, CASE WHEN NOT g.gaps ? 'spei_9' THEN coalesce(later.spei_9, held.spei_9) END) AS spei_9,
    CASE WHEN NOT g.new_gaps ? 'spei_9' THEN coalesce(later.spei_9, held.spei_9) END AS new_spei_9,
    coalesce(o.spei_12, CASE WHEN NOT g.gaps ? 'spei_12' THEN coalesce(later.spei_12, held.spei_12) END) AS spei_12,
    CASE WHEN NOT g.new_gaps ? 'spei_12' THEN coalesce(later.spei_12, held.spei_12) END AS new_spei_12,
    coalesce(o.spei_24, CASE WHEN NOT g.gaps ? 'spei_24' THEN coalesce(later.spei_24, held.spei_24) END) AS spei_24,
    CASE WHEN NOT g.new_gaps ? 'spei_24' THEN coalesce(later.spei_24, held.spei_24) END AS new_spei_24,
    coalesce(o.spei_hy, CASE WHEN NOT g.gaps ? 'spei_hy' THEN coalesce(later.spei_hy, held.spei_hy) END) AS spei_hy,
    CASE WHEN NOT g.new_gaps ? 'spei_hy' THEN coalesce(later.spei_hy, held.spei_hy) END AS new_spei_hy,
    coalesce(o.spei_veg, CASE WHEN NOT g.gaps ? 'spei_veg' THEN coalesce(later.spei_veg, held.spei_veg) END) AS spei_veg,
    CASE WHEN NOT g.new_gaps ? 'spei_veg' THEN coalesce(later.spei_veg, held.spei_veg) END AS new_spei_veg,
    coalesce(o.pn_1, CASE WHEN NOT g.gaps ? 'pn_1' THEN coalesce(later.pn_1, held.pn_1) END) AS pn_1,
    CASE WHEN NOT g.new_gaps ? 'pn_1' THEN coalesce(later.pn_1, held.pn_1) END AS new_pn_1,
    coalesce(o.pn_3, CASE WHEN NOT g.gaps ? 'pn_3' THEN coalesce(later.pn_3, held.pn_3) END) AS pn_3,
    CASE WHEN NOT g.new_gaps ? 'pn_3' THEN coalesce(later.pn_3, held.pn_3) END AS new_pn_3,
    coalesce(o.pn_6, CASE WHEN NOT g.gaps ? 'pn_6' THEN coalesce(later.pn_6, held.pn_6) END) AS pn_6,
    CASE WHEN NOT g.new_gaps ? 'pn_6' THEN coalesce(later.pn_6, held.pn_6) END AS new_pn_6,
    coalesce(o.pn_9, CASE WHEN NOT g.gaps ? 'pn_9' THEN coalesce(later.pn_9, held.pn_9) END) AS pn_9,
    CASE WHEN NOT g.new_gaps ? 'pn_9' THEN coalesce(later.pn_9, held.pn_9) END AS new_pn_9,
    coalesce(o.pn_12, CASE WHEN NOT g.gaps ? 'pn_12' THEN coalesce(later.pn_12, held.pn_12) END) AS pn_12,
    CASE WHEN NOT g.new_gaps ? 'pn_12' THEN coalesce(later.pn_12, held.pn_12) END AS new_pn_12,
    coalesce(o.smri_1, CASE WHEN NOT g.gaps ? 'smri_1' THEN coalesce(later.smri_1, held.smri_1) END) AS smri_1,
    CASE WHEN NOT g.new_gaps ? 'smri_1' THEN coalesce(later.smri_1, held.smri_1) END AS new_smri_1,
    coalesce(o.smri_3, CASE WHEN NOT g.gaps ? 'smri_3' THEN coalesce(later.smri_3, held.smri_3) END) AS smri_3,
    CASE WHEN NOT g.new_gaps ? 'smri_3' THEN coalesce(later.smri_3, held.smri_3) END AS new_smri_3,
    coalesce(o.smri_6, CASE WHEN NOT g.gaps ? 'smri_6' THEN coalesce(later.smri_6, held.smri_6) END) AS smri_6,
    CASE WHEN NOT g.new_gaps ? 'smri_6' THEN coalesce(later.smri_6, held.smri_6) END AS new_smri_6,
    coalesce(o.smri_12, CASE WHEN NOT g.gaps ? 'smri_12' THEN coalesce(later.smri_12, held.smri_12) END) AS smri_12,
    CASE WHEN NOT g.new_gaps ? 'smri_12' THEN coalesce(later.smri_12, held.smri_12) END AS new_smri_12,
    coalesce(o.smri_hy, CASE WHEN NOT g.gaps ? 'smri_hy' THEN coalesce(later.smri_hy, held.smri_hy) END) AS smri_hy,
    CASE WHEN NOT g.new_gaps ? 'smri_hy' THEN coalesce(later.smri_hy, held.smri_hy) END AS new_smri_hy,
    coalesce(o.swei_1, CASE WHEN NOT g.gaps ? 'swei_1' THEN coalesce(later.swei_1, held.swei_1) END) AS swei_1,
    CASE WHEN NOT g.new_gaps ? 'swei_1' THEN coalesce(later.swei_1, held.swei_1) END AS new_swei_1,
    coalesce(o.sma_1, CASE WHEN NOT g.gaps ? 'sma_1' THEN coalesce(later.sma_1, held.sma_1) END) AS sma_1,
    CASE WHEN NOT g.new_gaps ? 'sma_1' THEN coalesce(later.sma_1, held.sma_1) END AS new_sma_1,
    coalesce(o.sma_3, CASE WHEN NOT g.gaps ? 'sma_3' THEN coalesce(later.sma_3, held.sma_3) END) AS sma_3,
    CASE WHEN NOT g.new_gaps ? 'sma_3' THEN coalesce(later.sma_3, held.sma_3) END AS new_sma_3
FROM index.value_month_superseded AS o
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN index.value_month AS held
    ON
        o.landscape_key = held.landscape_key
        AND o.month = held.month
        AND o.source = held.source
        AND o.calibration = held.calibration
-- Of each column the first that is held by a row replaced later.
CROSS JOIN
    LATERAL ( -- noqa: ST05
        WITH r AS (
            SELECT
                s.known_from,
                s.release,
                s.gap_set_number,
                s.spi_1,
                s.spi_2,
                s.spi_3,
                s.spi_6,
                s.spi_9,
                s.spi_12,
                s.spi_24,
                s.spi_hy,
                s.spi_veg,
                s.spei_1,
                s.spei_2,
                s.spei_3,
                s.spei_6,
                s.spei_9,
                s.spei_12,
                s.spei_24,
                s.spei_hy,
                s.spei_veg,
                s.pn_1,
                s.pn_3,
                s.pn_6,
                s.pn_9,
                s.pn_12,
                s.smri_1,
                s.smri_3,
                s.smri_6,
                s.smri_12,
                s.smri_hy,
                s.swei_1,
                s.sma_1,
                s.sma_3
            FROM index.value_month_superseded AS s
            WHERE
                o.landscape_key = s.landscape_key
                AND o.month = s.month
                AND o.source = s.source
                AND o.calibration = s.calibration
                AND o.replaced_number < s.replaced_number
            ORDER BY s.replaced_number
        )

        SELECT
            (array_agg(r.known_from))[1] AS known_from,
            (array_agg(r.release))[1] AS release,
            (array_agg(r.gap_set_number) FILTER (WHERE r.gap_set_number IS NOT NULL))[1] AS gap_set_number,
            (array_agg(r.spi_1) FILTER (WHERE r.spi_1 IS NOT NULL))[1] AS spi_1,
            (array_agg(r.spi_2) FILTER (WHERE r.spi_2 IS NOT NULL))[1] AS spi_2,
            (array_agg(r.spi_3) FILTER (WHERE r.spi_3 IS NOT NULL))[1] AS spi_3,
            (array_agg(r.spi_6) FILTER (WHERE r.spi_6 IS NOT NULL))[1] AS spi_6,
            (array_agg(r.spi_9) FILTER (WHERE r.spi_9 IS NOT NULL))[1] AS spi_9,
            (array_agg(r.spi_12) FILTER (WHERE r.spi_12 IS NOT NULL))[1] AS spi_12,
            (array_agg(r.spi_24) FILTER (WHERE r.spi_24 IS NOT NULL))[1] AS spi_24,
            (array_agg(r.spi_hy) FILTER (WHERE r.spi_hy IS NOT NULL))[1] AS spi_hy,
            (array_agg(r.spi_veg) FILTER (WHERE r.spi_veg IS NOT NULL))[1] AS spi_veg,
            (array_agg(r.spei_1) FILTER (WHERE r.spei_1 IS NOT NULL))[1] AS spei_1,
            (array_agg(r.spei_2) FILTER (WHERE r.spei_2 IS NOT NULL))[1] AS spei_2,
            (array_agg(r.spei_3) FILTER (WHERE r.spei_3 IS NOT NULL))[1] AS spei_3,
            (array_agg(r.spei_6) FILTER (WHERE r.spei_6 IS NOT NULL))[1] AS spei_6,
            (array_agg(r.spei_9) FILTER (WHERE r.spei_9 IS NOT NULL))[1] AS spei_9,
            (array_agg(r.spei_12) FILTER (WHERE r.spei_12 IS NOT NULL))[1] AS spei_12,
            (array_agg(r.spei_24) FILTER (WHERE r.spei_24 IS NOT NULL))[1] AS spei_24,
            (array_agg(r.spei_hy) FILTER (WHERE r.spei_hy IS NOT NULL))[1] AS spei_hy,
            (array_agg(r.spei_veg) FILTER (WHERE r.spei_veg IS NOT NULL))[1] AS spei_veg,
            (array_agg(r.pn_1) FILTER (WHERE r.pn_1 IS NOT NULL))[1] AS pn_1,
            (array_agg(r.pn_3) FILTER (WHERE r.pn_3 IS NOT NULL))[1] AS pn_3,
            (array_agg(r.pn_6) FILTER (WHERE r.pn_6 IS NOT NULL))[1] AS pn_6,
            (array_agg(r.pn_9) FILTER (WHERE r.pn_9 IS NOT NULL))[1] AS pn_9,
            (array_agg(r.pn_12) FILTER (WHERE r.pn_12 IS NOT NULL))[1] AS pn_12,
            (array_agg(r.smri_1) FILTER (WHERE r.smri_1 IS NOT NULL))[1] AS smri_1,
            (array_agg(r.smri_3) FILTER (WHERE r.smri_3 IS NOT NULL))[1] AS smri_3,
            (array_agg(r.smri_6) FILTER (WHERE r.smri_6 IS NOT NULL))[1] AS smri_6,
            (array_agg(r.smri_12) FILTER (WHERE r.smri_12 IS NOT NULL))[1] AS smri_12,
            (array_agg(r.smri_hy) FILTER (WHERE r.smri_hy IS NOT NULL))[1] AS smri_hy,
            (array_agg(r.swei_1) FILTER (WHERE r.swei_1 IS NOT NULL))[1] AS swei_1,
            (array_agg(r.sma_1) FILTER (WHERE r.sma_1 IS NOT NULL))[1] AS sma_1,
            (array_agg(r.sma_3) FILTER (WHERE r.sma_3 IS NOT NULL))[1] AS sma_3
        FROM r
    ) AS later
LEFT JOIN index.gap_set AS own ON o.gap_set_number = own.gap_set_number
LEFT JOIN index.gap_set AS came ON later.gap_set_number = came.gap_set_number
CROSS JOIN
    LATERAL (
        VALUES (coalesce(own.gaps, came.gaps, held.gaps), coalesce(came.gaps, held.gaps))
    ) AS g (gaps, new_gaps);

COMMENT ON VIEW index.value_month_change IS 'Every row of value_month that was replaced or deleted, whole, beside the row that came after it.';
COMMENT ON COLUMN index.value_month_change.known_until IS 'Until when it was the truth.';
COMMENT ON COLUMN index.value_month_change.is_replaced IS 'Whether the other row took its place; else it was deleted, and the other, if any, came later.';
COMMENT ON COLUMN index.value_month_change.new_release IS 'The other''s release.';
COMMENT ON COLUMN index.value_month_change.new_gaps IS 'The other''s gaps.';
COMMENT ON COLUMN index.value_month_change.landscape_id IS 'The landscape.';

COMMENT ON COLUMN index.value_month_change.new_spi_1 IS 'The other''s spi_1.';

COMMENT ON COLUMN index.value_month_change.new_spi_2 IS 'The other''s spi_2.';

COMMENT ON COLUMN index.value_month_change.new_spi_3 IS 'The other''s spi_3.';

COMMENT ON COLUMN index.value_month_change.new_spi_6 IS 'The other''s spi_6.';

COMMENT ON COLUMN index.value_month_change.new_spi_9 IS 'The other''s spi_9.';

COMMENT ON COLUMN index.value_month_change.new_spi_12 IS 'The other''s spi_12.';

COMMENT ON COLUMN index.value_month_change.new_spi_24 IS 'The other''s spi_24.';

COMMENT ON COLUMN index.value_month_change.new_spi_hy IS 'The other''s spi_hy.';

COMMENT ON COLUMN index.value_month_change.new_spi_veg IS 'The other''s spi_veg.';

COMMENT ON COLUMN index.value_month_change.new_spei_1 IS 'The other''s spei_1.';

COMMENT ON COLUMN index.value_month_change.new_spei_2 IS 'The other''s spei_2.';

COMMENT ON COLUMN index.value_month_change.new_spei_3 IS 'The other''s spei_3.';

COMMENT ON COLUMN index.value_month_change.new_spei_6 IS 'The other''s spei_6.';

COMMENT ON COLUMN index.value_month_change.new_spei_9 IS 'The other''s spei_9.';

COMMENT ON COLUMN index.value_month_change.new_spei_12 IS 'The other''s spei_12.';

COMMENT ON COLUMN index.value_month_change.new_spei_24 IS 'The other''s spei_24.';

COMMENT ON COLUMN index.value_month_change.new_spei_hy IS 'The other''s spei_hy.';

COMMENT ON COLUMN index.value_month_change.new_spei_veg IS 'The other''s spei_veg.';

COMMENT ON COLUMN index.value_month_change.new_pn_1 IS 'The other''s pn_1.';

COMMENT ON COLUMN index.value_month_change.new_pn_3 IS 'The other''s pn_3.';

COMMENT ON COLUMN index.value_month_change.new_pn_6 IS 'The other''s pn_6.';

COMMENT ON COLUMN index.value_month_change.new_pn_9 IS 'The other''s pn_9.';

COMMENT ON COLUMN index.value_month_change.new_pn_12 IS 'The other''s pn_12.';

COMMENT ON COLUMN index.value_month_change.new_smri_1 IS 'The other''s smri_1.';

COMMENT ON COLUMN index.value_month_change.new_smri_3 IS 'The other''s smri_3.';

COMMENT ON COLUMN index.value_month_change.new_smri_6 IS 'The other''s smri_6.';

COMMENT ON COLUMN index.value_month_change.new_smri_12 IS 'The other''s smri_12.';

COMMENT ON COLUMN index.value_month_change.new_smri_hy IS 'The other''s smri_hy.';

COMMENT ON COLUMN index.value_month_change.new_swei_1 IS 'The other''s swei_1.';

COMMENT ON COLUMN index.value_month_change.new_sma_1 IS 'The other''s sma_1.';

COMMENT ON COLUMN index.value_month_change.new_sma_3 IS 'The other''s sma_3.';

SELECT ops.copy_comments('index.value_month', 'index.value_month_change');

GRANT SELECT ON index.value_month_change TO drought_pipeline;

CREATE OR REPLACE VIEW index.value_month_ever AS
SELECT
    v.landscape_key,
    v.month,
    v.source,
    v.calibration,
    v.landscape_version,
    v.spi_1,
    v.spi_2,
    v.spi_3,
    v.spi_6,
    v.spi_9,
    v.spi_12,
    v.spi_24,
    v.spi_hy,
    v.spi_veg,
    v.spei_1,
    v.spei_2,
    v.spei_3,
    v.spei_6,
    v.spei_9,
    v.spei_12,
    v.spei_24,
    v.spei_hy,
    v.spei_veg,
    v.pn_1,
    v.pn_3,
    v.pn_6,
    v.pn_9,
    v.pn_12,
    v.smri_1,
    v.smri_3,
    v.smri_6,
    v.smri_12,
    v.smri_hy,
    v.swei_1,
    v.sma_1,
    v.sma_3,
    v.gaps,
    v.release,
    v.origin,
    v.known_from,
    'infinity'::timestamptz AS known_until,
    l.landscape_id
FROM index.value_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
UNION ALL
SELECT
    landscape_key,
    month,
    source,
    calibration,
    landscape_version,
    spi_1,
    spi_2,
    spi_3,
    spi_6,
    spi_9,
    spi_12,
    spi_24,
    spi_hy,
    spi_veg,
    spei_1,
    spei_2,
    spei_3,
    spei_6,
    spei_9,
    spei_12,
    spei_24,
    spei_hy,
    spei_veg,
    pn_1,
    pn_3,
    pn_6,
    pn_9,
    pn_12,
    smri_1,
    smri_3,
    smri_6,
    smri_12,
    smri_hy,
    swei_1,
    sma_1,
    sma_3,
    gaps,
    release,
    origin,
    known_from,
    known_until,
    landscape_id
FROM index.value_month_change;
COMMENT ON COLUMN index.value_month_ever.landscape_id IS 'The landscape.';

CREATE VIEW index.area_share_change AS
SELECT
    l.landscape_id,
    o.landscape_key,
    o.month,
    o.source,
    o.calibration,
    o.landscape_version,
    o.release,
    o.origin,
    o.known_from,
    o.known_until,
    coalesce(later.known_from, held.known_from) = o.known_until AS is_replaced,
    coalesce(later.release, held.release) AS new_release,
    g.gaps,
    g.new_gaps,
    coalesce(o.spi_1, CASE WHEN NOT g.gaps ? 'spi_1' THEN coalesce(later.spi_1, held.spi_1) END) AS spi_1,
    CASE WHEN NOT g.new_gaps ? 'spi_1' THEN coalesce(later.spi_1, held.spi_1) END AS new_spi_1,
    coalesce(o.spi_2, CASE WHEN NOT g.gaps ? 'spi_2' THEN coalesce(later.spi_2, held.spi_2) END) AS spi_2,
    CASE WHEN NOT g.new_gaps ? 'spi_2' THEN coalesce(later.spi_2, held.spi_2) END AS new_spi_2,
    coalesce(o.spi_3, CASE WHEN NOT g.gaps ? 'spi_3' THEN coalesce(later.spi_3, held.spi_3) END) AS spi_3,
    CASE WHEN NOT g.new_gaps ? 'spi_3' THEN coalesce(later.spi_3, held.spi_3) END AS new_spi_3,
    coalesce(o.spi_6, CASE WHEN NOT g.gaps ? 'spi_6' THEN coalesce(later.spi_6, held.spi_6) END) AS spi_6,
    CASE WHEN NOT g.new_gaps ? 'spi_6' THEN coalesce(later.spi_6, held.spi_6) END AS new_spi_6,
    coalesce(o.spi_9, CASE WHEN NOT g.gaps ? 'spi_9' THEN coalesce(later.spi_9, held.spi_9) END) AS spi_9,
    CASE WHEN NOT g.new_gaps ? 'spi_9' THEN coalesce(later.spi_9, held.spi_9) END AS new_spi_9,
    coalesce(o.spi_12, CASE WHEN NOT g.gaps ? 'spi_12' THEN coalesce(later.spi_12, held.spi_12) END) AS spi_12,
    CASE WHEN NOT g.new_gaps ? 'spi_12' THEN coalesce(later.spi_12, held.spi_12) END AS new_spi_12,
    coalesce(o.spi_24, CASE WHEN NOT g.gaps ? 'spi_24' THEN coalesce(later.spi_24, held.spi_24) END) AS spi_24,
    CASE WHEN NOT g.new_gaps ? 'spi_24' THEN coalesce(later.spi_24, held.spi_24) END AS new_spi_24,
    coalesce(o.spi_hy, CASE WHEN NOT g.gaps ? 'spi_hy' THEN coalesce(later.spi_hy, held.spi_hy) END) AS spi_hy,
    CASE WHEN NOT g.new_gaps ? 'spi_hy' THEN coalesce(later.spi_hy, held.spi_hy) END AS new_spi_hy,
    coalesce(o.spi_veg, CASE WHEN NOT g.gaps ? 'spi_veg' THEN coalesce(later.spi_veg, held.spi_veg) END) AS spi_veg,
    CASE WHEN NOT g.new_gaps ? 'spi_veg' THEN coalesce(later.spi_veg, held.spi_veg) END AS new_spi_veg,
    coalesce(o.spei_1, CASE WHEN NOT g.gaps ? 'spei_1' THEN coalesce(later.spei_1, held.spei_1) END) AS spei_1,
    CASE WHEN NOT g.new_gaps ? 'spei_1' THEN coalesce(later.spei_1, held.spei_1) END AS new_spei_1,
    coalesce(o.spei_2, CASE WHEN NOT g.gaps ? 'spei_2' THEN coalesce(later.spei_2, held.spei_2) END) AS spei_2,
    CASE WHEN NOT g.new_gaps ? 'spei_2' THEN coalesce(later.spei_2, held.spei_2) END AS new_spei_2,
    coalesce(o.spei_3, CASE WHEN NOT g.gaps ? 'spei_3' THEN coalesce(later.spei_3, held.spei_3) END) AS spei_3,
    CASE WHEN NOT g.new_gaps ? 'spei_3' THEN coalesce(later.spei_3, held.spei_3) END AS new_spei_3,
    coalesce(o.spei_6, CASE WHEN NOT g.gaps ? 'spei_6' THEN coalesce(later.spei_6, held.spei_6) END) AS spei_6,
    CASE WHEN NOT g.new_gaps ? 'spei_6' THEN coalesce(later.spei_6, held.spei_6) END AS new_spei_6,
    coalesce(o.spei_9, CASE WHEN NOT g.gaps ? 'spei_9' THEN coalesce(later.spei_9, held.spei_9) END) AS spei_9,
    CASE WHEN NOT g.new_gaps ? 'spei_9' THEN coalesce(later.spei_9, held.spei_9) END AS new_spei_9,
    coalesce(o.spei_12, CASE WHEN NOT g.gaps ? 'spei_12' THEN coalesce(later.spei_12, held.spei_12) END) AS spei_12,
    CASE WHEN NOT g.new_gaps ? 'spei_12' THEN coalesce(later.spei_12, held.spei_12) END AS new_spei_12,
    coalesce(o.spei_24, CASE WHEN NOT g.gaps ? 'spei_24' THEN coalesce(later.spei_24, held.spei_24) END) AS spei_24,
    CASE WHEN NOT g.new_gaps ? 'spei_24' THEN coalesce(later.spei_24, held.spei_24) END AS new_spei_24,
    coalesce(o.spei_hy, CASE WHEN NOT g.gaps ? 'spei_hy' THEN coalesce(later.spei_hy, held.spei_hy) END) AS spei_hy,
    CASE WHEN NOT g.new_gaps ? 'spei_hy' THEN coalesce(later.spei_hy, held.spei_hy) END AS new_spei_hy,
    coalesce(o.spei_veg, CASE WHEN NOT g.gaps ? 'spei_veg' THEN coalesce(later.spei_veg, held.spei_veg) END) AS spei_veg,
    CASE WHEN NOT g.new_gaps ? 'spei_veg' THEN coalesce(later.spei_veg, held.spei_veg) END AS new_spei_veg
FROM index.area_share_superseded AS o
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN index.area_share AS held
    ON
        o.landscape_key = held.landscape_key
        AND o.month = held.month
        AND o.source = held.source
        AND o.calibration = held.calibration
-- Of each column the first that is held by a row replaced later.
CROSS JOIN
    LATERAL ( -- noqa: ST05
        WITH r AS (
            SELECT
                s.known_from,
                s.release,
                s.gap_set_number,
                s AS whole,
                s.spi_1,
                s.spi_2,
                s.spi_3,
                s.spi_6,
                s.spi_9,
                s.spi_12,
                s.spi_24,
                s.spi_hy,
                s.spi_veg,
                s.spei_1,
                s.spei_2,
                s.spei_3,
                s.spei_6,
                s.spei_9,
                s.spei_12,
                s.spei_24,
                s.spei_hy,
                s.spei_veg
            FROM index.area_share_superseded AS s
            WHERE
                o.landscape_key = s.landscape_key
                AND o.month = s.month
                AND o.source = s.source
                AND o.calibration = s.calibration
                AND o.replaced_number < s.replaced_number
            ORDER BY s.replaced_number
        )

        SELECT
            (array_agg(r.known_from))[1] AS known_from,
            (array_agg(r.release))[1] AS release,
            (array_agg(r.gap_set_number) FILTER (WHERE r.gap_set_number IS NOT NULL))[1] AS gap_set_number,
            ((array_agg(r.whole) FILTER (WHERE r.spi_1 IS NOT NULL))[1]).spi_1 AS spi_1,
            ((array_agg(r.whole) FILTER (WHERE r.spi_2 IS NOT NULL))[1]).spi_2 AS spi_2,
            ((array_agg(r.whole) FILTER (WHERE r.spi_3 IS NOT NULL))[1]).spi_3 AS spi_3,
            ((array_agg(r.whole) FILTER (WHERE r.spi_6 IS NOT NULL))[1]).spi_6 AS spi_6,
            ((array_agg(r.whole) FILTER (WHERE r.spi_9 IS NOT NULL))[1]).spi_9 AS spi_9,
            ((array_agg(r.whole) FILTER (WHERE r.spi_12 IS NOT NULL))[1]).spi_12 AS spi_12,
            ((array_agg(r.whole) FILTER (WHERE r.spi_24 IS NOT NULL))[1]).spi_24 AS spi_24,
            ((array_agg(r.whole) FILTER (WHERE r.spi_hy IS NOT NULL))[1]).spi_hy AS spi_hy,
            ((array_agg(r.whole) FILTER (WHERE r.spi_veg IS NOT NULL))[1]).spi_veg AS spi_veg,
            ((array_agg(r.whole) FILTER (WHERE r.spei_1 IS NOT NULL))[1]).spei_1 AS spei_1,
            ((array_agg(r.whole) FILTER (WHERE r.spei_2 IS NOT NULL))[1]).spei_2 AS spei_2,
            ((array_agg(r.whole) FILTER (WHERE r.spei_3 IS NOT NULL))[1]).spei_3 AS spei_3,
            ((array_agg(r.whole) FILTER (WHERE r.spei_6 IS NOT NULL))[1]).spei_6 AS spei_6,
            ((array_agg(r.whole) FILTER (WHERE r.spei_9 IS NOT NULL))[1]).spei_9 AS spei_9,
            ((array_agg(r.whole) FILTER (WHERE r.spei_12 IS NOT NULL))[1]).spei_12 AS spei_12,
            ((array_agg(r.whole) FILTER (WHERE r.spei_24 IS NOT NULL))[1]).spei_24 AS spei_24,
            ((array_agg(r.whole) FILTER (WHERE r.spei_hy IS NOT NULL))[1]).spei_hy AS spei_hy,
            ((array_agg(r.whole) FILTER (WHERE r.spei_veg IS NOT NULL))[1]).spei_veg AS spei_veg
        FROM r
    ) AS later
LEFT JOIN index.gap_set AS own ON o.gap_set_number = own.gap_set_number
LEFT JOIN index.gap_set AS came ON later.gap_set_number = came.gap_set_number
CROSS JOIN
    LATERAL (
        VALUES (coalesce(own.gaps, came.gaps, held.gaps), coalesce(came.gaps, held.gaps))
    ) AS g (gaps, new_gaps);

COMMENT ON VIEW index.area_share_change IS 'Every row of area_share that was replaced or deleted, whole, beside the row that came after it.';
COMMENT ON COLUMN index.area_share_change.known_until IS 'Until when it was the truth.';
COMMENT ON COLUMN index.area_share_change.is_replaced IS 'Whether the other row took its place; else it was deleted, and the other, if any, came later.';
COMMENT ON COLUMN index.area_share_change.new_release IS 'The other''s release.';
COMMENT ON COLUMN index.area_share_change.new_gaps IS 'The other''s gaps.';
COMMENT ON COLUMN index.area_share_change.landscape_id IS 'The landscape.';

COMMENT ON COLUMN index.area_share_change.new_spi_1 IS 'The other''s spi_1.';

COMMENT ON COLUMN index.area_share_change.new_spi_2 IS 'The other''s spi_2.';

COMMENT ON COLUMN index.area_share_change.new_spi_3 IS 'The other''s spi_3.';

COMMENT ON COLUMN index.area_share_change.new_spi_6 IS 'The other''s spi_6.';

COMMENT ON COLUMN index.area_share_change.new_spi_9 IS 'The other''s spi_9.';

COMMENT ON COLUMN index.area_share_change.new_spi_12 IS 'The other''s spi_12.';

COMMENT ON COLUMN index.area_share_change.new_spi_24 IS 'The other''s spi_24.';

COMMENT ON COLUMN index.area_share_change.new_spi_hy IS 'The other''s spi_hy.';

COMMENT ON COLUMN index.area_share_change.new_spi_veg IS 'The other''s spi_veg.';

COMMENT ON COLUMN index.area_share_change.new_spei_1 IS 'The other''s spei_1.';

COMMENT ON COLUMN index.area_share_change.new_spei_2 IS 'The other''s spei_2.';

COMMENT ON COLUMN index.area_share_change.new_spei_3 IS 'The other''s spei_3.';

COMMENT ON COLUMN index.area_share_change.new_spei_6 IS 'The other''s spei_6.';

COMMENT ON COLUMN index.area_share_change.new_spei_9 IS 'The other''s spei_9.';

COMMENT ON COLUMN index.area_share_change.new_spei_12 IS 'The other''s spei_12.';

COMMENT ON COLUMN index.area_share_change.new_spei_24 IS 'The other''s spei_24.';

COMMENT ON COLUMN index.area_share_change.new_spei_hy IS 'The other''s spei_hy.';

COMMENT ON COLUMN index.area_share_change.new_spei_veg IS 'The other''s spei_veg.';

SELECT ops.copy_comments('index.area_share', 'index.area_share_change');

GRANT SELECT ON index.area_share_change TO drought_pipeline;

CREATE VIEW index.area_share_ever AS
SELECT
    v.landscape_key,
    v.month,
    v.source,
    v.calibration,
    v.landscape_version,
    v.spi_1,
    v.spi_2,
    v.spi_3,
    v.spi_6,
    v.spi_9,
    v.spi_12,
    v.spi_24,
    v.spi_hy,
    v.spi_veg,
    v.spei_1,
    v.spei_2,
    v.spei_3,
    v.spei_6,
    v.spei_9,
    v.spei_12,
    v.spei_24,
    v.spei_hy,
    v.spei_veg,
    v.gaps,
    v.release,
    v.origin,
    v.known_from,
    'infinity'::timestamptz AS known_until,
    l.landscape_id
FROM index.area_share AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
UNION ALL
SELECT
    landscape_key,
    month,
    source,
    calibration,
    landscape_version,
    spi_1,
    spi_2,
    spi_3,
    spi_6,
    spi_9,
    spi_12,
    spi_24,
    spi_hy,
    spi_veg,
    spei_1,
    spei_2,
    spei_3,
    spei_6,
    spei_9,
    spei_12,
    spei_24,
    spei_hy,
    spei_veg,
    gaps,
    release,
    origin,
    known_from,
    known_until,
    landscape_id
FROM index.area_share_change;
COMMENT ON COLUMN index.area_share_ever.landscape_id IS 'The landscape.';

COMMENT ON VIEW index.area_share_ever IS 'Every row of shares of area that was ever shown, whole, with the time it was the truth.';
COMMENT ON VIEW index.value_month_ever IS 'Every row of indices that was ever shown, whole, with the time it was the truth.';
COMMENT ON COLUMN index.area_share_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('index.area_share', 'index.area_share_ever');
GRANT SELECT ON index.area_share_ever TO drought_pipeline;

CREATE VIEW series.climate_month_ever AS
SELECT
    c.landscape_key,
    c.month,
    c.source,
    c.landscape_version,
    c.precipitation_mm,
    c.temperature_mean_c,
    c.pet_mm,
    c.gap,
    c.coverage_fraction,
    c.release,
    c.origin,
    c.file_id,
    c.known_from,
    c.pet_hargreaves_mm,
    c.soil_moisture_m3_m3,
    c.snow_water_equivalent_mm,
    c.snow_melt_mm,
    c.snowfall_mm,
    'infinity'::timestamptz AS known_until,
    l.landscape_id
FROM series.climate_month AS c
INNER JOIN landscape.landscape AS l USING (landscape_key)
UNION ALL
SELECT
    c.landscape_key,
    c.month,
    c.source,
    c.landscape_version,
    c.precipitation_mm,
    c.temperature_mean_c,
    c.pet_mm,
    c.gap,
    c.coverage_fraction,
    c.release,
    c.origin,
    c.file_id,
    c.known_from,
    c.pet_hargreaves_mm,
    c.soil_moisture_m3_m3,
    c.snow_water_equivalent_mm,
    c.snow_melt_mm,
    c.snowfall_mm,
    c.known_until,
    l.landscape_id
FROM series.climate_month_superseded AS c
INNER JOIN landscape.landscape AS l USING (landscape_key);
COMMENT ON VIEW series.climate_month_ever IS 'Every row of climate_month that was ever shown, with the time it was the truth.';
COMMENT ON COLUMN series.climate_month_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
COMMENT ON COLUMN series.climate_month_ever.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('series.climate_month', 'series.climate_month_ever');
GRANT SELECT ON series.climate_month_ever TO drought_pipeline;

CREATE OR REPLACE VIEW plan.stage_ever AS
SELECT
    l.landscape_id,
    s.month,
    s.plan_id,
    s.plan_version,
    s.drought_type,
    s.stage,
    s.stage_rank,
    s.since_month,
    s.is_confirmed,
    s.silent_months,
    s.known_from,
    'infinity'::timestamptz AS known_until
FROM plan.stage_month AS s
INNER JOIN landscape.landscape AS l USING (landscape_key)
UNION ALL
SELECT
    l.landscape_id,
    s.month,
    s.plan_id,
    s.plan_version,
    s.drought_type,
    s.stage,
    s.stage_rank,
    s.since_month,
    s.is_confirmed,
    s.silent_months,
    s.known_from,
    s.known_until
FROM plan.stage_month_superseded AS s
INNER JOIN landscape.landscape AS l USING (landscape_key);

CREATE OR REPLACE VIEW index.share_ever AS
SELECT
    ever.landscape_id,
    ever.month,
    one.index_code,
    class.class,
    one.shares[class.position] AS share,
    one.shares[1] AS covered_fraction,
    ever.gaps ->> one.index_code AS gap,
    ever.source,
    ever.release,
    ever.origin,
    ever.calibration,
    ever.known_from,
    ever.known_until
FROM index.area_share_ever AS ever
CROSS JOIN
    LATERAL (
        VALUES
        ('spi_1', ever.spi_1),
        ('spi_2', ever.spi_2),
        ('spi_3', ever.spi_3),
        ('spi_6', ever.spi_6),
        ('spi_9', ever.spi_9),
        ('spi_12', ever.spi_12),
        ('spi_24', ever.spi_24),
        ('spi_hy', ever.spi_hy),
        ('spi_veg', ever.spi_veg),
        ('spei_1', ever.spei_1),
        ('spei_2', ever.spei_2),
        ('spei_3', ever.spei_3),
        ('spei_6', ever.spei_6),
        ('spei_9', ever.spei_9),
        ('spei_12', ever.spei_12),
        ('spei_24', ever.spei_24),
        ('spei_hy', ever.spei_hy),
        ('spei_veg', ever.spei_veg)
    ) AS one (index_code, shares)
CROSS JOIN (
    VALUES
    (-0.5::double precision, 2),
    (-0.8::double precision, 3),
    (-1.0::double precision, 4),
    (-1.3::double precision, 5),
    (-1.5::double precision, 6),
    (-1.6::double precision, 7),
    (-2.0::double precision, 8)
) AS class (class, position);

-- What holds is read without looking at what was replaced.

CREATE OR REPLACE VIEW mart.index_month WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    v.month,
    one.index_code,
    one.value,
    v.gaps ->> one.index_code AS gap,
    v.source,
    v.release,
    v.origin,
    v.calibration,
    v.known_from
FROM index.value_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
CROSS JOIN
    LATERAL (
        VALUES
        ('spi_1', v.spi_1),
        ('spi_2', v.spi_2),
        ('spi_3', v.spi_3),
        ('spi_6', v.spi_6),
        ('spi_9', v.spi_9),
        ('spi_12', v.spi_12),
        ('spi_24', v.spi_24),
        ('spi_hy', v.spi_hy),
        ('spi_veg', v.spi_veg),
        ('spei_1', v.spei_1),
        ('spei_2', v.spei_2),
        ('spei_3', v.spei_3),
        ('spei_6', v.spei_6),
        ('spei_9', v.spei_9),
        ('spei_12', v.spei_12),
        ('spei_24', v.spei_24),
        ('spei_hy', v.spei_hy),
        ('spei_veg', v.spei_veg),
        ('pn_1', v.pn_1),
        ('pn_3', v.pn_3),
        ('pn_6', v.pn_6),
        ('pn_9', v.pn_9),
        ('pn_12', v.pn_12),
        ('smri_1', v.smri_1),
        ('smri_3', v.smri_3),
        ('smri_6', v.smri_6),
        ('smri_12', v.smri_12),
        ('smri_hy', v.smri_hy),
        ('swei_1', v.swei_1),
        ('sma_1', v.sma_1),
        ('sma_3', v.sma_3)
    ) AS one (index_code, value)
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
DROP VIEW index.value_ever;
ALTER TABLE index.area_share_superseded DROP COLUMN gaps;

-- Revisions. The rows that may be shown are chosen where they are read, before anything is said of
-- their values.
CREATE OR REPLACE VIEW mart.revision_value WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    o.month,
    o.source,
    one.quantity,
    NULL::text AS calibration,
    one.old_value,
    one.new_value,
    one.old_gap,
    one.new_gap,
    o.release AS old_release,
    n.release AS new_release,
    o.known_from AS old_known_from,
    o.known_until AS changed_at
FROM series.climate_month_superseded AS o
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN LATERAL (
    SELECT
        e.release,
        e.gap,
        e.precipitation_mm,
        e.temperature_mean_c,
        e.pet_mm,
        e.pet_hargreaves_mm,
        e.soil_moisture_m3_m3,
        e.snow_water_equivalent_mm,
        e.snow_melt_mm,
        e.snowfall_mm
    FROM series.climate_month AS e
    WHERE
        o.landscape_key = e.landscape_key AND o.month = e.month AND o.source = e.source AND o.known_until = e.known_from
    UNION ALL
    SELECT
        e.release,
        e.gap,
        e.precipitation_mm,
        e.temperature_mean_c,
        e.pet_mm,
        e.pet_hargreaves_mm,
        e.soil_moisture_m3_m3,
        e.snow_water_equivalent_mm,
        e.snow_melt_mm,
        e.snowfall_mm
    FROM series.climate_month_superseded AS e
    WHERE
        o.landscape_key = e.landscape_key AND o.month = e.month AND o.source = e.source AND o.known_until = e.known_from
        AND e.known_from <> e.known_until
) AS n ON TRUE
CROSS JOIN
    LATERAL (
        VALUES
        ('precipitation_mm', o.precipitation_mm, n.precipitation_mm, o.gap, n.gap),
        ('temperature_mean_c', o.temperature_mean_c, n.temperature_mean_c, NULL, NULL),
        ('pet_mm', o.pet_mm, n.pet_mm, NULL, NULL),
        ('pet_hargreaves_mm', o.pet_hargreaves_mm, n.pet_hargreaves_mm, NULL, NULL),
        ('soil_moisture_m3_m3', o.soil_moisture_m3_m3, n.soil_moisture_m3_m3, NULL, NULL),
        ('snow_water_equivalent_mm', o.snow_water_equivalent_mm, n.snow_water_equivalent_mm, NULL, NULL),
        ('snow_melt_mm', o.snow_melt_mm, n.snow_melt_mm, NULL, NULL),
        ('snowfall_mm', o.snowfall_mm, n.snowfall_mm, NULL, NULL)
    ) AS one (quantity, old_value, new_value, old_gap, new_gap)
WHERE
    (o.source <> 'blended' OR o.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    AND o.known_from <> o.known_until
    AND (one.old_value IS DISTINCT FROM one.new_value OR one.old_gap IS DISTINCT FROM one.new_gap)
UNION ALL
SELECT
    c.landscape_id,
    c.month,
    c.source,
    one.quantity,
    c.calibration,
    one.old_value,
    CASE WHEN c.is_replaced THEN one.new_value END AS new_value,
    c.gaps ->> one.quantity AS old_gap,
    CASE WHEN c.is_replaced THEN c.new_gaps ->> one.quantity END AS new_gap,
    c.release AS old_release,
    CASE WHEN c.is_replaced THEN c.new_release END AS new_release,
    c.known_from AS old_known_from,
    c.known_until AS changed_at
FROM index.value_month_change AS c
CROSS JOIN
    LATERAL (
        VALUES
        ('spi_1', c.spi_1, c.new_spi_1),
        ('spi_2', c.spi_2, c.new_spi_2),
        ('spi_3', c.spi_3, c.new_spi_3),
        ('spi_6', c.spi_6, c.new_spi_6),
        ('spi_9', c.spi_9, c.new_spi_9),
        ('spi_12', c.spi_12, c.new_spi_12),
        ('spi_24', c.spi_24, c.new_spi_24),
        ('spi_hy', c.spi_hy, c.new_spi_hy),
        ('spi_veg', c.spi_veg, c.new_spi_veg),
        ('spei_1', c.spei_1, c.new_spei_1),
        ('spei_2', c.spei_2, c.new_spei_2),
        ('spei_3', c.spei_3, c.new_spei_3),
        ('spei_6', c.spei_6, c.new_spei_6),
        ('spei_9', c.spei_9, c.new_spei_9),
        ('spei_12', c.spei_12, c.new_spei_12),
        ('spei_24', c.spei_24, c.new_spei_24),
        ('spei_hy', c.spei_hy, c.new_spei_hy),
        ('spei_veg', c.spei_veg, c.new_spei_veg),
        ('pn_1', c.pn_1, c.new_pn_1),
        ('pn_3', c.pn_3, c.new_pn_3),
        ('pn_6', c.pn_6, c.new_pn_6),
        ('pn_9', c.pn_9, c.new_pn_9),
        ('pn_12', c.pn_12, c.new_pn_12),
        ('smri_1', c.smri_1, c.new_smri_1),
        ('smri_3', c.smri_3, c.new_smri_3),
        ('smri_6', c.smri_6, c.new_smri_6),
        ('smri_12', c.smri_12, c.new_smri_12),
        ('smri_hy', c.smri_hy, c.new_smri_hy),
        ('swei_1', c.swei_1, c.new_swei_1),
        ('sma_1', c.sma_1, c.new_sma_1),
        ('sma_3', c.sma_3, c.new_sma_3)
    ) AS one (quantity, old_value, new_value)
WHERE
    (c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    AND c.known_from <> c.known_until
    AND (
        c.is_replaced IS NOT TRUE
        OR one.old_value IS DISTINCT FROM one.new_value
        OR c.gaps ->> one.quantity IS DISTINCT FROM c.new_gaps ->> one.quantity
    );
DROP VIEW series.revision_ever;
ALTER TABLE index.value_month_superseded DROP COLUMN gaps;

CREATE OR REPLACE VIEW mart.revision_stage AS
WITH ever AS (
    SELECT
        landscape_key,
        month,
        drought_type,
        plan_id,
        plan_version,
        stage,
        stage_rank,
        known_from
    FROM plan.stage_month
    UNION ALL
    SELECT
        landscape_key,
        month,
        drought_type,
        plan_id,
        plan_version,
        stage,
        stage_rank,
        known_from
    FROM plan.stage_month_superseded
    WHERE known_from <> known_until
)

SELECT
    l.landscape_id,
    o.month,
    o.drought_type,
    o.stage AS old_stage,
    o.stage_rank AS old_stage_rank,
    o.plan_id AS old_plan_id,
    o.plan_version AS old_plan_version,
    n.stage AS new_stage,
    n.stage_rank AS new_stage_rank,
    n.plan_id AS new_plan_id,
    n.plan_version AS new_plan_version,
    o.known_from AS old_known_from,
    o.known_until AS changed_at,
    correction.alert_id,
    correction.approval
FROM plan.stage_month_superseded AS o
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ever AS n
    ON
        o.landscape_key = n.landscape_key
        AND o.month = n.month
        AND o.drought_type = n.drought_type
        AND o.known_until = n.known_from
-- A run of months corrected in the same way is one correction, at its first month.
LEFT JOIN LATERAL (
    SELECT
        t.alert_id,
        a.state AS approval
    FROM alert.transition AS t
    INNER JOIN alert.approval AS a USING (alert_id)
    WHERE
        o.landscape_key = t.landscape_key
        AND o.drought_type = t.drought_type
        AND o.known_until = t.decided_at
        AND o.month >= t.month
        AND t.change = 'corrected'
        AND o.stage = t.from_stage
        AND n.stage = t.to_stage
    ORDER BY t.month DESC, t.alert_id DESC
    LIMIT 1
) AS correction ON TRUE
WHERE o.known_from <> o.known_until AND o.stage IS DISTINCT FROM n.stage;

-- As it was known then ------------------------------------------------------------------------------

-- The views hold every row that was ever shown, for readers; the functions choose by time. They are
-- plain queries of the reader's own, so that his conditions reach the indexes. A condition on a value
-- may be judged in the scan, before the rows are that he may not see, and its row count be told by
-- EXPLAIN: what is not a key comes out of a subquery that is not merged (OFFSET 0).

CREATE VIEW mart.climate_month_ever WITH (security_barrier = TRUE) AS
SELECT
    c.landscape_id,
    c.month,
    x.precipitation_mm,
    x.temperature_mean_c,
    x.pet_mm,
    x.gap,
    c.source,
    c.release,
    c.origin,
    x.coverage_fraction,
    c.known_from,
    x.pet_hargreaves_mm,
    x.soil_moisture_m3_m3,
    x.snow_water_equivalent_mm,
    x.snow_melt_mm,
    x.snowfall_mm,
    c.known_until
FROM series.climate_month_ever AS c
CROSS JOIN
    LATERAL (
        SELECT
            c.precipitation_mm,
            c.temperature_mean_c,
            c.pet_mm,
            c.gap,
            c.coverage_fraction,
            c.pet_hargreaves_mm,
            c.soil_moisture_m3_m3,
            c.snow_water_equivalent_mm,
            c.snow_melt_mm,
            c.snowfall_mm
        FROM (VALUES (1)) AS once
        OFFSET 0
    ) AS x
WHERE c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.climate_month_ever IS 'Every row of climate_month that was ever shown, with the time it was the truth.';
SELECT ops.copy_comments('series.climate_month_ever', 'mart.climate_month_ever');

CREATE VIEW mart.index_month_ever WITH (security_barrier = TRUE) AS
SELECT
    v.landscape_id,
    v.month,
    one.index_code,
    one.value,
    v.gaps ->> one.index_code AS gap,
    v.source,
    v.release,
    v.origin,
    v.calibration,
    v.known_from,
    v.known_until
FROM index.value_month_ever AS v
CROSS JOIN
    LATERAL (
        VALUES
        ('spi_1', v.spi_1),
        ('spi_2', v.spi_2),
        ('spi_3', v.spi_3),
        ('spi_6', v.spi_6),
        ('spi_9', v.spi_9),
        ('spi_12', v.spi_12),
        ('spi_24', v.spi_24),
        ('spi_hy', v.spi_hy),
        ('spi_veg', v.spi_veg),
        ('spei_1', v.spei_1),
        ('spei_2', v.spei_2),
        ('spei_3', v.spei_3),
        ('spei_6', v.spei_6),
        ('spei_9', v.spei_9),
        ('spei_12', v.spei_12),
        ('spei_24', v.spei_24),
        ('spei_hy', v.spei_hy),
        ('spei_veg', v.spei_veg),
        ('pn_1', v.pn_1),
        ('pn_3', v.pn_3),
        ('pn_6', v.pn_6),
        ('pn_9', v.pn_9),
        ('pn_12', v.pn_12),
        ('smri_1', v.smri_1),
        ('smri_3', v.smri_3),
        ('smri_6', v.smri_6),
        ('smri_12', v.smri_12),
        ('smri_hy', v.smri_hy),
        ('swei_1', v.swei_1),
        ('sma_1', v.sma_1),
        ('sma_3', v.sma_3)
    ) AS one (index_code, value)
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.index_month_ever IS
'Every index value that was ever shown, with the time its row was the truth: a row is replaced when any index of the month changes.';
SELECT ops.copy_comments('mart.index_month', 'mart.index_month_ever');
SELECT ops.copy_comments('index.value_month_ever', 'mart.index_month_ever');

CREATE VIEW mart.index_month_wide_ever WITH (security_barrier = TRUE) AS
SELECT
    v.landscape_id,
    v.month,
    x.spi_1,
    x.spi_2,
    x.spi_3,
    x.spi_6,
    x.spi_9,
    x.spi_12,
    x.spi_24,
    x.spei_1,
    x.spei_2,
    x.spei_3,
    x.spei_6,
    x.spei_9,
    x.spei_12,
    x.spei_24,
    x.pn_1,
    x.pn_3,
    x.pn_6,
    x.pn_9,
    x.pn_12,
    x.gaps,
    v.source,
    v.release,
    v.origin,
    v.calibration,
    v.known_from,
    x.spi_hy,
    x.spi_veg,
    x.spei_hy,
    x.spei_veg,
    x.smri_1,
    x.smri_3,
    x.smri_6,
    x.smri_12,
    x.smri_hy,
    x.swei_1,
    x.sma_1,
    x.sma_3,
    v.known_until
FROM index.value_month_ever AS v
CROSS JOIN
    LATERAL (
        SELECT
            v.spi_1,
            v.spi_2,
            v.spi_3,
            v.spi_6,
            v.spi_9,
            v.spi_12,
            v.spi_24,
            v.spi_hy,
            v.spi_veg,
            v.spei_1,
            v.spei_2,
            v.spei_3,
            v.spei_6,
            v.spei_9,
            v.spei_12,
            v.spei_24,
            v.spei_hy,
            v.spei_veg,
            v.pn_1,
            v.pn_3,
            v.pn_6,
            v.pn_9,
            v.pn_12,
            v.smri_1,
            v.smri_3,
            v.smri_6,
            v.smri_12,
            v.smri_hy,
            v.swei_1,
            v.sma_1,
            v.sma_3,
            v.gaps
        FROM (VALUES (1)) AS once
        OFFSET 0
    ) AS x
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.index_month_wide_ever IS 'Every row of index_month_wide that was ever shown, with the time it was the truth.';
SELECT ops.copy_comments('index.value_month_ever', 'mart.index_month_wide_ever');

CREATE VIEW mart.area_share_ever WITH (security_barrier = TRUE) AS
SELECT
    landscape_id,
    month,
    index_code,
    class,
    share,
    covered_fraction,
    gap,
    source,
    release,
    origin,
    calibration,
    known_from,
    known_until
FROM index.share_ever;
COMMENT ON VIEW mart.area_share_ever IS 'Every share of area that was ever shown, with the time its row was the truth.';
SELECT ops.copy_comments('index.share_ever', 'mart.area_share_ever');

CREATE VIEW mart.stage_month_ever WITH (security_barrier = TRUE) AS
SELECT
    landscape_id,
    month,
    plan_id,
    plan_version,
    drought_type,
    stage,
    stage_rank,
    since_month,
    is_confirmed,
    silent_months,
    known_from,
    known_until
FROM plan.stage_ever;
COMMENT ON VIEW mart.stage_month_ever IS 'Every stage that was ever shown, with the time it was the truth.';
SELECT ops.copy_comments('plan.stage_ever', 'mart.stage_month_ever');

CREATE VIEW mart.landscape_ever WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    v.landscape_key,
    v.version,
    v.valid_from,
    v.country_code,
    v.name_en,
    v.names,
    v.land_use,
    v.is_salt_affected,
    v.is_derived,
    v.area_km2,
    v.headwater_landscape_id,
    v.geometry_geojson,
    v.aridity_index,
    coalesce(lead(v.valid_from) OVER (PARTITION BY l.landscape_id ORDER BY v.version), 'infinity') AS known_until
FROM landscape.version AS v
INNER JOIN landscape.landscape AS l USING (landscape_key);
COMMENT ON VIEW mart.landscape_ever IS 'Every version of each landscape, with the time it was the newest.';
COMMENT ON COLUMN mart.landscape_ever.known_until IS 'Until when it was the newest version; infinity: it still is.';
SELECT ops.copy_comments('landscape.current', 'mart.landscape_ever');

DROP FUNCTION mart.index_month_as_of(timestamptz);
CREATE FUNCTION mart.index_month_as_of(known_at timestamptz)
RETURNS SETOF mart.index_month LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        landscape_id,
        month,
        index_code,
        value,
        gap,
        source,
        release,
        origin,
        calibration,
        known_from
    FROM mart.index_month_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;
COMMENT ON FUNCTION mart.index_month_as_of(timestamptz) IS 'mart.index_month as it was at that moment.';

CREATE FUNCTION mart.index_month_wide_as_of(known_at timestamptz)
RETURNS SETOF mart.index_month_wide LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        landscape_id,
        month,
        spi_1,
        spi_2,
        spi_3,
        spi_6,
        spi_9,
        spi_12,
        spi_24,
        spei_1,
        spei_2,
        spei_3,
        spei_6,
        spei_9,
        spei_12,
        spei_24,
        pn_1,
        pn_3,
        pn_6,
        pn_9,
        pn_12,
        gaps,
        source,
        release,
        origin,
        calibration,
        known_from,
        spi_hy,
        spi_veg,
        spei_hy,
        spei_veg,
        smri_1,
        smri_3,
        smri_6,
        smri_12,
        smri_hy,
        swei_1,
        sma_1,
        sma_3
    FROM mart.index_month_wide_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;
COMMENT ON FUNCTION mart.index_month_wide_as_of(timestamptz) IS 'mart.index_month_wide as it was at that moment.';

CREATE FUNCTION mart.climate_month_as_of(known_at timestamptz)
RETURNS SETOF mart.climate_month LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        landscape_id,
        month,
        precipitation_mm,
        temperature_mean_c,
        pet_mm,
        gap,
        source,
        release,
        origin,
        coverage_fraction,
        known_from,
        pet_hargreaves_mm,
        soil_moisture_m3_m3,
        snow_water_equivalent_mm,
        snow_melt_mm,
        snowfall_mm
    FROM mart.climate_month_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;
COMMENT ON FUNCTION mart.climate_month_as_of(timestamptz) IS 'mart.climate_month as it was at that moment.';

DROP FUNCTION mart.area_share_as_of(timestamptz);
CREATE FUNCTION mart.area_share_as_of(known_at timestamptz)
RETURNS SETOF mart.area_share LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        landscape_id,
        month,
        index_code,
        class,
        share,
        covered_fraction,
        gap,
        source,
        release,
        origin,
        calibration,
        known_from
    FROM mart.area_share_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;
COMMENT ON FUNCTION mart.area_share_as_of(timestamptz) IS 'mart.area_share as it was at that moment.';

DROP FUNCTION mart.stage_month_as_of(timestamptz);
CREATE FUNCTION mart.stage_month_as_of(known_at timestamptz)
RETURNS SETOF mart.stage_month LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        landscape_id,
        month,
        plan_id,
        plan_version,
        drought_type,
        stage,
        stage_rank,
        since_month,
        is_confirmed,
        silent_months,
        known_from
    FROM mart.stage_month_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;
COMMENT ON FUNCTION mart.stage_month_as_of(timestamptz) IS 'mart.stage_month as it was at that moment.';

CREATE FUNCTION mart.landscape_as_of(known_at timestamptz)
RETURNS SETOF mart.landscape LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        landscape_id,
        landscape_key,
        version,
        valid_from,
        country_code,
        name_en,
        names,
        land_use,
        is_salt_affected,
        is_derived,
        area_km2,
        headwater_landscape_id,
        geometry_geojson,
        aridity_index
    FROM mart.landscape_ever
    WHERE
        valid_from <= known_at AND valid_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;
COMMENT ON FUNCTION mart.landscape_as_of(timestamptz) IS 'mart.landscape as it was at that moment.';

-- This one stays the owner's: whether an issue may be told is judged by its present row.
CREATE OR REPLACE FUNCTION mart.indicator_as_of(known_at timestamptz)
RETURNS SETOF mart.indicator LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
SELECT
    l.landscape_id, e.indicator, e.unit, e.value, e.period_from, e.period_to, e.issued_on,
    e.document_number, e.issued_by, e.note, e.known_from
FROM series.indicator_ever AS e
INNER JOIN landscape.landscape AS l USING (landscape_key)
INNER JOIN series.indicator AS present
    USING (landscape_key, indicator, unit, period_from, period_to, issued_on)
WHERE
    e.known_from <= known_at AND e.known_from <> ALL ((SELECT mart.unseen_at(known_at))::timestamptz [])
    AND (known_at < e.known_until OR e.known_until = ANY ((SELECT mart.unseen_at(known_at))::timestamptz []))
    AND e.disclosure = 'open' AND present.disclosure = 'open'
$$;

REVOKE EXECUTE ON FUNCTION
mart.index_month_as_of(timestamptz), mart.index_month_wide_as_of(timestamptz), mart.climate_month_as_of(timestamptz),
mart.area_share_as_of(timestamptz), mart.stage_month_as_of(timestamptz), mart.landscape_as_of(timestamptz)
FROM public;
GRANT EXECUTE ON FUNCTION
mart.index_month_as_of(timestamptz), mart.index_month_wide_as_of(timestamptz), mart.climate_month_as_of(timestamptz),
mart.area_share_as_of(timestamptz), mart.stage_month_as_of(timestamptz), mart.landscape_as_of(timestamptz)
TO drought_analyst, drought_pipeline;
GRANT SELECT ON
mart.climate_month_ever, mart.index_month_ever, mart.index_month_wide_ever, mart.area_share_ever,
mart.stage_month_ever, mart.landscape_ever
TO drought_analyst, drought_pipeline;
