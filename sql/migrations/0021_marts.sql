/*
 * Marts people ask for: droughts, areas in drought, the latest status, plans as rows, the inputs
 * behind each index, what each change brought; and one integer key in every view of places.
 *
 * Droughts and areas are kept in tables, because millions of stages cannot be added up while
 * somebody waits. They follow from plan.stage_month and are brought up to date by the evaluation
 * that changes it, in its transaction.
 */

-- Row keys ----------------------------------------------------------------------------------------

CREATE TABLE index.code (
    index_code text PRIMARY KEY,
    number smallint NOT NULL UNIQUE CONSTRAINT row_keys_have_room_for_63_indices CHECK (number BETWEEN 1 AND 63),
    family text NOT NULL CHECK (family IN ('spi', 'spei', 'pn', 'smri', 'swei', 'sma')),
    window_name text NOT NULL
);
COMMENT ON TABLE index.code IS
'Every index, with the number that stands for it in row keys: given once, never changed and never given again.';
COMMENT ON COLUMN index.code.index_code IS 'Index, such as spi_3 or spi_hy.';
COMMENT ON COLUMN index.code.number IS 'Its number in row keys.';
COMMENT ON COLUMN index.code.family IS 'What it adds up: spi, spei, pn, smri, swei or sma.';
COMMENT ON COLUMN index.code.window_name IS 'Its window: a number of months, hy (since 1 October) or veg (since 1 April).';
INSERT INTO index.code (number, index_code, family, window_name)
SELECT
    one.number,
    one.index_code,
    split_part(one.index_code, '_', 1) AS family,
    split_part(one.index_code, '_', 2) AS window_name
FROM unnest(ARRAY[
    'spi_1', 'spi_2', 'spi_3', 'spi_6', 'spi_9', 'spi_12', 'spi_24', 'spi_hy', 'spi_veg',
    'spei_1', 'spei_2', 'spei_3', 'spei_6', 'spei_9', 'spei_12', 'spei_24', 'spei_hy', 'spei_veg',
    'pn_1', 'pn_3', 'pn_6', 'pn_9', 'pn_12',
    'smri_1', 'smri_3', 'smri_6', 'smri_12', 'smri_hy', 'swei_1', 'sma_1', 'sma_3'
]) WITH ORDINALITY AS one (index_code, number);

CREATE TABLE index.window_length (
    window_name text NOT NULL,
    calendar_month integer NOT NULL CHECK (calendar_month BETWEEN 1 AND 12),
    months_back integer NOT NULL CHECK (months_back BETWEEN 0 AND 24),
    PRIMARY KEY (window_name, calendar_month)
);
COMMENT ON TABLE index.window_length IS 'How many months a window holds, by the calendar month it ends with.';
COMMENT ON COLUMN index.window_length.window_name IS 'A number of months, hy (since 1 October) or veg (since 1 April).';
COMMENT ON COLUMN index.window_length.calendar_month IS 'Calendar month at which it ends, 1 to 12.';
COMMENT ON COLUMN index.window_length.months_back IS 'Months it holds, that one included; 0 outside the season.';
INSERT INTO index.window_length (window_name, calendar_month, months_back)
SELECT
    name.window_name,
    calendar_month,
    CASE name.window_name
        WHEN 'hy' THEN (calendar_month + 2) % 12 + 1
        WHEN 'veg' THEN CASE WHEN calendar_month BETWEEN 4 AND 9 THEN calendar_month - 3 ELSE 0 END
        ELSE name.window_name::integer
    END AS months_back
FROM (SELECT DISTINCT window_name FROM index.code) AS name
CROSS JOIN generate_series(1, 12) AS calendar_month;

CREATE TABLE ops.series_number (
    number smallint PRIMARY KEY CONSTRAINT row_keys_have_room_for_255_series CHECK (number BETWEEN 1 AND 255),
    source text NOT NULL,
    calibration text NOT NULL,
    UNIQUE (source, calibration)
);
COMMENT ON TABLE ops.series_number IS
'The number that stands for a source and its calibration in row keys: given when the first row of it comes, never changed.';
COMMENT ON COLUMN ops.series_number.number IS 'Its number in row keys.';
COMMENT ON COLUMN ops.series_number.source IS 'Name of the data source, or of the family of formats of gauges.';
COMMENT ON COLUMN ops.series_number.calibration IS 'Calibration period, first and last year; empty for what has none, such as rain.';

CREATE FUNCTION ops.give_series_number(of_source text, of_calibration text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Two that come at once take turns, or both would take the same number.
    PERFORM pg_advisory_xact_lock(hashtext('ops.series_number'));
    INSERT INTO ops.series_number (number, source, calibration)
    SELECT coalesce(max(number), 0) + 1, of_source, of_calibration FROM ops.series_number
    ON CONFLICT (source, calibration) DO NOTHING;
END $$;
COMMENT ON FUNCTION ops.give_series_number(text, text) IS 'Gives a source and calibration the next number, unless they have one.';

CREATE FUNCTION ops.number_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ops.give_series_number(one.source, one.calibration)
    FROM (SELECT DISTINCT source, calibration FROM incoming) AS one
    WHERE (one.source, one.calibration) NOT IN (SELECT source, calibration FROM ops.series_number);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ops.number_series() IS 'Gives the sources and calibrations of new rows their numbers.';

CREATE FUNCTION ops.number_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ops.give_series_number(one.source, '')
    FROM (SELECT DISTINCT source FROM incoming) AS one
    WHERE (one.source, '') NOT IN (SELECT source, calibration FROM ops.series_number);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ops.number_source() IS 'Gives the sources of new rows that have no calibration their numbers.';
REVOKE EXECUTE ON FUNCTION
ops.give_series_number(text, text), ops.number_series(), ops.number_source() FROM public;

INSERT INTO ops.series_number (number, source, calibration)
SELECT
    row_number() OVER (ORDER BY held.source, held.calibration) AS number,
    held.source,
    held.calibration
FROM (
    SELECT
        source,
        '' AS calibration
    FROM series.climate_month
    UNION
    SELECT
        source,
        '' AS calibration
    FROM series.station_month
    UNION
    SELECT
        source,
        '' AS calibration
    FROM series.observation
    UNION
    SELECT
        source,
        calibration
    FROM index.value_month
    UNION
    SELECT
        source,
        calibration
    FROM index.area_share
    UNION
    SELECT
        source,
        calibration
    FROM index.calibration
) AS held;

CREATE TRIGGER number_source AFTER INSERT ON series.climate_month
REFERENCING NEW TABLE AS incoming FOR EACH STATEMENT EXECUTE FUNCTION ops.number_source();
CREATE TRIGGER number_source AFTER INSERT ON series.station_month
REFERENCING NEW TABLE AS incoming FOR EACH STATEMENT EXECUTE FUNCTION ops.number_source();
CREATE TRIGGER number_source AFTER INSERT ON series.observation
REFERENCING NEW TABLE AS incoming FOR EACH STATEMENT EXECUTE FUNCTION ops.number_source();
CREATE TRIGGER number_series AFTER INSERT ON index.value_month
REFERENCING NEW TABLE AS incoming FOR EACH STATEMENT EXECUTE FUNCTION ops.number_series();
CREATE TRIGGER number_series AFTER INSERT ON index.area_share
REFERENCING NEW TABLE AS incoming FOR EACH STATEMENT EXECUTE FUNCTION ops.number_series();
CREATE TRIGGER number_series AFTER INSERT ON index.calibration
REFERENCING NEW TABLE AS incoming FOR EACH STATEMENT EXECUTE FUNCTION ops.number_series();

-- One expression, so that it is folded into the query that asks.
CREATE FUNCTION mart.row_key(place integer, month date, series integer, number integer, class integer)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT
    (((
        place::bigint * 4096
        + coalesce((date_part('year', month)::integer - 1800) * 12 + date_part('month', month)::integer - 1, 0)
    ) * 256 + coalesce(series, 0)) * 64 + number) * 8 + class
$$;
COMMENT ON FUNCTION mart.row_key(integer, date, integer, integer, integer) IS
'The integer key of a row, from left to right: place (24 bits: landscape_key, or the number of a gauge), month since January 1800 (12 bits),
source with its calibration (8), index, drought type or quantity (6), class of a share (3); 0 where a view has none. Below 2 to the power of 53.';

ALTER TABLE landscape.landscape
ADD CONSTRAINT row_keys_have_room_for_16777215_landscapes CHECK (landscape_key < 16777216);
ALTER TABLE series.station
ADD COLUMN station_number integer GENERATED ALWAYS AS IDENTITY UNIQUE
CONSTRAINT row_keys_have_room_for_16777215_gauges CHECK (station_number < 16777216);
COMMENT ON COLUMN series.station.station_number IS 'Stable integer key.';
ALTER TABLE series.indicator ADD COLUMN indicator_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE;
ALTER TABLE series.indicator_superseded ADD COLUMN indicator_id bigint;
COMMENT ON COLUMN series.indicator.indicator_id IS 'Stable integer key of the issue; a correction of it keeps it.';
COMMENT ON COLUMN series.indicator_superseded.indicator_id IS 'Key of the issue; null: replaced before there were keys.';

-- What the stages follow from ---------------------------------------------------------------------

CREATE TABLE plan.deciding_series (
    landscape_key integer PRIMARY KEY REFERENCES landscape.landscape (landscape_key),
    source text NOT NULL,
    calibration text NOT NULL,
    landscape_version integer NOT NULL,
    known_from timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (landscape_key, landscape_version) REFERENCES landscape.version (landscape_key, version)
);
COMMENT ON TABLE plan.deciding_series IS 'The indices that the stages of each landscape follow from, since the last evaluation.';
COMMENT ON COLUMN plan.deciding_series.landscape_key IS 'The landscape.';
COMMENT ON COLUMN plan.deciding_series.source IS 'Name of the data source that decides.';
COMMENT ON COLUMN plan.deciding_series.calibration IS 'Calibration period, first and last year.';
COMMENT ON COLUMN plan.deciding_series.landscape_version IS 'Version of the landscape that its newest indices were computed for.';
COMMENT ON COLUMN plan.deciding_series.known_from IS 'Since when it has been so.';

CREATE TABLE plan.drought_event (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    drought_type text NOT NULL CHECK (drought_type IN ('meteorological', 'agricultural', 'hydrological')),
    onset date NOT NULL CHECK (extract(DAY FROM onset) = 1),
    plan_id text NOT NULL,
    plan_version text NOT NULL,
    ended date CHECK (extract(DAY FROM ended) = 1),
    duration_months integer NOT NULL CHECK (duration_months >= 1),
    highest_stage text NOT NULL,
    highest_stage_rank integer NOT NULL CHECK (highest_stage_rank >= 1),
    is_confirmed boolean NOT NULL,
    source text,
    calibration text,
    index_code text,
    severity double precision CHECK (severity >= 0 AND severity < 'infinity'),
    intensity double precision CHECK (intensity >= 0 AND intensity < 'infinity'),
    peak_value double precision,
    peak_month date CHECK (extract(DAY FROM peak_month) = 1),
    months_with_gap integer CHECK (months_with_gap >= 0 AND months_with_gap < duration_months),
    severity_gap text CHECK (severity_gap IN ('several_indices', 'no_index', 'no_values')),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, drought_type, onset),
    FOREIGN KEY (plan_id, plan_version) REFERENCES plan.document (plan_id, version),
    CHECK (ended > onset),
    CONSTRAINT a_severity_or_the_reason_why_not CHECK (
        (severity IS NULL) = (severity_gap IS NOT NULL)
        AND num_nulls(severity, intensity, peak_value, peak_month, months_with_gap) IN (0, 5)
        AND (index_code IS NOT NULL OR severity IS NULL)
    )
);
CREATE INDEX ON plan.drought_event (onset);
COMMENT ON TABLE plan.drought_event IS
'Droughts by run theory (Yevjevich 1967) with the plan''s own rule: the runs of months of plan.stage_month in a stage.';
COMMENT ON COLUMN plan.drought_event.landscape_key IS 'The landscape.';
COMMENT ON COLUMN plan.drought_event.drought_type IS 'meteorological, agricultural or hydrological.';
COMMENT ON COLUMN plan.drought_event.onset IS
'First day of its first month in a stage, of which the plan''s threshold to enter was reached; of the record, where that begins in one.';
COMMENT ON COLUMN plan.drought_event.plan_id IS 'The plan in force at the onset.';
COMMENT ON COLUMN plan.drought_event.plan_version IS 'Its version at the onset.';
COMMENT ON COLUMN plan.drought_event.ended IS
'First day of the month in which it was left, the first that is in no stage; null while it stands in the newest month.';
COMMENT ON COLUMN plan.drought_event.duration_months IS 'Months in a stage, so far.';
COMMENT ON COLUMN plan.drought_event.highest_stage IS 'The gravest stage reached.';
COMMENT ON COLUMN plan.drought_event.highest_stage_rank IS '1 for the mildest stage, and up.';
COMMENT ON COLUMN plan.drought_event.is_confirmed IS
'Whether the stage of each of its months is confirmed; false where silence beyond the plan''s limit holds one.';
COMMENT ON COLUMN plan.drought_event.source IS 'Name of the data source that decides.';
COMMENT ON COLUMN plan.drought_event.calibration IS 'Calibration period, first and last year.';
COMMENT ON COLUMN plan.drought_event.index_code IS
'Index that severity is told in: the one that all rules of the ladder for this land hear, else the one of the mildest stage; null where there is none.';
COMMENT ON COLUMN plan.drought_event.severity IS
'Deficits of its months below usual (0; percent of normal: 100) added up: unit of the index times months; null: see severity_gap.';
COMMENT ON COLUMN plan.drought_event.intensity IS 'Mean deficit of its months with a value, in the unit of the index.';
COMMENT ON COLUMN plan.drought_event.peak_value IS 'Driest value of the index, in its unit: percent for pn, standard deviations for sma, else unitless.';
COMMENT ON COLUMN plan.drought_event.peak_month IS 'First day of the month of that value, the first of them.';
COMMENT ON COLUMN plan.drought_event.months_with_gap IS 'Months of it in which the index has no value; they add nothing to severity.';
COMMENT ON COLUMN plan.drought_event.severity_gap IS
'Why there is no severity: several_indices (the rules hear more than one), no_index (they hear shares of area or indicators alone), no_values; null where there is one.';
COMMENT ON COLUMN plan.drought_event.known_from IS 'Since when this installation holds this row.';

