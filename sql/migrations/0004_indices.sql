/*
 * Indices: calibrations, fitted once and kept, and the values that follow from them.
 *
 * Values are stored wide, one row per landscape and month: four times smaller and eight times
 * faster to read than one row per value. `mart.index_month` shows them long.
 */

CREATE TABLE index.calibration (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    landscape_version integer NOT NULL,
    source text NOT NULL,
    calibration text NOT NULL CHECK (calibration ~ '^[0-9]{4}-[0-9]{4}$'),
    index_code text NOT NULL,
    calendar_month integer NOT NULL CHECK (calendar_month BETWEEN 1 AND 12),
    distribution text NOT NULL,
    parameters jsonb NOT NULL,
    probability_of_zero double precision CHECK (probability_of_zero BETWEEN 0 AND 1),
    n_years integer NOT NULL CHECK (n_years >= 0),
    fitted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, landscape_version, source, calibration, index_code, calendar_month),
    FOREIGN KEY (landscape_key, landscape_version) REFERENCES landscape.version (landscape_key, version)
);
COMMENT ON TABLE index.calibration IS 'Distributions fitted over the calibration period, one per calendar month.';
COMMENT ON COLUMN index.calibration.landscape_key IS 'The landscape.';
COMMENT ON COLUMN index.calibration.landscape_version IS 'Version of the landscape.';
COMMENT ON COLUMN index.calibration.source IS 'Name of the data source.';
COMMENT ON COLUMN index.calibration.calibration IS 'Calibration period, first and last year.';
COMMENT ON COLUMN index.calibration.index_code IS 'Index, such as spi_3.';
COMMENT ON COLUMN index.calibration.calendar_month IS 'Calendar month at which the window ends, 1 to 12.';
COMMENT ON COLUMN index.calibration.distribution IS 'gamma, loglogistic, or normal_total (the mean of the window, for percent of normal).';
COMMENT ON COLUMN index.calibration.parameters IS 'Parameters of the fit; null values where none could be made.';
COMMENT ON COLUMN index.calibration.probability_of_zero IS 'Share of calibration years in which the window was rainless; null where it plays no part.';
COMMENT ON COLUMN index.calibration.n_years IS 'Valid values behind the fit.';
COMMENT ON COLUMN index.calibration.fitted_at IS 'When it was fitted.';

CREATE TABLE index.value_month (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    source text NOT NULL,
    calibration text NOT NULL,
    landscape_version integer NOT NULL,
    spi_1 double precision CHECK (spi_1 BETWEEN -3.09 AND 3.09),
    spi_2 double precision CHECK (spi_2 BETWEEN -3.09 AND 3.09),
    spi_3 double precision CHECK (spi_3 BETWEEN -3.09 AND 3.09),
    spi_6 double precision CHECK (spi_6 BETWEEN -3.09 AND 3.09),
    spi_9 double precision CHECK (spi_9 BETWEEN -3.09 AND 3.09),
    spi_12 double precision CHECK (spi_12 BETWEEN -3.09 AND 3.09),
    spi_24 double precision CHECK (spi_24 BETWEEN -3.09 AND 3.09),
    spei_1 double precision CHECK (spei_1 BETWEEN -3.09 AND 3.09),
    spei_2 double precision CHECK (spei_2 BETWEEN -3.09 AND 3.09),
    spei_3 double precision CHECK (spei_3 BETWEEN -3.09 AND 3.09),
    spei_6 double precision CHECK (spei_6 BETWEEN -3.09 AND 3.09),
    spei_9 double precision CHECK (spei_9 BETWEEN -3.09 AND 3.09),
    spei_12 double precision CHECK (spei_12 BETWEEN -3.09 AND 3.09),
    spei_24 double precision CHECK (spei_24 BETWEEN -3.09 AND 3.09),
    pn_1 double precision CHECK (pn_1 >= 0 AND pn_1 <> 'NaN'),
    pn_3 double precision CHECK (pn_3 >= 0 AND pn_3 <> 'NaN'),
    pn_6 double precision CHECK (pn_6 >= 0 AND pn_6 <> 'NaN'),
    pn_9 double precision CHECK (pn_9 >= 0 AND pn_9 <> 'NaN'),
    pn_12 double precision CHECK (pn_12 >= 0 AND pn_12 <> 'NaN'),
    gaps jsonb NOT NULL,
    release text NOT NULL CHECK (release IN ('preliminary', 'final')),
    origin text NOT NULL CHECK (origin IN ('real', 'simulated')),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, month, source, calibration),
    FOREIGN KEY (landscape_key, landscape_version) REFERENCES landscape.version (landscape_key, version)
);
CREATE INDEX ON index.value_month (month);
COMMENT ON TABLE index.value_month IS 'All indices of a landscape in a month.';
COMMENT ON COLUMN index.value_month.landscape_key IS 'The landscape.';
COMMENT ON COLUMN index.value_month.month IS 'First day of the month at which the windows end.';
COMMENT ON COLUMN index.value_month.source IS 'Name of the data source.';
COMMENT ON COLUMN index.value_month.calibration IS 'Calibration period, first and last year.';
COMMENT ON COLUMN index.value_month.landscape_version IS 'Version of the landscape.';
COMMENT ON COLUMN index.value_month.spi_1 IS 'Standardised precipitation index, 1 month, unitless.';
COMMENT ON COLUMN index.value_month.spi_2 IS 'Standardised precipitation index, 2 months, unitless.';
COMMENT ON COLUMN index.value_month.spi_3 IS 'Standardised precipitation index, 3 months, unitless.';
COMMENT ON COLUMN index.value_month.spi_6 IS 'Standardised precipitation index, 6 months, unitless.';
COMMENT ON COLUMN index.value_month.spi_9 IS 'Standardised precipitation index, 9 months, unitless.';
COMMENT ON COLUMN index.value_month.spi_12 IS 'Standardised precipitation index, 12 months, unitless.';
COMMENT ON COLUMN index.value_month.spi_24 IS 'Standardised precipitation index, 24 months, unitless.';
COMMENT ON COLUMN index.value_month.spei_1 IS 'Standardised precipitation evapotranspiration index, 1 month, unitless.';
COMMENT ON COLUMN index.value_month.spei_2 IS 'Standardised precipitation evapotranspiration index, 2 months, unitless.';
COMMENT ON COLUMN index.value_month.spei_3 IS 'Standardised precipitation evapotranspiration index, 3 months, unitless.';
COMMENT ON COLUMN index.value_month.spei_6 IS 'Standardised precipitation evapotranspiration index, 6 months, unitless.';
COMMENT ON COLUMN index.value_month.spei_9 IS 'Standardised precipitation evapotranspiration index, 9 months, unitless.';
COMMENT ON COLUMN index.value_month.spei_12 IS 'Standardised precipitation evapotranspiration index, 12 months, unitless.';
COMMENT ON COLUMN index.value_month.spei_24 IS 'Standardised precipitation evapotranspiration index, 24 months, unitless.';
COMMENT ON COLUMN index.value_month.pn_1 IS 'Precipitation of 1 month in percent of normal.';
COMMENT ON COLUMN index.value_month.pn_3 IS 'Precipitation of 3 months in percent of normal.';
COMMENT ON COLUMN index.value_month.pn_6 IS 'Precipitation of 6 months in percent of normal.';
COMMENT ON COLUMN index.value_month.pn_9 IS 'Precipitation of 9 months in percent of normal.';
COMMENT ON COLUMN index.value_month.pn_12 IS 'Precipitation of 12 months in percent of normal.';
COMMENT ON COLUMN index.value_month.gaps IS 'Index code to the reason of its gap, for each null above.';
COMMENT ON COLUMN index.value_month.release IS 'preliminary while any month of the longest window still is, else final.';
COMMENT ON COLUMN index.value_month.origin IS 'real or simulated.';
COMMENT ON COLUMN index.value_month.known_from IS 'Since when this installation holds these values.';

