/*
 * Shares of area: how much of a landscape has an index at or below fixed values, cell by cell.
 *
 * The index of a landscape is that of its mean rain; a share says whether all of it is dry or only
 * a corner. Both rest on maps outside the warehouse (see the grid store); what is kept here is what
 * follows from them for each landscape, and by which maps, so that a share is made anew when one of
 * its maps is, and only then.
 */

CREATE TABLE index.cell_calibration (
    source text NOT NULL,
    calibration text NOT NULL CHECK (calibration ~ '^[0-9]{4}-[0-9]{4}$'),
    index_code text NOT NULL,
    fit bigint NOT NULL,
    made_from bigint NOT NULL,
    pet text CHECK (pet IN ('pet_mm', 'pet_hargreaves_mm')),
    cells integer NOT NULL CHECK (cells >= 0),
    fitted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, calibration, index_code)
);
COMMENT ON TABLE index.cell_calibration IS
'The fits of an index to every cell of a grid: kept as maps in the grid store; without its row here a fit is made anew.';
COMMENT ON COLUMN index.cell_calibration.source IS 'Name of the data source.';
COMMENT ON COLUMN index.cell_calibration.calibration IS 'Calibration period, first and last year.';
COMMENT ON COLUMN index.cell_calibration.index_code IS 'Index, such as spi_3.';
COMMENT ON COLUMN index.cell_calibration.fit IS 'Identifies the fit, as a number that the maps carry too.';
COMMENT ON COLUMN index.cell_calibration.made_from IS
'Hash of the maps of rain and evaporation of the calibration period: while it stays, no cell without a fit can get one.';
COMMENT ON COLUMN index.cell_calibration.pet IS
'Which evaporation SPEI is made with, the same for all cells and months: FAO-56 Penman-Monteith or Hargreaves; null for SPI.';
COMMENT ON COLUMN index.cell_calibration.cells IS 'Cells that have rain in the calibration period.';
COMMENT ON COLUMN index.cell_calibration.fitted_at IS 'When it was fitted, or last completed.';

CREATE TABLE index.area_share (
    landscape_key integer NOT NULL,
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    source text NOT NULL CHECK (source <> 'blended'),
    calibration text NOT NULL,
    landscape_version integer NOT NULL,
    spi_1 real[],
    spi_2 real[],
    spi_3 real[],
    spi_6 real[],
    spi_9 real[],
    spi_12 real[],
    spi_24 real[],
    spi_hy real[],
    spi_veg real[],
    spei_1 real[],
    spei_2 real[],
    spei_3 real[],
    spei_6 real[],
    spei_9 real[],
    spei_12 real[],
    spei_24 real[],
    spei_hy real[],
    spei_veg real[],
    gaps jsonb NOT NULL,
    release text NOT NULL CHECK (release IN ('preliminary', 'final')),
    origin text NOT NULL CHECK (origin IN ('real', 'simulated')),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, month, source, calibration),
    FOREIGN KEY (landscape_key, landscape_version) REFERENCES landscape.version (landscape_key, version)
);
CREATE INDEX ON index.area_share (month);
COMMENT ON TABLE index.area_share IS
'Shares of each landscape''s area at or below fixed values of each index, computed cell by cell.
Of each index an array: first the part of the landscape that lies in cells with a value, 0 to 1; then
the share of that part at or below -0.5, -0.8, -1.0, -1.3, -1.5, -1.6 and -2.0. Null is a gap.';
COMMENT ON COLUMN index.area_share.landscape_key IS 'The landscape.';
COMMENT ON COLUMN index.area_share.month IS 'First day of the month at which the windows end.';
COMMENT ON COLUMN index.area_share.source IS 'Name of the data source: a grid.';
COMMENT ON COLUMN index.area_share.calibration IS 'Calibration period, first and last year.';
COMMENT ON COLUMN index.area_share.landscape_version IS 'Version of the landscape.';
COMMENT ON COLUMN index.area_share.spi_1 IS 'SPI, 1 month: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spi_2 IS 'SPI, 2 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spi_3 IS 'SPI, 3 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spi_6 IS 'SPI, 6 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spi_9 IS 'SPI, 9 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spi_12 IS 'SPI, 12 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spi_24 IS 'SPI, 24 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spi_hy IS 'SPI, since 1 October: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spi_veg IS 'SPI, since 1 April, April to September: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_1 IS 'SPEI, 1 month: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_2 IS 'SPEI, 2 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_3 IS 'SPEI, 3 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_6 IS 'SPEI, 6 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_9 IS 'SPEI, 9 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_12 IS 'SPEI, 12 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_24 IS 'SPEI, 24 months: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_hy IS 'SPEI, since 1 October: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.spei_veg IS 'SPEI, since 1 April, April to September: covered part and shares of area, 0 to 1, four decimals.';
COMMENT ON COLUMN index.area_share.gaps IS
'Index code to the reason of its gap, for each null above; not_applicable: the index is blind in cells that cover the landscape.';
COMMENT ON COLUMN index.area_share.release IS 'preliminary while any month of the longest window still is, else final.';
COMMENT ON COLUMN index.area_share.origin IS 'real or simulated.';
COMMENT ON COLUMN index.area_share.known_from IS 'Since when this installation holds these values.';