CREATE TABLE plan.drought_event_superseded (
    LIKE plan.drought_event INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_until < 'infinity')
);
CREATE INDEX ON plan.drought_event_superseded (landscape_key, onset);
COMMENT ON TABLE plan.drought_event_superseded IS 'Rows of drought_event that were replaced, or that a correction did away with.';
COMMENT ON COLUMN plan.drought_event_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER stamp BEFORE UPDATE ON plan.drought_event FOR EACH ROW EXECUTE FUNCTION ops.stamp_replacing();
CREATE TRIGGER keep_replaced AFTER UPDATE ON plan.drought_event
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_all_superseded();
CREATE TRIGGER keep_deleted AFTER DELETE ON plan.drought_event
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_all_superseded();

CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE OR DELETE ON plan.drought_event
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

-- What the last evaluation decided by is known; what its droughts were, the next one tells.
INSERT INTO plan.deciding_series (landscape_key, source, calibration, landscape_version)
WITH newest AS (
    SELECT
        e.sources,
        e.calibration
    FROM plan.evaluation AS e
    ORDER BY e.evaluation_id DESC
    LIMIT 1
)

SELECT
    l.landscape_key,
    decided.source,
    decided.calibration,
    decided.landscape_version
FROM landscape.landscape AS l
CROSS JOIN newest
CROSS JOIN
    LATERAL (
        SELECT
            v.source,
            v.calibration,
            v.landscape_version
        FROM index.value_month AS v
        WHERE
            l.landscape_key = v.landscape_key
            AND newest.calibration = v.calibration
            AND v.source = any(newest.sources)
        ORDER BY array_position(newest.sources, v.source) ASC, v.month DESC
        LIMIT 1
    ) AS decided;

-- Areas -------------------------------------------------------------------------------------------

-- What an evaluation has just written is found without looking at all of history.
CREATE INDEX ON plan.stage_month USING brin (known_from);

CREATE VIEW plan.rule AS
SELECT
    d.country_code,
    d.plan_id,
    d.version AS plan_version,
    d.load_order,
    ladder.drought_type,
    stage.body ->> 'stage' AS stage,
    stage.rank::integer AS stage_rank,
    rule.number::integer AS rule_number,
    rule.body
FROM plan.document AS d
CROSS JOIN LATERAL jsonb_each(d.body -> 'ladders') AS ladder (drought_type, stages)
CROSS JOIN LATERAL jsonb_array_elements(ladder.stages) WITH ORDINALITY AS stage (body, rank)
CROSS JOIN LATERAL jsonb_array_elements(stage.body -> 'rules') WITH ORDINALITY AS rule (body, number);
COMMENT ON VIEW plan.rule IS 'Each rule of each plan document, as it is written.';
COMMENT ON COLUMN plan.rule.country_code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN plan.rule.plan_id IS 'The plan.';
COMMENT ON COLUMN plan.rule.plan_version IS 'Its version.';
COMMENT ON COLUMN plan.rule.load_order IS 'Number of the document, in the order of loading.';
COMMENT ON COLUMN plan.rule.drought_type IS 'The ladder: meteorological, agricultural or hydrological.';
COMMENT ON COLUMN plan.rule.stage IS 'The stage, as the plan names it.';
COMMENT ON COLUMN plan.rule.stage_rank IS '1 for the mildest stage of the ladder, and up.';
COMMENT ON COLUMN plan.rule.rule_number IS 'Place of the rule in its stage, from 1; a stage is on while any of its rules is.';
COMMENT ON COLUMN plan.rule.body IS 'The rule; what is at its default is left out.';

CREATE VIEW plan.area_member AS
SELECT
    c.landscape_key,
    v.version,
    v.country_code,
    v.area_km2
FROM landscape.current AS c
LEFT JOIN plan.deciding_series AS d USING (landscape_key)
INNER JOIN landscape.version AS v
    ON c.landscape_key = v.landscape_key AND v.version = coalesce(d.landscape_version, c.version);
COMMENT ON VIEW plan.area_member IS
'The area each landscape counts with: of the version its stages follow from, so that stage and area are of one boundary; else of the newest.';
COMMENT ON COLUMN plan.area_member.landscape_key IS 'The landscape.';
COMMENT ON COLUMN plan.area_member.version IS 'The version whose area counts.';
SELECT ops.copy_comments('landscape.version', 'plan.area_member');

CREATE TABLE plan.area_basis (
    country_code text PRIMARY KEY,
    fingerprint text NOT NULL
);
COMMENT ON TABLE plan.area_basis IS 'By which landscapes and versions the areas in drought of a country were added up.';
COMMENT ON COLUMN plan.area_basis.country_code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN plan.area_basis.fingerprint IS 'Hash of the landscapes and their versions; another one makes all months stale.';

CREATE TABLE plan.area_in_drought (
    country_code text NOT NULL,
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    drought_type text NOT NULL CHECK (drought_type IN ('meteorological', 'agricultural', 'hydrological')),
    stage_rank integer NOT NULL CONSTRAINT row_keys_have_room_for_15_stages CHECK (stage_rank BETWEEN 0 AND 15),
    stage text NOT NULL,
    landscapes integer NOT NULL CHECK (landscapes >= 0),
    area_km2 double precision NOT NULL CHECK (area_km2 >= 0),
    or_graver_km2 double precision NOT NULL CHECK (or_graver_km2 >= area_km2),
    unconfirmed_landscapes integer NOT NULL CHECK (unconfirmed_landscapes BETWEEN 0 AND landscapes),
    unconfirmed_km2 double precision NOT NULL CHECK (unconfirmed_km2 BETWEEN 0 AND area_km2),
    without_statement_km2 double precision NOT NULL CHECK (without_statement_km2 >= 0),
    country_landscapes integer NOT NULL CHECK (country_landscapes >= landscapes),
    country_km2 double precision NOT NULL CHECK (country_km2 > 0),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (country_code, drought_type, month, stage_rank)
);
CREATE INDEX ON plan.area_in_drought (month);
COMMENT ON TABLE plan.area_in_drought IS
'The stages of plan.stage_month added up by area; a stage of the plan in which no landscape stands has a row of zeros.';
COMMENT ON COLUMN plan.area_in_drought.country_code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN plan.area_in_drought.month IS 'First day of the month.';
COMMENT ON COLUMN plan.area_in_drought.drought_type IS 'meteorological, agricultural or hydrological.';
COMMENT ON COLUMN plan.area_in_drought.stage_rank IS '0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN plan.area_in_drought.stage IS 'The plan''s stage; none where no rule is active.';
COMMENT ON COLUMN plan.area_in_drought.landscapes IS 'Landscapes in this stage.';
COMMENT ON COLUMN plan.area_in_drought.area_km2 IS
'Their area, square kilometres, whole landscapes: of the boundaries that the stages follow from, the same for all months.';
COMMENT ON COLUMN plan.area_in_drought.or_graver_km2 IS 'Area in this stage or a graver one, square kilometres.';
COMMENT ON COLUMN plan.area_in_drought.unconfirmed_landscapes IS 'Of these landscapes, those whose stage is not confirmed.';
COMMENT ON COLUMN plan.area_in_drought.unconfirmed_km2 IS 'Their area, square kilometres; counted in area_km2 too.';
COMMENT ON COLUMN plan.area_in_drought.without_statement_km2 IS
'Area of the country''s landscapes that have no stage in this month, square kilometres; the same in all rows of the month and drought type.';
COMMENT ON COLUMN plan.area_in_drought.country_landscapes IS 'Landscapes of the country.';
COMMENT ON COLUMN plan.area_in_drought.country_km2 IS 'Area of all landscapes of the country, square kilometres; not that of the country.';
COMMENT ON COLUMN plan.area_in_drought.known_from IS 'Since when these figures stand. Earlier ones follow from mart.stage_month_as_of.';

-- All of history is millions of rows, which are grouped in memory rather than sorted on the disk.
CREATE FUNCTION plan.sum_areas() RETURNS bigint LANGUAGE plpgsql SET work_mem = '128MB' AS $$
DECLARE
    months date[];
    written bigint;