CREATE TABLE index.value_month_superseded (
    LIKE index.value_month INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
CREATE INDEX ON index.value_month_superseded (landscape_key, month);
COMMENT ON TABLE index.value_month_superseded IS 'Rows of value_month that were replaced.';
COMMENT ON COLUMN index.value_month_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON index.value_month
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

CREATE VIEW index.value_ever AS
WITH ever AS (
    SELECT
        *,
        'infinity'::timestamptz AS known_until
    FROM index.value_month
    UNION ALL
    SELECT * FROM index.value_month_superseded
)

SELECT
    l.landscape_id,
    ever.month,
    one.index_code,
    one.value,
    ever.gaps ->> one.index_code AS gap,
    ever.source,
    ever.release,
    ever.origin,
    ever.calibration,
    ever.known_from,
    ever.known_until
FROM ever
INNER JOIN landscape.landscape AS l USING (landscape_key)
CROSS JOIN LATERAL (
    VALUES
    ('spi_1', ever.spi_1),
    ('spi_2', ever.spi_2),
    ('spi_3', ever.spi_3),
    ('spi_6', ever.spi_6),
    ('spi_9', ever.spi_9),
    ('spi_12', ever.spi_12),
    ('spi_24', ever.spi_24),
    ('spei_1', ever.spei_1),
    ('spei_2', ever.spei_2),
    ('spei_3', ever.spei_3),
    ('spei_6', ever.spei_6),
    ('spei_9', ever.spei_9),
    ('spei_12', ever.spei_12),
    ('spei_24', ever.spei_24),
    ('pn_1', ever.pn_1),
    ('pn_3', ever.pn_3),
    ('pn_6', ever.pn_6),
    ('pn_9', ever.pn_9),
    ('pn_12', ever.pn_12)
) AS one (index_code, value);
COMMENT ON VIEW index.value_ever IS 'Every index value that was ever shown, long, with the time it was the truth.';
COMMENT ON COLUMN index.value_ever.landscape_id IS 'The landscape.';
COMMENT ON COLUMN index.value_ever.index_code IS 'Index and scale in months: spi_N, spei_N, pn_N.';
COMMENT ON COLUMN index.value_ever.value IS 'Unitless for SPI and SPEI, percent for pn; null is a gap.';
COMMENT ON COLUMN index.value_ever.gap IS 'Why the value is missing.';
COMMENT ON COLUMN index.value_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('index.value_month', 'index.value_ever');
