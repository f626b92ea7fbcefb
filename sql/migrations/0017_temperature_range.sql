/*
 * The hours of the day: a second product of the data set that is fetched, and what a file holds.
 *
 * The monthly means of the data store hold no daily extremes of temperature. Months without
 * humidity, wind or radiation need them for their PET, and the store gives them by the hour of the
 * day, as another product of the same data set. A request names its product type, so that the two are
 * never taken for each other; and a file names its variables, so that a month is known to lack some.
 */

ALTER TABLE ops.request ADD COLUMN product_type text NOT NULL DEFAULT 'monthly_averaged_reanalysis' CHECK (product_type <> '');
ALTER TABLE ops.request ALTER COLUMN product_type DROP DEFAULT;
COMMENT ON COLUMN ops.request.product_type IS
'The kind of product of the data set, as the store names it: monthly_averaged_reanalysis, or …_by_hour_of_day for the daily range of temperature.';

ALTER TABLE ops.request_month ADD COLUMN product_type text NOT NULL DEFAULT 'monthly_averaged_reanalysis' CHECK (product_type <> '');
ALTER TABLE ops.request_month ALTER COLUMN product_type DROP DEFAULT;
COMMENT ON COLUMN ops.request_month.product_type IS 'Its product type.';
DROP INDEX ops.request_month_asked_once;
CREATE UNIQUE INDEX request_month_asked_once ON ops.request_month (dataset, product_type, month) WHERE is_open;
COMMENT ON TABLE ops.request_month IS
'The months a request covers. No two open requests cover one month of a product type of a data set.';

ALTER TABLE ops.file ADD COLUMN variables text[];
COMMENT ON COLUMN ops.file.variables IS
'Of a grid: what it holds, by the names the pipeline gives them, such as precipitation_mm; null: taken before this was noted, looked up when needed.';
ALTER TABLE ops.file ADD COLUMN holds_rain boolean NOT NULL
GENERATED ALWAYS AS (variables IS NULL OR 'precipitation_mm' = any(variables)) STORED;
COMMENT ON COLUMN ops.file.holds_rain IS
'Of a grid: whether it holds precipitation, as every one did that was taken before variables were noted.';

-- What was fetched until now held what was asked for, which was always the same.
UPDATE ops.file
SET
    variables = ARRAY[
        'precipitation_mm',
        'temperature_mean_c',
        'dewpoint_c',
        'solar_radiation_mj_m2_day',
        'surface_pressure_kpa',
        'wind_speed_m_s'
    ]
WHERE
    kind = 'grid'
    AND request -> 'inputs' -> 'variable' @> '[
        "total_precipitation",
        "2m_temperature",
        "2m_dewpoint_temperature",
        "10m_u_component_of_wind",
        "10m_v_component_of_wind",
        "surface_solar_radiation_downwards",
        "surface_pressure"
    ]';