BEGIN
    -- As decimals: sums do not depend on the order, and what is equal stays untouched. In a table that is
    -- analysed: the planner thinks of a handful of landscapes otherwise, and goes through the index.
    CREATE TEMP TABLE summed_member ON COMMIT DROP AS
    SELECT landscape_key, version, country_code, area_km2::numeric AS area_km2 FROM plan.area_member;
    ANALYZE summed_member;
    CREATE TEMP TABLE summed_basis ON COMMIT DROP AS
    SELECT country_code, md5(string_agg(format('%s:%s', landscape_key, version), ',' ORDER BY landscape_key)) AS fingerprint
    FROM summed_member GROUP BY country_code;

    IF EXISTS (
        SELECT FROM summed_basis FULL JOIN plan.area_basis AS held USING (country_code)
        WHERE summed_basis.fingerprint IS DISTINCT FROM held.fingerprint
    ) THEN
        SELECT array_agg(month) INTO months FROM (SELECT month FROM plan.stage_month GROUP BY month) AS held;
    ELSE
        -- Those of this transaction; a clock that was set back stamps them later than now().
        SELECT array_agg(DISTINCT month) INTO months FROM plan.stage_month WHERE known_from >= now();
    END IF;

    CREATE TEMP TABLE summed ON COMMIT DROP AS
    WITH stated AS (
        SELECT
            m.country_code, s.month, s.drought_type, s.plan_id, s.plan_version, s.stage_rank, s.stage,
            count(*) AS landscapes, sum(m.area_km2) AS area_km2,
            count(*) FILTER (WHERE NOT s.is_confirmed) AS unconfirmed_landscapes,
            coalesce(sum(m.area_km2) FILTER (WHERE NOT s.is_confirmed), 0) AS unconfirmed_km2
        FROM plan.stage_month AS s INNER JOIN summed_member AS m USING (landscape_key)
        INNER JOIN unnest(months) AS wanted (month) ON s.month = wanted.month
        GROUP BY m.country_code, s.month, s.drought_type, s.plan_id, s.plan_version, s.stage_rank, s.stage
    ),
    possible AS (
        SELECT plan_id, plan_version, drought_type, stage_rank, stage FROM plan.rule
        UNION
        SELECT plan_id, plan_version, drought_type, 0, 'none' FROM plan.rule
    ),
    with_zeros AS (
        SELECT * FROM stated
        UNION ALL
        SELECT of_month.country_code, of_month.month, drought_type, plan_id, plan_version, p.stage_rank, p.stage, 0, 0, 0, 0
        FROM (SELECT DISTINCT country_code, month, drought_type, plan_id, plan_version FROM stated) AS of_month
        INNER JOIN possible AS p USING (plan_id, plan_version, drought_type)
    ),
    country AS (
        SELECT country_code, count(*) AS landscapes, sum(area_km2) AS area_km2 FROM summed_member GROUP BY country_code
    ),
    one AS (
        SELECT
            country_code, month, drought_type, stage_rank, min(stage) AS stage, sum(landscapes) AS landscapes,
            sum(area_km2) AS area_km2, sum(unconfirmed_landscapes) AS unconfirmed_landscapes,
            sum(unconfirmed_km2) AS unconfirmed_km2
        FROM with_zeros GROUP BY country_code, month, drought_type, stage_rank
    )
    SELECT
        o.country_code, o.month, o.drought_type, o.stage_rank, o.stage,
        o.landscapes::integer AS landscapes,
        o.area_km2::double precision AS area_km2,
        (sum(o.area_km2) OVER (of_type ORDER BY o.stage_rank DESC))::double precision AS or_graver_km2,
        o.unconfirmed_landscapes::integer AS unconfirmed_landscapes,
        o.unconfirmed_km2::double precision AS unconfirmed_km2,
        (c.area_km2 - sum(o.area_km2) OVER of_type)::double precision AS without_statement_km2,
        c.landscapes::integer AS country_landscapes,
        c.area_km2::double precision AS country_km2
    FROM one AS o INNER JOIN country AS c USING (country_code)
    WINDOW of_type AS (PARTITION BY o.country_code, o.month, o.drought_type);

    DELETE FROM plan.area_in_drought AS held
    WHERE held.month = ANY(months) AND NOT EXISTS (
        SELECT FROM summed AS s
        WHERE (s.country_code, s.drought_type, s.month, s.stage_rank)
            = (held.country_code, held.drought_type, held.month, held.stage_rank)
    );
    INSERT INTO plan.area_in_drought AS held (
        country_code, month, drought_type, stage_rank, stage, landscapes, area_km2, or_graver_km2,
        unconfirmed_landscapes, unconfirmed_km2, without_statement_km2, country_landscapes, country_km2
    )
    SELECT * FROM summed
    ON CONFLICT (country_code, drought_type, month, stage_rank) DO UPDATE SET
        stage = excluded.stage, landscapes = excluded.landscapes, area_km2 = excluded.area_km2,
        or_graver_km2 = excluded.or_graver_km2, unconfirmed_landscapes = excluded.unconfirmed_landscapes,
        unconfirmed_km2 = excluded.unconfirmed_km2, without_statement_km2 = excluded.without_statement_km2,
        country_landscapes = excluded.country_landscapes, country_km2 = excluded.country_km2, known_from = now()
    WHERE (held.stage, held.landscapes, held.area_km2, held.or_graver_km2, held.unconfirmed_landscapes,
        held.unconfirmed_km2, held.without_statement_km2, held.country_landscapes, held.country_km2)
        IS DISTINCT FROM (excluded.stage, excluded.landscapes, excluded.area_km2, excluded.or_graver_km2,
        excluded.unconfirmed_landscapes, excluded.unconfirmed_km2, excluded.without_statement_km2,
        excluded.country_landscapes, excluded.country_km2);
    GET DIAGNOSTICS written = ROW_COUNT;

    DELETE FROM plan.area_basis WHERE country_code NOT IN (SELECT country_code FROM summed_basis);
    INSERT INTO plan.area_basis AS held (country_code, fingerprint) SELECT country_code, fingerprint FROM summed_basis
    ON CONFLICT (country_code) DO UPDATE SET fingerprint = excluded.fingerprint
    WHERE held.fingerprint <> excluded.fingerprint;
    DROP TABLE summed, summed_basis, summed_member;
    RETURN written;
END $$;
COMMENT ON FUNCTION plan.sum_areas() IS
'Adds the areas in drought up anew for the months whose stages the transaction changed, or for all where landscapes did; returns the rows that differ.';
REVOKE EXECUTE ON FUNCTION plan.sum_areas() FROM public;
SELECT plan.sum_areas();

-- Droughts and areas, for readers -------------------------------------------------------------------

-- A closed landscape's deficits are its gauges'; its stages are told to everyone.
CREATE VIEW mart.drought_event WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    e.drought_type,
    e.plan_id,
    e.plan_version,
    e.onset,
    e.ended,
    e.ended IS NULL AS is_open,
    e.duration_months,
    e.highest_stage,
    e.highest_stage_rank,
    e.is_confirmed,
    e.source,
    e.calibration,
    e.index_code,
    CASE WHEN closed.landscape_key IS NULL THEN e.severity END AS severity,
    CASE WHEN closed.landscape_key IS NULL THEN e.intensity END AS intensity,
    CASE WHEN closed.landscape_key IS NULL THEN e.peak_value END AS peak_value,
    CASE WHEN closed.landscape_key IS NULL THEN e.peak_month END AS peak_month,
    CASE WHEN closed.landscape_key IS NULL THEN e.months_with_gap END AS months_with_gap,
    CASE WHEN closed.landscape_key IS NULL THEN e.severity_gap ELSE 'not_open' END AS severity_gap,
    e.known_from,
    mart.row_key(
        e.landscape_key, e.onset, 0,
        array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], e.drought_type), 0
    ) AS row_key
FROM plan.drought_event AS e
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN series.closed_landscape AS closed ON e.landscape_key = closed.landscape_key AND e.source = 'blended';
COMMENT ON VIEW mart.drought_event IS
'Droughts of each landscape and drought type by run theory with the plan''s own rule: runs of months in a stage of mart.stage_month.';
COMMENT ON COLUMN mart.drought_event.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.drought_event.is_open IS 'Whether it stands in the newest month known of the landscape.';
COMMENT ON COLUMN mart.drought_event.severity_gap IS
'Why there is no severity: several_indices (the rules hear more than one), no_index (they hear shares of area or indicators alone), no_values, not_open (it follows from gauges that are not open); null where there is one.';
COMMENT ON COLUMN mart.drought_event.row_key IS 'Stable integer key, see mart.row_key: landscape, month of onset, drought type.';
SELECT ops.copy_comments('plan.drought_event', 'mart.drought_event');

CREATE VIEW mart.area_in_drought AS
SELECT
    country_code,
    month,
    drought_type,
    stage,
    stage_rank,
    landscapes,
    area_km2,
    area_km2 / country_km2 AS share,
    or_graver_km2,
    or_graver_km2 / country_km2 AS or_graver_share,
    unconfirmed_landscapes,
    unconfirmed_km2,
    without_statement_km2,
    country_landscapes,
    country_km2,
    known_from,
    mart.row_key(
        array_position(ARRAY['KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR'], country_code), month, 0,
        16 * array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], drought_type) + stage_rank - 16, 0
    ) AS row_key
FROM plan.area_in_drought;
COMMENT ON VIEW mart.area_in_drought IS
'Area of the landscapes in each stage, by country, month and drought type; a stage of the plan in which none stands has a row of zeros.';
COMMENT ON COLUMN mart.area_in_drought.share IS 'area_km2 by country_km2, 0 to 1.';
COMMENT ON COLUMN mart.area_in_drought.or_graver_share IS
'or_graver_km2 by country_km2, 0 to 1; of the mildest stage: the share in drought.';
COMMENT ON COLUMN mart.area_in_drought.row_key IS 'Stable integer key, see mart.row_key: country, month, drought type and stage.';
SELECT ops.copy_comments('plan.area_in_drought', 'mart.area_in_drought');

CREATE VIEW mart.stage_month_wide AS
SELECT
    l.landscape_id,
    s.month,
    max(s.stage) FILTER (WHERE s.drought_type = 'meteorological') AS meteorological_stage,
    max(s.stage_rank) FILTER (WHERE s.drought_type = 'meteorological') AS meteorological_rank,
    bool_and(s.is_confirmed) FILTER (WHERE s.drought_type = 'meteorological') AS meteorological_is_confirmed,
    max(s.stage) FILTER (WHERE s.drought_type = 'agricultural') AS agricultural_stage,
    max(s.stage_rank) FILTER (WHERE s.drought_type = 'agricultural') AS agricultural_rank,
    bool_and(s.is_confirmed) FILTER (WHERE s.drought_type = 'agricultural') AS agricultural_is_confirmed,
    max(s.stage) FILTER (WHERE s.drought_type = 'hydrological') AS hydrological_stage,
    max(s.stage_rank) FILTER (WHERE s.drought_type = 'hydrological') AS hydrological_rank,
    bool_and(s.is_confirmed) FILTER (WHERE s.drought_type = 'hydrological') AS hydrological_is_confirmed,
    max(s.stage_rank) AS highest_rank,
    max(s.known_from) AS known_from,
    mart.row_key(s.landscape_key, s.month, 0, 0, 0) AS row_key
FROM plan.stage_month AS s
INNER JOIN landscape.landscape AS l USING (landscape_key)
GROUP BY l.landscape_id, s.landscape_key, s.month;
COMMENT ON VIEW mart.stage_month_wide IS 'The stages of each landscape, one row per landscape and month; null where the plan has no ladder of the type.';
COMMENT ON COLUMN mart.stage_month_wide.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.stage_month_wide.month IS 'First day of the month.';
COMMENT ON COLUMN mart.stage_month_wide.meteorological_stage IS 'Stage of meteorological drought; none where no rule is active.';
COMMENT ON COLUMN mart.stage_month_wide.meteorological_rank IS 'Its rank: 0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN mart.stage_month_wide.meteorological_is_confirmed IS 'Whether it is confirmed.';
COMMENT ON COLUMN mart.stage_month_wide.agricultural_stage IS 'Stage of agricultural drought; none where no rule is active.';
COMMENT ON COLUMN mart.stage_month_wide.agricultural_rank IS 'Its rank: 0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN mart.stage_month_wide.agricultural_is_confirmed IS 'Whether it is confirmed.';
COMMENT ON COLUMN mart.stage_month_wide.hydrological_stage IS 'Stage of hydrological drought; none where no rule is active.';
COMMENT ON COLUMN mart.stage_month_wide.hydrological_rank IS 'Its rank: 0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN mart.stage_month_wide.hydrological_is_confirmed IS 'Whether it is confirmed.';
COMMENT ON COLUMN mart.stage_month_wide.highest_rank IS 'The greatest of the ranks; ranks of ladders with other stages do not mean the same.';
COMMENT ON COLUMN mart.stage_month_wide.known_from IS 'Since when this installation holds these stages, the last of them.';
COMMENT ON COLUMN mart.stage_month_wide.row_key IS 'Stable integer key, see mart.row_key: landscape, month.';