CREATE TABLE index.area_share_superseded (
    LIKE index.area_share INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
CREATE INDEX ON index.area_share_superseded (landscape_key, month);
COMMENT ON TABLE index.area_share_superseded IS 'Rows of area_share that were replaced.';
COMMENT ON COLUMN index.area_share_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER stamp BEFORE UPDATE ON index.area_share FOR EACH ROW EXECUTE FUNCTION ops.stamp_replacing();
CREATE TRIGGER keep_replaced AFTER UPDATE ON index.area_share
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_all_superseded();
CREATE TRIGGER keep_deleted AFTER DELETE ON index.area_share
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_all_superseded();

CREATE TABLE index.share_month (
    source text NOT NULL,
    calibration text NOT NULL,
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    fingerprint bigint NOT NULL,
    PRIMARY KEY (source, calibration, month)
);
COMMENT ON TABLE index.share_month IS 'By which maps and landscapes the shares of a month were made.';
COMMENT ON COLUMN index.share_month.source IS 'Name of the data source.';
COMMENT ON COLUMN index.share_month.calibration IS 'Calibration period, first and last year.';
COMMENT ON COLUMN index.share_month.month IS 'First day of the month.';
COMMENT ON COLUMN index.share_month.fingerprint IS
'Hash of the maps of the month, the landscapes, the coverage asked for and the method; another one makes the month stale.';

CREATE VIEW index.share_ever AS
WITH ever AS (
    SELECT
        *,
        'infinity'::timestamptz AS known_until
    FROM index.area_share
    UNION ALL
    SELECT * FROM index.area_share_superseded
)

SELECT
    l.landscape_id,
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
FROM ever
INNER JOIN landscape.landscape AS l USING (landscape_key)
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
COMMENT ON VIEW index.share_ever IS 'Every share of area that was ever shown, long, with the time it was the truth.';
COMMENT ON COLUMN index.share_ever.landscape_id IS 'The landscape.';
COMMENT ON COLUMN index.share_ever.index_code IS 'Index and its window: spi_N, spei_N, spi_hy, spi_veg, spei_hy, spei_veg.';
COMMENT ON COLUMN index.share_ever.class IS 'Value of the index, unitless: -0.5, -0.8, -1.0, -1.3, -1.5, -1.6 or -2.0.';
COMMENT ON COLUMN index.share_ever.share IS
'Part of the landscape''s cells with a value, by area, 0 to 1, whose index is at or below the class; null is a gap.';
COMMENT ON COLUMN index.share_ever.covered_fraction IS
'Part of the landscape''s area that lies in cells with a value, 0 to 1; null where the share is.';
COMMENT ON COLUMN index.share_ever.gap IS 'Why the share is missing.';
COMMENT ON COLUMN index.share_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('index.area_share', 'index.share_ever');

CREATE VIEW mart.area_share WITH (security_barrier = TRUE) AS
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
FROM index.share_ever
WHERE known_until = 'infinity';
COMMENT ON VIEW mart.area_share IS
'Share of each landscape''s area with an index at or below a value, cell by cell; one row per landscape, month, index and value.';
SELECT ops.copy_comments('index.share_ever', 'mart.area_share');

-- It reads tables that analysts may not, and hands out only what the view does.
CREATE FUNCTION mart.area_share_as_of(known_at timestamptz)
RETURNS SETOF mart.area_share LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
SELECT
    landscape_id, month, index_code, class, share, covered_fraction, gap, source, release, origin,
    calibration, known_from
FROM index.share_ever
WHERE known_from <= known_at AND known_at < known_until
$$;
COMMENT ON FUNCTION mart.area_share_as_of(timestamptz) IS 'mart.area_share as it was at that moment.';

REVOKE ALL ON FUNCTION mart.area_share_as_of(timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION mart.area_share_as_of(timestamptz) TO drought_analyst, drought_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE
ON index.cell_calibration, index.area_share, index.area_share_superseded, index.share_month
TO drought_pipeline;
GRANT SELECT ON index.share_ever TO drought_pipeline;
GRANT SELECT ON mart.area_share TO drought_analyst, drought_pipeline;