-- Plans -------------------------------------------------------------------------------------------

-- Which plan is in force: said here as in pipeline/warehouse/plans.py, and tested against it.
CREATE VIEW mart.plan_timeline AS
WITH first_in_month AS (
    SELECT DISTINCT ON (country_code, effective_from)
        country_code,
        effective_from,
        plan_id,
        version,
        body ->> 'supersedes' AS supersedes
    FROM plan.document
    ORDER BY country_code ASC, effective_from ASC, is_shipped ASC, load_order DESC
),

ruling AS (
    SELECT
        f.country_code,
        f.plan_id,
        f.version,
        f.effective_from AS rules_from,
        lead(f.effective_from) OVER later AS next_from,
        lead(f.plan_id) OVER later AS next_plan_id,
        lead(f.version) OVER later AS next_version
    FROM first_in_month AS f
    WHERE
        NOT EXISTS (
            SELECT FROM first_in_month AS other
            WHERE
                f.country_code = other.country_code
                AND f.plan_id = other.plan_id
                AND f.version = other.supersedes
                AND f.effective_from >= other.effective_from
        )
    WINDOW later AS (PARTITION BY f.country_code ORDER BY f.effective_from)
)

SELECT
    d.country_code,
    d.plan_id,
    d.version AS plan_version,
    d.status,
    d.body -> 'title' ->> 'en' AS title_en,
    d.body ->> 'authority' AS authority,
    d.is_shipped,
    d.effective_from,
    r.rules_from,
    (r.next_from - interval '1 month')::date AS rules_until,
    coalesce(r.next_plan_id, instead.plan_id) AS superseded_by_plan_id,
    coalesce(r.next_version, instead.version) AS superseded_by_version,
    d.loaded_at,
    d.load_order AS row_key
FROM plan.document AS d
LEFT JOIN ruling AS r USING (plan_id, version)
LEFT JOIN ruling AS instead
    ON
        r.rules_from IS NULL
        AND d.country_code = instead.country_code
        AND d.effective_from >= instead.rules_from
        AND (d.effective_from < instead.next_from OR instead.next_from IS NULL);
COMMENT ON VIEW mart.plan_timeline IS 'Every plan document and the months in which it rules its country, as they are decided now.';
COMMENT ON COLUMN mart.plan_timeline.plan_version IS 'Its version.';
COMMENT ON COLUMN mart.plan_timeline.title_en IS 'English title.';
COMMENT ON COLUMN mart.plan_timeline.authority IS 'The authority that adopted it; null for a template.';
COMMENT ON COLUMN mart.plan_timeline.effective_from IS 'First month it claims, first day.';
COMMENT ON COLUMN mart.plan_timeline.rules_from IS 'First month it rules, first day; null: never, another goes before it.';
COMMENT ON COLUMN mart.plan_timeline.rules_until IS 'Last month it rules, first day; null: none follows it, or it never rules.';
COMMENT ON COLUMN mart.plan_timeline.superseded_by_plan_id IS 'The plan that rules after it, or in its place; null: none.';
COMMENT ON COLUMN mart.plan_timeline.superseded_by_version IS 'Version of that plan.';
COMMENT ON COLUMN mart.plan_timeline.row_key IS 'Stable integer key: the number of the document.';
SELECT ops.copy_comments('plan.document', 'mart.plan_timeline');

CREATE VIEW mart.plan_rule AS
SELECT
    r.country_code,
    r.plan_id,
    r.plan_version,
    r.drought_type,
    r.stage,
    r.stage_rank,
    r.rule_number,
    CASE
        WHEN r.body ? 'index' THEN r.body ->> 'index'
        WHEN r.body ? 'indicator' THEN (r.body ->> 'indicator') || '_' || (r.body ->> 'unit')
        ELSE format(
            'area_share_%s_at_or_below_%s', r.body -> 'area_share' ->> 'index', r.body -> 'area_share' ->> 'at_or_below'
        )
    END AS measure,
    r.body ->> 'index' AS index_code,
    r.body ->> 'indicator' AS indicator,
    r.body ->> 'unit' AS unit,
    r.body -> 'area_share' ->> 'index' AS area_index_code,
    (r.body -> 'area_share' ->> 'at_or_below')::double precision AS area_class,
    (r.body ->> 'enter_at')::double precision AS enter_at,
    (r.body ->> 'enter_after')::integer AS enter_after,
    (r.body ->> 'exit_at')::double precision AS exit_at,
    (r.body ->> 'exit_after')::integer AS exit_after,
    coalesce(
        (
            SELECT array_agg(m.month::integer ORDER BY m.place)
            FROM jsonb_array_elements_text(r.body -> 'calendar_months') WITH ORDINALITY AS m (month, place)
        ),
        ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    ) AS calendar_months,
    coalesce(
        (
            SELECT array_agg(u.land_use ORDER BY u.place)
            FROM jsonb_array_elements_text(r.body -> 'land_uses') WITH ORDINALITY AS u (land_use, place)
        ),
        ARRAY['agro_sylvo_pastoral', 'home_garden', 'irrigated', 'pastoral', 'rainfed', 'tree_based']
    ) AS land_uses,
    r.body #>> '{source,threshold,kind}' AS threshold_kind,
    r.body #>> '{source,threshold,reference}' AS threshold_reference,
    r.body #>> '{source,exit,kind}' AS exit_kind,
    r.body #>> '{source,exit,reference}' AS exit_reference,
    r.body #>> '{source,persistence,kind}' AS persistence_kind,
    r.body #>> '{source,persistence,reference}' AS persistence_reference,
    r.load_order * 4096
    + array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], r.drought_type) * 1024
    + r.stage_rank * 64 + r.rule_number AS row_key
FROM plan.rule AS r;
COMMENT ON VIEW mart.plan_rule IS 'Each rule of each plan document; a stage is on while any of its rules is.';
COMMENT ON COLUMN mart.plan_rule.measure IS 'What the rule hears, in one word, as evidence says it.';
COMMENT ON COLUMN mart.plan_rule.index_code IS 'The index it hears; null where it hears an indicator or a share of area.';
COMMENT ON COLUMN mart.plan_rule.indicator IS 'The agency''s indicator it hears; null where it hears none.';
COMMENT ON COLUMN mart.plan_rule.unit IS 'Unit of that indicator.';
COMMENT ON COLUMN mart.plan_rule.area_index_code IS 'Of a share of area: the index that is counted; else null.';
COMMENT ON COLUMN mart.plan_rule.area_class IS 'Of a share of area: the value at or below which it is counted, unitless; else null.';
COMMENT ON COLUMN mart.plan_rule.enter_at IS
'Threshold to enter, in the measure''s own unit: at or below it is dry; of a share of area (0 to 1): at or above it.';
COMMENT ON COLUMN mart.plan_rule.enter_after IS 'Months in a row to enter.';
COMMENT ON COLUMN mart.plan_rule.exit_at IS
'Threshold to leave: at or above it; of a share of area: at or below it; where it equals enter_at: beyond it.';
COMMENT ON COLUMN mart.plan_rule.exit_after IS 'Months in a row to leave.';
COMMENT ON COLUMN mart.plan_rule.calendar_months IS 'Calendar months in which it speaks, 1 to 12.';
COMMENT ON COLUMN mart.plan_rule.land_uses IS 'Land uses it applies to.';
COMMENT ON COLUMN mart.plan_rule.threshold_kind IS 'Who stands behind the threshold to enter: national, agency or generic.';
COMMENT ON COLUMN mart.plan_rule.threshold_reference IS 'Where it comes from.';
COMMENT ON COLUMN mart.plan_rule.exit_kind IS 'Who stands behind the threshold to leave: national, agency or generic.';
COMMENT ON COLUMN mart.plan_rule.exit_reference IS 'Where it comes from.';
COMMENT ON COLUMN mart.plan_rule.persistence_kind IS 'Who stands behind the months in a row: national, agency or generic.';
COMMENT ON COLUMN mart.plan_rule.persistence_reference IS 'Where they come from.';
COMMENT ON COLUMN mart.plan_rule.row_key IS 'Stable integer key: the number of the document, then ladder, stage and rule.';
SELECT ops.copy_comments('plan.rule', 'mart.plan_rule');

-- The latest status -------------------------------------------------------------------------------

CREATE VIEW mart.latest_status WITH (security_barrier = TRUE) AS
WITH heard AS (
    SELECT
        r.plan_id,
        r.plan_version,
        r.drought_type,
        land_use,
        array_agg(DISTINCT r.index_code) AS index_codes
    FROM mart.plan_rule AS r
    CROSS JOIN LATERAL unnest(r.land_uses) AS land_use
    WHERE r.index_code IS NOT NULL
    GROUP BY r.plan_id, r.plan_version, r.drought_type, land_use
)

SELECT
    l.landscape_id,
    s.drought_type,
    s.month,
    s.stage,
    s.stage_rank,
    s.since_month,
    (date_part('year', age(s.month, s.since_month)) * 12 + date_part('month', age(s.month, s.since_month)))::integer + 1
        AS months_in_stage,
    s.is_confirmed,
    s.silent_months,
    s.plan_id,
    s.plan_version,
    decided.index_values,
    decided.index_gaps,
    d.source,
    d.calibration,
    v.release,
    v.origin,
    last_alert.alert_id,
    last_alert.change AS alert_change,
    last_alert.month AS alert_month,
    last_alert.approval AS alert_approval,
    s.known_from,
    mart.row_key(l.landscape_key, NULL, 0, kind.number, 0) AS row_key
FROM landscape.landscape AS l
CROSS JOIN (VALUES ('meteorological', 1), ('agricultural', 2), ('hydrological', 3)) AS kind (drought_type, number)
CROSS JOIN
    LATERAL (
        SELECT newest.* FROM plan.stage_month AS newest
        WHERE l.landscape_key = newest.landscape_key AND kind.drought_type = newest.drought_type
        ORDER BY newest.month DESC
        LIMIT 1
    ) AS s
INNER JOIN LATERAL (
    SELECT known.land_use FROM landscape.version AS known
    WHERE l.landscape_key = known.landscape_key
    ORDER BY known.version DESC
    LIMIT 1
) AS present ON TRUE
LEFT JOIN plan.deciding_series AS d ON l.landscape_key = d.landscape_key
LEFT JOIN index.value_month AS v
    ON
        l.landscape_key = v.landscape_key
        AND s.month = v.month
        AND d.source = v.source
        AND d.calibration = v.calibration
LEFT JOIN heard AS h
    ON
        s.plan_id = h.plan_id
        AND s.plan_version = h.plan_version
        AND s.drought_type = h.drought_type
        AND present.land_use = h.land_use
LEFT JOIN LATERAL (
    SELECT
        jsonb_object_agg(one.code, one.value) AS index_values,
        coalesce(jsonb_object_agg(one.code, v.gaps -> one.code) FILTER (WHERE v.gaps ? one.code), '{}') AS index_gaps
    FROM (
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
    ) AS one (code, value)
    WHERE
        v.landscape_key IS NOT NULL
        AND one.code = any(h.index_codes)
        AND (d.source <> 'blended' OR l.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    HAVING count(*) > 0
) AS decided ON TRUE
LEFT JOIN LATERAL (
    SELECT
        t.alert_id,
        t.change,
        t.month,
        a.state AS approval
    FROM alert.transition AS t
    INNER JOIN alert.approval AS a USING (alert_id)
    WHERE l.landscape_key = t.landscape_key AND kind.drought_type = t.drought_type
    ORDER BY t.decided_at DESC, t.alert_id DESC
    LIMIT 1
) AS last_alert ON TRUE;
COMMENT ON VIEW mart.latest_status IS 'Where each landscape stands in its newest month, one row per drought type.';
COMMENT ON COLUMN mart.latest_status.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.latest_status.month IS 'First day of the newest month with a stage of this type.';
COMMENT ON COLUMN mart.latest_status.months_in_stage IS 'Months in this stage so far, since since_month.';
COMMENT ON COLUMN mart.latest_status.index_values IS
'Index code to value in that month, of the indices the ladder''s rules for this land hear: percent for pn, standard deviations for sma, else unitless; a gap is null in it. Null where there are none, or they are not open.';
COMMENT ON COLUMN mart.latest_status.index_gaps IS 'Index code to the reason of its gap, for each null in index_values.';
COMMENT ON COLUMN mart.latest_status.source IS 'Name of the data source that decided in the last evaluation; null: none ran since there is this column.';
COMMENT ON COLUMN mart.latest_status.calibration IS 'Calibration period of these indices, first and last year.';
COMMENT ON COLUMN mart.latest_status.release IS 'Of these indices: preliminary while any month of the longest window still is, else final.';
COMMENT ON COLUMN mart.latest_status.origin IS 'real or simulated.';
COMMENT ON COLUMN mart.latest_status.alert_id IS 'The change of stage decided last, told or not; null where there was none.';
COMMENT ON COLUMN mart.latest_status.alert_change IS 'began, escalated, eased, ended, corrected, in_force or reminded.';
COMMENT ON COLUMN mart.latest_status.alert_month IS 'First day of the month whose values caused it.';
COMMENT ON COLUMN mart.latest_status.alert_approval IS 'pending, approved, refused, expired; not_needed: a change of stage that is not told.';
COMMENT ON COLUMN mart.latest_status.row_key IS 'Stable integer key, see mart.row_key: landscape, drought type.';
SELECT ops.copy_comments('plan.stage_month', 'mart.latest_status');

CREATE VIEW mart.latest_status_wide WITH (security_barrier = TRUE) AS
SELECT
    c.landscape_id,
    c.country_code,
    c.name_en,
    c.names,
    c.land_use,
    c.is_salt_affected,
    c.area_km2,
    greatest(met.month, agr.month, hyd.month) AS month,
    met.stage AS meteorological_stage,
    met.stage_rank AS meteorological_rank,
    met.since_month AS meteorological_since,
    met.is_confirmed AS meteorological_is_confirmed,
    agr.stage AS agricultural_stage,
    agr.stage_rank AS agricultural_rank,
    agr.since_month AS agricultural_since,
    agr.is_confirmed AS agricultural_is_confirmed,
    hyd.stage AS hydrological_stage,
    hyd.stage_rank AS hydrological_rank,
    hyd.since_month AS hydrological_since,
    hyd.is_confirmed AS hydrological_is_confirmed,
    greatest(met.stage_rank, agr.stage_rank, hyd.stage_rank) AS highest_rank,
    shown.spi_1,
    shown.spi_3,
    shown.spi_6,
    shown.spi_12,
    shown.spei_3,
    shown.spei_6,
    shown.spei_12,
    shown.pn_3,
    shown.smri_hy,
    shown.swei_1,
    shown.sma_1,
    d.source,
    d.calibration,
    shown.release,
    shown.origin,
    greatest(met.known_from, agr.known_from, hyd.known_from) AS known_from,
    c.geometry_geojson,
    c.landscape_key::bigint AS row_key
FROM landscape.current AS c
LEFT JOIN plan.deciding_series AS d ON c.landscape_key = d.landscape_key
LEFT JOIN LATERAL (
    SELECT s.* FROM plan.stage_month AS s
    WHERE c.landscape_key = s.landscape_key AND s.drought_type = 'meteorological'
    ORDER BY s.month DESC
    LIMIT 1
) AS met ON TRUE
LEFT JOIN LATERAL (
    SELECT s.* FROM plan.stage_month AS s
    WHERE c.landscape_key = s.landscape_key AND s.drought_type = 'agricultural'
    ORDER BY s.month DESC
    LIMIT 1
) AS agr ON TRUE
LEFT JOIN LATERAL (
    SELECT s.* FROM plan.stage_month AS s
    WHERE c.landscape_key = s.landscape_key AND s.drought_type = 'hydrological'
    ORDER BY s.month DESC
    LIMIT 1
) AS hyd ON TRUE
LEFT JOIN LATERAL (
    SELECT v.*
    FROM index.value_month AS v
    WHERE
        c.landscape_key = v.landscape_key
        AND v.month = greatest(met.month, agr.month, hyd.month)
        AND d.source = v.source
        AND d.calibration = v.calibration
        AND (v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    OFFSET 0
) AS shown ON TRUE;
COMMENT ON VIEW mart.latest_status_wide IS
'Where each landscape stands in its newest month, one row per landscape, with its names, some indices and its boundary: to be opened first.';
COMMENT ON COLUMN mart.latest_status_wide.month IS 'First day of the newest month with a stage; null where there is none.';
COMMENT ON COLUMN mart.latest_status_wide.meteorological_stage IS 'Stage of meteorological drought; null where the plan has no such ladder.';
COMMENT ON COLUMN mart.latest_status_wide.meteorological_rank IS 'Its rank: 0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN mart.latest_status_wide.meteorological_since IS 'First month of that stage, first day.';
COMMENT ON COLUMN mart.latest_status_wide.meteorological_is_confirmed IS 'Whether it is confirmed.';
COMMENT ON COLUMN mart.latest_status_wide.agricultural_stage IS 'Stage of agricultural drought; null where the plan has no such ladder.';
COMMENT ON COLUMN mart.latest_status_wide.agricultural_rank IS 'Its rank: 0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN mart.latest_status_wide.agricultural_since IS 'First month of that stage, first day.';
COMMENT ON COLUMN mart.latest_status_wide.agricultural_is_confirmed IS 'Whether it is confirmed.';
COMMENT ON COLUMN mart.latest_status_wide.hydrological_stage IS 'Stage of hydrological drought; null where the plan has no such ladder.';
COMMENT ON COLUMN mart.latest_status_wide.hydrological_rank IS 'Its rank: 0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN mart.latest_status_wide.hydrological_since IS 'First month of that stage, first day.';
COMMENT ON COLUMN mart.latest_status_wide.hydrological_is_confirmed IS 'Whether it is confirmed.';
COMMENT ON COLUMN mart.latest_status_wide.highest_rank IS 'The greatest of the ranks; ranks of ladders with other stages do not mean the same.';
COMMENT ON COLUMN mart.latest_status_wide.source IS 'Name of the data source that decided in the last evaluation; the indices are of it.';
COMMENT ON COLUMN mart.latest_status_wide.known_from IS 'Since when this installation holds these stages, the last of them.';
COMMENT ON COLUMN mart.latest_status_wide.row_key IS 'Stable integer key: landscape_key.';
SELECT ops.copy_comments('landscape.current', 'mart.latest_status_wide');
SELECT ops.copy_comments('index.value_month', 'mart.latest_status_wide');

-- What indices rest on ------------------------------------------------------------------------------

CREATE OR REPLACE VIEW mart.calibration WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    c.index_code,
    c.calendar_month,
    c.calibration,
    fit.distribution,
    fit.parameters,
    fit.probability_of_zero,
    fit.n_years,
    c.source,
    fit.pet_method,
    c.landscape_version,
    fit.fitted_at,
    -- As pipeline/indices/calibration.py: what could not be fitted though there are years enough.
    CASE fit.distribution
        WHEN 'gamma' THEN fit.parameters ->> 'alpha' IS NULL
        WHEN 'loglogistic' THEN fit.parameters ->> 'loc' IS NULL
        WHEN 'normal' THEN fit.parameters ->> 'mean_m3_m3' IS NULL
        ELSE
            coalesce(
                (fit.parameters ->> 'normal_mm')::double precision < (fit.parameters ->> 'smallest_normal_mm')::double precision,
                fit.parameters ->> 'normal_mm' IS NULL
            )
    END AS is_blind,
    mart.row_key(
        c.landscape_key, make_date(1800, c.calendar_month, 1), series_number.number, code.number, 0
    ) AS row_key
FROM index.calibration AS c
INNER JOIN landscape.current AS l
    ON c.landscape_key = l.landscape_key AND c.landscape_version = l.version
LEFT JOIN ops.series_number USING (source, calibration)
LEFT JOIN index.code USING (index_code)
CROSS JOIN
    LATERAL (
        SELECT
            c.distribution,
            c.parameters,
            c.probability_of_zero,
            c.n_years,
            c.pet_method,
            c.fitted_at
        -- Not merged into the query: a reader's condition on a value comes after the test below.
        FROM (VALUES (1)) AS once
        OFFSET 0
    ) AS fit
WHERE c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON COLUMN mart.calibration.is_blind IS
'Whether the index says nothing in this calendar month (not_applicable): rain, snow or its normal too rare, or nothing varies.
A fit keeps the limits it was made with: of rainless years those of DROUGHT_RAINLESS_SHARE then, the others are in parameters.';
COMMENT ON COLUMN mart.calibration.row_key IS
'Stable integer key, see mart.row_key: landscape, calendar month in the place of the month, source with calibration, index.';
SELECT ops.copy_comments('index.calibration', 'mart.calibration');

CREATE VIEW mart.input_quality WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    v.month,
    code.index_code,
    v.source,
    v.calibration,
    v.landscape_version,
    w.months_back AS months_in_window,
    months.with_rain AS months_with_rain,
    CASE code.family
        WHEN 'spei' THEN CASE fit.pet_method WHEN 'hargreaves' THEN months.with_hargreaves ELSE months.with_pet END
        WHEN 'smri' THEN months.with_melt
        WHEN 'swei' THEN months.with_snow
        WHEN 'sma' THEN months.with_soil
        ELSE months.with_rain
    END AS months_with_inputs,
    months.preliminary AS months_preliminary,
    months.lowest_coverage AS lowest_coverage_fraction,
    gauged.months_with_gauges,
    gauged.fewest_gauges,
    gauged.assumed_dry_days,
    gauged.suspect_values,
    fit.pet_method,
    fit.n_years,
    fit.probability_of_zero,
    agreed.has_break,
    mart.row_key(v.landscape_key, v.month, series_number.number, code.number, 0) AS row_key
FROM index.value_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
INNER JOIN index.window_length AS w ON w.calendar_month = date_part('month', v.month)::integer
INNER JOIN index.code USING (window_name)
LEFT JOIN ops.series_number USING (source, calibration)
CROSS JOIN
    LATERAL (
        SELECT
            count(c.precipitation_mm)::integer AS with_rain,
            count(c.precipitation_mm + c.pet_mm)::integer AS with_pet,
            count(c.precipitation_mm + c.pet_hargreaves_mm)::integer AS with_hargreaves,
            count(c.precipitation_mm + c.snowfall_mm + c.snow_melt_mm)::integer AS with_melt,
            count(c.snow_water_equivalent_mm)::integer AS with_snow,
            count(c.soil_moisture_m3_m3)::integer AS with_soil,
            count(*) FILTER (WHERE c.release = 'preliminary')::integer AS preliminary,
            min(c.coverage_fraction) AS lowest_coverage
        FROM series.climate_month AS c
        WHERE
            v.landscape_key = c.landscape_key
            AND v.source = c.source
            AND c.month BETWEEN (v.month - (w.months_back - 1) * interval '1 month')::date AND v.month
    ) AS months
-- Not merged (OFFSET 0): a reader's condition on the fit comes after the test below.
LEFT JOIN LATERAL (
    SELECT
        f.pet_method,
        f.n_years,
        f.probability_of_zero
    FROM index.calibration AS f
    WHERE
        v.landscape_key = f.landscape_key
        AND v.landscape_version = f.landscape_version
        AND v.source = f.source
        AND v.calibration = f.calibration
        AND code.index_code = f.index_code
        AND w.calendar_month = f.calendar_month
    OFFSET 0
) AS fit ON TRUE
-- The agreement of grid and gauges; of blended: that of the grid it was made with.
LEFT JOIN LATERAL (
    SELECT
        a.source,
        a.has_break
    FROM series.agreement AS a
    WHERE
        v.landscape_key = a.landscape_key
        AND (v.source = a.source OR (v.source = 'blended' AND a.shortfall IS NULL))
        AND a.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape)
    ORDER BY a.source
    LIMIT 1
) AS agreed ON TRUE
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE g.n_gauges > 0)::integer AS months_with_gauges,
        min(g.n_gauges) AS fewest_gauges,
        sum(g.n_assumed_dry)::integer AS assumed_dry_days,
        sum(g.n_suspect)::integer AS suspect_values
    FROM series.agreement_month AS g
    WHERE
        v.source = 'blended'
        AND v.landscape_key = g.landscape_key
        AND agreed.source = g.source
        AND g.month BETWEEN (v.month - (w.months_back - 1) * interval '1 month')::date AND v.month
) AS gauged ON v.source = 'blended'
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.input_quality IS
'What each value of mart.index_month rests on: the months of its window, their release and coverage, gauges, and its calibration.';
COMMENT ON COLUMN mart.input_quality.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.input_quality.index_code IS
'Index and window: spi, spei, pn, smri, swei or sma, then months, hy (since 1 October) or veg (since 1 April).';
COMMENT ON COLUMN mart.input_quality.months_in_window IS 'Months the window holds; 0 where the index does not exist in this calendar month.';
COMMENT ON COLUMN mart.input_quality.months_with_rain IS 'Months of the window that have precipitation.';
COMMENT ON COLUMN mart.input_quality.months_with_inputs IS
'Months of the window that have all the index adds up: rain; for SPEI rain and the PET of its fit; for SMRI rain, snowfall and melt; for SWEI snow; for SMA soil moisture.';
COMMENT ON COLUMN mart.input_quality.months_preliminary IS 'Months of the window that are preliminary.';
COMMENT ON COLUMN mart.input_quality.lowest_coverage_fraction IS
'Least share of the landscape''s area under cells with precipitation in a month of the window, 0 to 1; of blended: of its gauges that reported.';
COMMENT ON COLUMN mart.input_quality.months_with_gauges IS 'Of blended: months of the window in which a gauge reported; else null.';
COMMENT ON COLUMN mart.input_quality.fewest_gauges IS 'Of blended: fewest gauges that reported in a month of the window; else null.';
COMMENT ON COLUMN mart.input_quality.assumed_dry_days IS
'Of blended: days of the window without a report that the policy sparse_reporting took as dry; else null.';
COMMENT ON COLUMN mart.input_quality.suspect_values IS
'Of blended: values of gauges in the window that a check marks; they count all the same; else null.';
COMMENT ON COLUMN mart.input_quality.n_years IS 'Valid values behind the fit of its calendar month; null: too few, there is no fit.';
COMMENT ON COLUMN mart.input_quality.has_break IS
'Whether the yearly ratio of grid to gauges has a significant step (mart.agreement); null: no gauges to compare, too few years, or they are not open.';
COMMENT ON COLUMN mart.input_quality.row_key IS 'Stable integer key, the same as that of the value in mart.index_month.';
SELECT ops.copy_comments('index.value_month', 'mart.input_quality');
SELECT ops.copy_comments('index.calibration', 'mart.input_quality');

-- Long and wide -------------------------------------------------------------------------------------

CREATE VIEW mart.climate_month_long WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    c.month,
    one.quantity,
    one.unit,
    one.value,
    CASE WHEN one.value IS NULL THEN coalesce(one.gap, 'not_published') END AS gap,
    c.source,
    c.release,
    c.origin,
    c.known_from,
    mart.row_key(c.landscape_key, c.month, series_number.number, one.number, 0) AS row_key
FROM series.climate_month AS c
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ops.series_number ON c.source = series_number.source AND series_number.calibration = ''
CROSS JOIN
    LATERAL (
        VALUES
        (1, 'precipitation_mm', 'mm per month', c.precipitation_mm, c.gap),
        (2, 'temperature_mean_c', 'degrees Celsius', c.temperature_mean_c, NULL),
        (3, 'pet_mm', 'mm per month', c.pet_mm, NULL),
        (4, 'pet_hargreaves_mm', 'mm per month', c.pet_hargreaves_mm, NULL),
        (5, 'soil_moisture_m3_m3', 'm3 per m3', c.soil_moisture_m3_m3, NULL),
        (6, 'snow_water_equivalent_mm', 'mm', c.snow_water_equivalent_mm, NULL),
        (7, 'snow_melt_mm', 'mm per month', c.snow_melt_mm, NULL),
        (8, 'snowfall_mm', 'mm per month', c.snowfall_mm, NULL)
    ) AS one (number, quantity, unit, value, gap)
WHERE c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.climate_month_long IS 'mart.climate_month, one row per landscape, month and quantity.';
COMMENT ON COLUMN mart.climate_month_long.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.climate_month_long.quantity IS 'Column of mart.climate_month, where its meaning stands.';
COMMENT ON COLUMN mart.climate_month_long.unit IS 'Unit of value.';
COMMENT ON COLUMN mart.climate_month_long.value IS 'The value, in the unit beside it; null is a gap.';
COMMENT ON COLUMN mart.climate_month_long.gap IS
'Why the value is missing; of all but precipitation: not_published, the source or an input of it has none.';
COMMENT ON COLUMN mart.climate_month_long.row_key IS 'Stable integer key, see mart.row_key: landscape, month, source, quantity.';
SELECT ops.copy_comments('series.climate_month', 'mart.climate_month_long');

CREATE VIEW mart.area_share_wide AS
SELECT
    l.landscape_id,
    a.month,
    one.index_code,
    one.shares[1] AS covered_fraction,
    one.shares[2] AS at_or_below_m0_5,
    one.shares[3] AS at_or_below_m0_8,
    one.shares[4] AS at_or_below_m1_0,
    one.shares[5] AS at_or_below_m1_3,
    one.shares[6] AS at_or_below_m1_5,
    one.shares[7] AS at_or_below_m1_6,
    one.shares[8] AS at_or_below_m2_0,
    a.gaps ->> one.index_code AS gap,
    a.source,
    a.release,
    a.origin,
    a.calibration,
    a.known_from,
    mart.row_key(a.landscape_key, a.month, series_number.number, code.number, 0) AS row_key
FROM index.area_share AS a
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ops.series_number USING (source, calibration)
CROSS JOIN
    LATERAL (
        VALUES
        ('spi_1', a.spi_1),
        ('spi_2', a.spi_2),
        ('spi_3', a.spi_3),
        ('spi_6', a.spi_6),
        ('spi_9', a.spi_9),
        ('spi_12', a.spi_12),
        ('spi_24', a.spi_24),
        ('spi_hy', a.spi_hy),
        ('spi_veg', a.spi_veg),
        ('spei_1', a.spei_1),
        ('spei_2', a.spei_2),
        ('spei_3', a.spei_3),
        ('spei_6', a.spei_6),
        ('spei_9', a.spei_9),
        ('spei_12', a.spei_12),
        ('spei_24', a.spei_24),
        ('spei_hy', a.spei_hy),
        ('spei_veg', a.spei_veg)
    ) AS one (index_code, shares)
LEFT JOIN index.code USING (index_code);
COMMENT ON VIEW mart.area_share_wide IS
'mart.area_share, one row per landscape, month and index: a column for each value that is counted.';
COMMENT ON COLUMN mart.area_share_wide.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.area_share_wide.index_code IS 'Index and its window: spi_N, spei_N, spi_hy, spi_veg, spei_hy, spei_veg.';
COMMENT ON COLUMN mart.area_share_wide.covered_fraction IS
'Part of the landscape''s area that lies in cells with a value, 0 to 1; null where the shares are.';
COMMENT ON COLUMN mart.area_share_wide.at_or_below_m0_5 IS 'Part of the cells with a value, by area, 0 to 1, whose index is at or below -0.5; null is a gap.';
COMMENT ON COLUMN mart.area_share_wide.at_or_below_m0_8 IS 'The same at or below -0.8.';
COMMENT ON COLUMN mart.area_share_wide.at_or_below_m1_0 IS 'The same at or below -1.0.';
COMMENT ON COLUMN mart.area_share_wide.at_or_below_m1_3 IS 'The same at or below -1.3.';
COMMENT ON COLUMN mart.area_share_wide.at_or_below_m1_5 IS 'The same at or below -1.5.';
COMMENT ON COLUMN mart.area_share_wide.at_or_below_m1_6 IS 'The same at or below -1.6.';
COMMENT ON COLUMN mart.area_share_wide.at_or_below_m2_0 IS 'The same at or below -2.0.';
COMMENT ON COLUMN mart.area_share_wide.gap IS 'Why the shares are missing.';
COMMENT ON COLUMN mart.area_share_wide.row_key IS 'Stable integer key, see mart.row_key: landscape, month, source with calibration, index.';
SELECT ops.copy_comments('index.area_share', 'mart.area_share_wide');

-- What changed ------------------------------------------------------------------------------------

CREATE VIEW mart.revision_report WITH (security_barrier = TRUE) AS
WITH of_value AS (
    SELECT
        r.changed_at,
        c.country_code,
        r.source,
        r.calibration,
        r.quantity,
        r.month,
        count(*) AS landscapes,
        count(*) FILTER (WHERE r.old_value IS NULL AND r.new_value IS NOT NULL) AS filled,
        count(*) FILTER (WHERE r.old_value IS NOT NULL AND r.new_value IS NULL) AS lost,
        avg(r.new_value - r.old_value) AS mean_change,
        max(r.new_value - r.old_value) AS greatest_rise,
        min(r.new_value - r.old_value) AS greatest_fall
    FROM mart.revision_value AS r
    INNER JOIN landscape.current AS c USING (landscape_id)
    GROUP BY r.changed_at, c.country_code, r.source, r.calibration, r.quantity, r.month
),

of_stage AS (
    SELECT
        r.changed_at,
        c.country_code,
        r.drought_type || '_stage' AS quantity,
        r.month,
        count(*) AS landscapes,
        count(*) FILTER (WHERE r.new_stage IS NULL) AS lost,
        avg(r.new_stage_rank - r.old_stage_rank)::double precision AS mean_change,
        max(r.new_stage_rank - r.old_stage_rank) AS greatest_rise,
        min(r.new_stage_rank - r.old_stage_rank) AS greatest_fall,
        count(*) FILTER (WHERE r.approval <> 'not_needed') AS corrected,
        count(*) FILTER (WHERE r.approval = 'approved') AS corrections_told
    FROM mart.revision_stage AS r
    INNER JOIN landscape.current AS c USING (landscape_id)
    GROUP BY r.changed_at, c.country_code, r.drought_type, r.month
)

SELECT
    changed_at,
    country_code,
    source,
    quantity,
    calibration,
    month,
    landscapes,
    filled,
    lost,
    mean_change,
    CASE WHEN greatest_rise >= -greatest_fall THEN greatest_rise ELSE greatest_fall END AS largest_change,
    NULL::bigint AS stages_changed,
    NULL::bigint AS corrections,
    NULL::bigint AS corrections_told
FROM of_value
UNION ALL
SELECT
    changed_at,
    country_code,
    NULL AS source,
    quantity,
    NULL AS calibration,
    month,
    landscapes,
    0 AS filled,
    lost,
    mean_change,
    CASE WHEN greatest_rise >= -greatest_fall THEN greatest_rise ELSE greatest_fall END AS largest_change,
    landscapes AS stages_changed,
    corrected AS corrections,
    corrections_told
FROM of_stage;
COMMENT ON VIEW mart.revision_report IS
'What each moment of change brought: values and stages replaced, added up by country, source, quantity and month. A stage follows its values some moments later.';
COMMENT ON COLUMN mart.revision_report.changed_at IS 'The moment: when the new values took their place.';
COMMENT ON COLUMN mart.revision_report.country_code IS 'ISO 3166-1 alpha-2, of the landscapes as they are now.';
COMMENT ON COLUMN mart.revision_report.source IS 'Name of the data source; null for stages.';
COMMENT ON COLUMN mart.revision_report.quantity IS
'A column of climate_month, such as precipitation_mm; an index, such as spi_3; or meteorological_stage, agricultural_stage, hydrological_stage.';
COMMENT ON COLUMN mart.revision_report.calibration IS 'Of an index: calibration period, first and last year; else null.';
COMMENT ON COLUMN mart.revision_report.month IS 'First day of the month whose values changed.';
COMMENT ON COLUMN mart.revision_report.landscapes IS 'Landscapes in which the value, its gap or the stage changed.';
COMMENT ON COLUMN mart.revision_report.filled IS 'Of them, those where a gap became a value.';
COMMENT ON COLUMN mart.revision_report.lost IS 'Of them, those where a value became a gap, or is not shown any more.';
COMMENT ON COLUMN mart.revision_report.mean_change IS
'Mean of new less old where both have a value, in the quantity''s unit; of stages in ranks.';
COMMENT ON COLUMN mart.revision_report.largest_change IS 'The change farthest from 0, with its sign, in the same unit.';
COMMENT ON COLUMN mart.revision_report.stages_changed IS 'Of stages: landscapes whose stage changed in this month; else null.';
COMMENT ON COLUMN mart.revision_report.corrections IS
'Of stages: those covered by a correction that was to be told, answered or not; else null. One correction may cover several months.';
COMMENT ON COLUMN mart.revision_report.corrections_told IS 'Of these, the ones let out by an approval; else null.';

-- Keys of the views there are ------------------------------------------------------------------------

-- Of the series of landscapes straight from the tables. What is not a key comes out of a subquery that
-- is not merged (OFFSET 0), see 0019.
-- The key of a landscape, of which row keys are made.
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
    'infinity'::timestamptz AS known_until,
    s.landscape_key
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
    s.known_until,
    s.landscape_key
FROM plan.stage_month_superseded AS s
INNER JOIN landscape.landscape AS l USING (landscape_key);
SELECT ops.copy_comments('plan.stage_month', 'plan.stage_ever');

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
    v.known_from,
    mart.row_key(v.landscape_key, v.month, series_number.number, code.number, 0) AS row_key
FROM index.value_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ops.series_number ON v.source = series_number.source AND v.calibration = series_number.calibration
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
LEFT JOIN index.code ON one.index_code = code.index_code
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON COLUMN mart.index_month.row_key IS
'Stable integer key, see mart.row_key: landscape, month, source with calibration, index.';

CREATE OR REPLACE VIEW mart.index_month_wide WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
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
    mart.row_key(v.landscape_key, v.month, series_number.number, 0, 0) AS row_key
FROM index.value_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ops.series_number ON v.source = series_number.source AND v.calibration = series_number.calibration
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
            v.spei_1,
            v.spei_2,
            v.spei_3,
            v.spei_6,
            v.spei_9,
            v.spei_12,
            v.spei_24,
            v.pn_1,
            v.pn_3,
            v.pn_6,
            v.pn_9,
            v.pn_12,
            v.spi_hy,
            v.spi_veg,
            v.spei_hy,
            v.spei_veg,
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
COMMENT ON COLUMN mart.index_month_wide.row_key IS
'Stable integer key, see mart.row_key: landscape, month, source with calibration.';

CREATE OR REPLACE VIEW mart.climate_month WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    v.month,
    x.precipitation_mm,
    x.temperature_mean_c,
    x.pet_mm,
    x.gap,
    v.source,
    v.release,
    v.origin,
    x.coverage_fraction,
    v.known_from,
    x.pet_hargreaves_mm,
    x.soil_moisture_m3_m3,
    x.snow_water_equivalent_mm,
    x.snow_melt_mm,
    x.snowfall_mm,
    mart.row_key(v.landscape_key, v.month, series_number.number, 0, 0) AS row_key
FROM series.climate_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ops.series_number ON v.source = series_number.source AND series_number.calibration = ''
CROSS JOIN
    LATERAL (
        SELECT
            v.precipitation_mm,
            v.temperature_mean_c,
            v.pet_mm,
            v.gap,
            v.coverage_fraction,
            v.pet_hargreaves_mm,
            v.soil_moisture_m3_m3,
            v.snow_water_equivalent_mm,
            v.snow_melt_mm,
            v.snowfall_mm
        FROM (VALUES (1)) AS once
        OFFSET 0
    ) AS x
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON COLUMN mart.climate_month.row_key IS
'Stable integer key, see mart.row_key: landscape, month, source.';

CREATE OR REPLACE VIEW mart.area_share WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    v.month,
    one.index_code,
    class.class,
    one.shares[class.number + 1] AS share,
    one.shares[1] AS covered_fraction,
    v.gaps ->> one.index_code AS gap,
    v.source,
    v.release,
    v.origin,
    v.calibration,
    v.known_from,
    mart.row_key(v.landscape_key, v.month, series_number.number, code.number, class.number) AS row_key
FROM index.area_share AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ops.series_number ON v.source = series_number.source AND v.calibration = series_number.calibration
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
        ('spei_veg', v.spei_veg)
    ) AS one (index_code, shares)
LEFT JOIN index.code ON one.index_code = code.index_code
CROSS JOIN (
    VALUES
    (-0.5::double precision, 1),
    (-0.8::double precision, 2),
    (-1.0::double precision, 3),
    (-1.3::double precision, 4),
    (-1.5::double precision, 5),
    (-1.6::double precision, 6),
    (-2.0::double precision, 7)
) AS class (class, number);
COMMENT ON COLUMN mart.area_share.row_key IS
'Stable integer key, see mart.row_key: landscape, month, source with calibration, index, class.';

CREATE OR REPLACE VIEW mart.stage_month AS
SELECT
    l.landscape_id,
    v.month,
    v.plan_id,
    v.plan_version,
    v.drought_type,
    v.stage,
    v.stage_rank,
    v.since_month,
    v.is_confirmed,
    v.silent_months,
    v.known_from,
    mart.row_key(
        v.landscape_key, v.month, 0,
        array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], v.drought_type), 0
    ) AS row_key
FROM plan.stage_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key);
COMMENT ON COLUMN mart.stage_month.row_key IS
'Stable integer key, see mart.row_key: landscape, month, drought type.';

CREATE OR REPLACE VIEW mart.index_month_ever WITH (security_barrier = TRUE) AS
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
    v.known_until,
    mart.row_key(v.landscape_key, v.month, series_number.number, code.number, 0) AS row_key
FROM index.value_month_ever AS v
LEFT JOIN ops.series_number ON v.source = series_number.source AND v.calibration = series_number.calibration
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
LEFT JOIN index.code ON one.index_code = code.index_code
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON COLUMN mart.index_month_ever.row_key IS
'Key of the row of mart.index_month that this is a version of; with known_from it is unique.';

CREATE OR REPLACE VIEW mart.index_month_wide_ever WITH (security_barrier = TRUE) AS
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
    v.known_until,
    mart.row_key(v.landscape_key, v.month, series_number.number, 0, 0) AS row_key
FROM index.value_month_ever AS v
LEFT JOIN ops.series_number ON v.source = series_number.source AND v.calibration = series_number.calibration
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
            v.spei_1,
            v.spei_2,
            v.spei_3,
            v.spei_6,
            v.spei_9,
            v.spei_12,
            v.spei_24,
            v.pn_1,
            v.pn_3,
            v.pn_6,
            v.pn_9,
            v.pn_12,
            v.spi_hy,
            v.spi_veg,
            v.spei_hy,
            v.spei_veg,
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
COMMENT ON COLUMN mart.index_month_wide_ever.row_key IS
'Key of the row of mart.index_month_wide that this is a version of; with known_from it is unique.';

CREATE OR REPLACE VIEW mart.climate_month_ever WITH (security_barrier = TRUE) AS
SELECT
    v.landscape_id,
    v.month,
    x.precipitation_mm,
    x.temperature_mean_c,
    x.pet_mm,
    x.gap,
    v.source,
    v.release,
    v.origin,
    x.coverage_fraction,
    v.known_from,
    x.pet_hargreaves_mm,
    x.soil_moisture_m3_m3,
    x.snow_water_equivalent_mm,
    x.snow_melt_mm,
    x.snowfall_mm,
    v.known_until,
    mart.row_key(v.landscape_key, v.month, series_number.number, 0, 0) AS row_key
FROM series.climate_month_ever AS v
LEFT JOIN ops.series_number ON v.source = series_number.source AND series_number.calibration = ''
CROSS JOIN
    LATERAL (
        SELECT
            v.precipitation_mm,
            v.temperature_mean_c,
            v.pet_mm,
            v.gap,
            v.coverage_fraction,
            v.pet_hargreaves_mm,
            v.soil_moisture_m3_m3,
            v.snow_water_equivalent_mm,
            v.snow_melt_mm,
            v.snowfall_mm
        FROM (VALUES (1)) AS once
        OFFSET 0
    ) AS x
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON COLUMN mart.climate_month_ever.row_key IS
'Key of the row of mart.climate_month that this is a version of; with known_from it is unique.';

CREATE OR REPLACE VIEW mart.area_share_ever WITH (security_barrier = TRUE) AS
SELECT
    v.landscape_id,
    v.month,
    one.index_code,
    class.class,
    one.shares[class.number + 1] AS share,
    one.shares[1] AS covered_fraction,
    v.gaps ->> one.index_code AS gap,
    v.source,
    v.release,
    v.origin,
    v.calibration,
    v.known_from,
    v.known_until,
    mart.row_key(v.landscape_key, v.month, series_number.number, code.number, class.number) AS row_key
FROM index.area_share_ever AS v
LEFT JOIN ops.series_number ON v.source = series_number.source AND v.calibration = series_number.calibration
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
        ('spei_veg', v.spei_veg)
    ) AS one (index_code, shares)
LEFT JOIN index.code ON one.index_code = code.index_code
CROSS JOIN (
    VALUES
    (-0.5::double precision, 1),
    (-0.8::double precision, 2),
    (-1.0::double precision, 3),
    (-1.3::double precision, 4),
    (-1.5::double precision, 5),
    (-1.6::double precision, 6),
    (-2.0::double precision, 7)
) AS class (class, number);
COMMENT ON COLUMN mart.area_share_ever.row_key IS
'Key of the row of mart.area_share that this is a version of; with known_from it is unique.';

CREATE OR REPLACE VIEW mart.stage_month_ever WITH (security_barrier = TRUE) AS
SELECT
    v.landscape_id,
    v.month,
    v.plan_id,
    v.plan_version,
    v.drought_type,
    v.stage,
    v.stage_rank,
    v.since_month,
    v.is_confirmed,
    v.silent_months,
    v.known_from,
    v.known_until,
    mart.row_key(
        v.landscape_key, v.month, 0,
        array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], v.drought_type), 0
    ) AS row_key
FROM plan.stage_ever AS v;
COMMENT ON COLUMN mart.stage_month_ever.row_key IS
'Key of the row of mart.stage_month that this is a version of; with known_from it is unique.';

CREATE OR REPLACE FUNCTION mart.index_month_as_of(known_at timestamptz)
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
        known_from,
        row_key
    FROM mart.index_month_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;

CREATE OR REPLACE FUNCTION mart.index_month_wide_as_of(known_at timestamptz)
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
        sma_3,
        row_key
    FROM mart.index_month_wide_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;

CREATE OR REPLACE FUNCTION mart.climate_month_as_of(known_at timestamptz)
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
        snowfall_mm,
        row_key
    FROM mart.climate_month_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;

CREATE OR REPLACE FUNCTION mart.area_share_as_of(known_at timestamptz)
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
        known_from,
        row_key
    FROM mart.area_share_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;

CREATE OR REPLACE FUNCTION mart.stage_month_as_of(known_at timestamptz)
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
        known_from,
        row_key
    FROM mart.stage_month_ever
    WHERE
        known_from <= known_at AND known_from <> all(((SELECT mart.unseen_at(known_at)))::timestamptz[])
        AND (known_at < known_until OR known_until = any(((SELECT mart.unseen_at(known_at)))::timestamptz[]));
END;

CREATE OR REPLACE VIEW mart.headwater_index_month WITH (security_barrier = TRUE) AS
SELECT
    c.landscape_id,
    c.headwater_landscape_id,
    v.month,
    one.index_code,
    one.value,
    v.gaps ->> one.index_code AS gap,
    v.source,
    v.release,
    v.origin,
    v.calibration,
    v.known_from,
    mart.row_key(c.landscape_key, v.month, series_number.number, code.number, 0) AS row_key
FROM landscape.current AS c
INNER JOIN landscape.landscape AS h ON c.headwater_landscape_id = h.landscape_id
INNER JOIN index.value_month AS v ON h.landscape_key = v.landscape_key
LEFT JOIN ops.series_number ON v.source = series_number.source AND v.calibration = series_number.calibration
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
LEFT JOIN index.code ON one.index_code = code.index_code
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON COLUMN mart.headwater_index_month.row_key IS
'Stable integer key, see mart.row_key: the landscape that uses the water, month, source with calibration, index.';

-- What rests on how the view was written moves aside, and is shown with its key.
ALTER VIEW mart.aridity SET SCHEMA landscape;
REVOKE ALL ON landscape.aridity FROM drought_analyst;
CREATE VIEW mart.aridity AS
SELECT
    a.landscape_id,
    a.basis,
    a.calibration,
    a.aridity_index,
    a.aridity_class,
    a.pet_method,
    a.precipitation_mm,
    a.pet_mm,
    mart.row_key(l.landscape_key, NULL, series_number.number, 0, 0) AS row_key
FROM landscape.aridity AS a
INNER JOIN landscape.landscape AS l USING (landscape_id)
LEFT JOIN ops.series_number ON a.basis = series_number.source AND a.calibration = series_number.calibration;
COMMENT ON VIEW mart.aridity IS
'How dry each landscape is: as its file states it, else by each grid source and calibration; no row where neither says it.';
COMMENT ON COLUMN mart.aridity.row_key IS 'Stable integer key, see mart.row_key: landscape, basis with calibration.';
SELECT ops.copy_comments('landscape.aridity', 'mart.aridity');
GRANT SELECT ON mart.aridity TO drought_analyst, drought_pipeline;

CREATE OR REPLACE VIEW mart.agreement WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    a.source,
    a.calibration,
    a.gauges,
    a.n_months,
    a.gauge_mm,
    a.grid_mm,
    a.ratio,
    a.difference_mm,
    a.correlation,
    a.rank_correlation,
    a.anomaly_correlation,
    a.anomaly_rank_correlation,
    a.n_years,
    a.break_year,
    a.break_statistic,
    a.break_critical,
    a.has_break,
    a.ratio_before,
    a.ratio_after,
    a.shortfall,
    a.known_from,
    mart.row_key(a.landscape_key, NULL, series_number.number, 0, 0) AS row_key
FROM series.agreement AS a
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ops.series_number ON a.source = series_number.source AND series_number.calibration = ''
WHERE a.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON COLUMN mart.agreement.row_key IS 'Stable integer key, see mart.row_key: landscape, source.';

CREATE OR REPLACE VIEW mart.agreement_month WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    a.month,
    a.source,
    a.gauge_mm,
    a.grid_mm,
    a.n_gauges,
    a.n_suspect,
    a.n_assumed_dry,
    a.policies,
    a.known_from,
    mart.row_key(a.landscape_key, a.month, series_number.number, 0, 0) AS row_key
FROM series.agreement_month AS a
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ops.series_number ON a.source = series_number.source AND series_number.calibration = ''
WHERE a.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON COLUMN mart.agreement_month.row_key IS 'Stable integer key, see mart.row_key: landscape, month, source.';

CREATE OR REPLACE VIEW mart.station_month WITH (security_barrier = TRUE) AS
SELECT
    s.station_id,
    s.name,
    s.latitude,
    s.longitude,
    s.elevation_m,
    m.month,
    m.precipitation_mm,
    m.temperature_mean_c,
    m.gap,
    m.resolution,
    m.policy,
    m.n_observations,
    m.n_assumed_dry,
    m.n_suspect,
    m.suspicion,
    m.source,
    m.origin,
    m.known_from,
    mart.row_key(s.station_number, m.month, series_number.number, 0, 0) AS row_key
FROM series.station_month AS m
INNER JOIN series.station AS s USING (station_id)
LEFT JOIN ops.series_number ON m.source = series_number.source AND series_number.calibration = ''
WHERE s.disclosure = 'open';
COMMENT ON COLUMN mart.station_month.row_key IS 'Stable integer key, see mart.row_key: gauge, month, source.';

CREATE OR REPLACE VIEW mart.station WITH (security_barrier = TRUE) AS
SELECT
    m.station_id,
    m.name,
    m.latitude,
    m.longitude,
    m.elevation_m,
    m.policy,
    m.positions,
    m.first_month,
    m.last_month,
    m.months,
    m.months_with_precipitation,
    m.suspect_share,
    s.station_number::bigint AS row_key
FROM series.station_summary AS m
INNER JOIN series.station AS s USING (station_id)
WHERE m.disclosure = 'open';
COMMENT ON COLUMN mart.station.row_key IS 'Stable integer key: the number of the gauge.';

CREATE OR REPLACE VIEW mart.station_position WITH (security_barrier = TRUE) AS
SELECT
    p.station_id,
    p.latitude,
    p.longitude,
    p.elevation_m,
    p.note,
    p.known_from,
    nullif(p.valid_from, '-infinity') AS valid_from,
    s.station_number::bigint * 131072
    + CASE WHEN p.valid_from > '-infinity' THEN p.valid_from - '1800-01-01'::date + 1 ELSE 0 END AS row_key
FROM series.station_position AS p
INNER JOIN series.station AS s USING (station_id)
WHERE s.disclosure = 'open';
COMMENT ON COLUMN mart.station_position.row_key IS
'Stable integer key: the number of the gauge (24 bits), then the day since 1800 from which it stood there (17).';

CREATE OR REPLACE VIEW mart.observation WITH (security_barrier = TRUE) AS
SELECT
    o.station_id,
    o.quantity,
    o.resolution,
    o.last_day,
    o.n_days,
    o.value,
    o.verdict,
    o.reason,
    o.source,
    f.name AS file_name,
    o.line,
    o.known_from,
    (
        ((s.station_number::bigint * 131072 + (o.last_day - '1800-01-01'::date)) * 256 + coalesce(series_number.number, 0)) * 4
        + array_position(
            ARRAY['precipitation_mm', 'temperature_mean_c', 'temperature_max_c', 'temperature_min_c'], o.quantity
        ) - 1
    ) * 4 + array_position(ARRAY['daily', 'dekadal', 'monthly'], o.resolution) AS row_key
FROM series.observation AS o
INNER JOIN series.station AS s USING (station_id)
INNER JOIN ops.file AS f USING (file_id)
LEFT JOIN ops.series_number ON o.source = series_number.source AND series_number.calibration = ''
WHERE s.disclosure = 'open';
COMMENT ON COLUMN mart.observation.row_key IS
'Stable integer key: the number of the gauge (24 bits), day since 1800 (17), source (8), quantity (2), resolution (2).';

CREATE OR REPLACE VIEW mart.ingest AS
SELECT
    f.name AS file_name,
    f.source,
    f.kind,
    f.origin,
    i.n_read,
    i.n_stored,
    i.n_quarantined,
    i.n_unchanged,
    i.ingested_at,
    i.ingest_id AS row_key
FROM ops.ingest AS i
INNER JOIN ops.file AS f USING (file_id);
COMMENT ON COLUMN mart.ingest.row_key IS 'Stable integer key; a later ingest has a higher one.';

CREATE OR REPLACE VIEW mart.indicator WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    i.indicator,
    i.unit,
    i.value,
    i.period_from,
    i.period_to,
    i.issued_on,
    i.document_number,
    i.issued_by,
    i.note,
    i.known_from,
    i.indicator_id AS row_key
FROM series.indicator AS i
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE i.disclosure = 'open';
COMMENT ON COLUMN mart.indicator.row_key IS 'Stable integer key of the issue; a correction of it keeps it.';

CREATE OR REPLACE FUNCTION mart.indicator_as_of(known_at timestamptz)
RETURNS SETOF mart.indicator LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
SELECT
    l.landscape_id, e.indicator, e.unit, e.value, e.period_from, e.period_to, e.issued_on,
    e.document_number, e.issued_by, e.note, e.known_from, present.indicator_id
FROM series.indicator_ever AS e
INNER JOIN landscape.landscape AS l USING (landscape_key)
INNER JOIN series.indicator AS present
    USING (landscape_key, indicator, unit, period_from, period_to, issued_on)
WHERE
    e.known_from <= known_at AND e.known_from <> ALL ((SELECT mart.unseen_at(known_at))::timestamptz [])
    AND (known_at < e.known_until OR e.known_until = ANY ((SELECT mart.unseen_at(known_at))::timestamptz []))
    AND e.disclosure = 'open' AND present.disclosure = 'open'
$$;

CREATE OR REPLACE VIEW mart.freshness AS
SELECT
    f.country_code,
    f.source,
    f.newest_month,
    f.release,
    f.known_from,
    f.landscapes_with_values,
    f.landscapes,
    f.newest_final_month,
    f.expected_month,
    f.months_late,
    f.oldest_late_month,
    f.late_since,
    f.preliminary_overdue,
    f.oldest_preliminary_overdue,
    mart.row_key(
        array_position(ARRAY['KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR'], f.country_code), NULL, series_number.number, 0, 0
    ) AS row_key
FROM mart.freshness_at(now()) AS f
LEFT JOIN ops.series_number ON f.source = series_number.source AND series_number.calibration = '';
COMMENT ON COLUMN mart.freshness.row_key IS 'Stable integer key, see mart.row_key: country, source.';

GRANT SELECT ON
index.code, index.window_length, plan.rule, plan.area_member
TO drought_pipeline;
GRANT SELECT, INSERT ON ops.series_number TO drought_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE ON
plan.deciding_series, plan.drought_event, plan.drought_event_superseded, plan.area_in_drought, plan.area_basis
TO drought_pipeline;
GRANT EXECUTE ON FUNCTION ops.give_series_number(text, text), plan.sum_areas() TO drought_pipeline;
REVOKE EXECUTE ON FUNCTION mart.row_key(integer, date, integer, integer, integer) FROM public;
GRANT EXECUTE ON FUNCTION mart.row_key(integer, date, integer, integer, integer) TO drought_analyst, drought_pipeline;
GRANT SELECT ON
mart.drought_event, mart.area_in_drought, mart.stage_month_wide, mart.plan_timeline, mart.plan_rule, mart.latest_status,
mart.latest_status_wide, mart.input_quality, mart.climate_month_long, mart.area_share_wide, mart.revision_report
TO drought_analyst, drought_pipeline;
