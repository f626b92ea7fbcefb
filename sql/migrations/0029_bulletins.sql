/*
 * Bulletins: the forecaster's paragraph, and who issued which bulletin under which number.
 *
 * A bulletin is issued once, by who holds the issuing role for its country, or for every country of the
 * region. Its files lie in a folder; here stands what they were, so that a change shows. What was written
 * for it stays as it was read then.
 */

CREATE TABLE alert.bulletin_note (
    note_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    scope text NOT NULL CHECK (scope IN ('KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR', 'region')),
    language text NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    body text NOT NULL CHECK (body ~ '[^[:space:]]' AND char_length(body) <= 6000),
    login text NOT NULL CHECK (login ~ '^[^[:space:]]+$'),
    author text NOT NULL CHECK (author ~ '[^[:space:]]'),
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON alert.bulletin_note (month, scope, language, note_id);
COMMENT ON TABLE alert.bulletin_note IS
'The forecaster''s own words in a bulletin. Rows are only added; of one month, scope and language the newest counts.';
COMMENT ON COLUMN alert.bulletin_note.note_id IS 'Surrogate key; the greater, the newer.';
COMMENT ON COLUMN alert.bulletin_note.month IS 'First day of the month of the bulletin.';
COMMENT ON COLUMN alert.bulletin_note.scope IS 'Country of the bulletin, ISO 3166-1 alpha-2, or region.';
COMMENT ON COLUMN alert.bulletin_note.language IS 'Language code it is written in.';
COMMENT ON COLUMN alert.bulletin_note.body IS 'Plain text; an empty line parts paragraphs.';
COMMENT ON COLUMN alert.bulletin_note.login IS 'Account that was logged in.';
COMMENT ON COLUMN alert.bulletin_note.author IS 'Who wrote it, as the bulletin says.';
COMMENT ON COLUMN alert.bulletin_note.written_at IS 'When it was saved.';

CREATE TABLE alert.bulletin (
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    scope text NOT NULL CHECK (scope IN ('KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR', 'region')),
    outgoing_number text NOT NULL CHECK (outgoing_number ~ '[^[:space:]]' AND outgoing_number !~ '[[:cntrl:]]'),
    outgoing_date date NOT NULL,
    issued_by text NOT NULL,
    office text NOT NULL,
    login text NOT NULL,
    legal_basis text NOT NULL CHECK (legal_basis ~ '[^[:space:]]'),
    accepts_unchecked boolean NOT NULL,
    files jsonb NOT NULL CHECK (jsonb_typeof(files) = 'object' AND files <> '{}'),
    issued_at timestamptz NOT NULL,
    PRIMARY KEY (month, scope)
);
-- Registers of outgoing papers begin anew each year.
CREATE UNIQUE INDEX ON alert.bulletin (scope, extract(YEAR FROM outgoing_date), outgoing_number);
COMMENT ON TABLE alert.bulletin IS 'Bulletins that were issued. The first issue of a month and scope stays.';
COMMENT ON COLUMN alert.bulletin.month IS 'First day of the month it is about.';
COMMENT ON COLUMN alert.bulletin.scope IS 'Country it is about, ISO 3166-1 alpha-2, or region.';
COMMENT ON COLUMN alert.bulletin.outgoing_number IS 'Number in the agency''s register of outgoing papers.';
COMMENT ON COLUMN alert.bulletin.outgoing_date IS 'Date it bears.';
COMMENT ON COLUMN alert.bulletin.issued_by IS 'The person who issued it.';
COMMENT ON COLUMN alert.bulletin.office IS 'In what office.';
COMMENT ON COLUMN alert.bulletin.login IS 'Account that was logged in.';
COMMENT ON COLUMN alert.bulletin.legal_basis IS 'By which law or order.';
COMMENT ON COLUMN alert.bulletin.accepts_unchecked IS
'Whether it was accepted that languages leave that no speaker has checked; else they stayed working papers.';
COMMENT ON COLUMN alert.bulletin.files IS 'SHA-256, hexadecimal, of each file that was issued, by its name.';
COMMENT ON COLUMN alert.bulletin.issued_at IS 'When it was issued.';

-- Who may, and what stays ----------------------------------------------------------------------------

CREATE FUNCTION alert.may_issue(alert.bulletin) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    WITH concerned AS (
        SELECT DISTINCT country_code FROM landscape.current
        WHERE $1.scope IN (country_code, 'region')
    )
    SELECT EXISTS (SELECT FROM concerned) AND NOT EXISTS (
        SELECT FROM concerned AS c
        WHERE NOT EXISTS (
            SELECT FROM alert.issuer AS i
            WHERE
                i.country_code = c.country_code
                AND i.login = $1.login
                AND i.name = $1.issued_by
                AND i.office = $1.office
                AND i.since <= $1.issued_at
                AND (i.ended_at IS NULL OR i.ended_at > $1.issued_at)
        )
    )
$$;
COMMENT ON FUNCTION alert.may_issue(alert.bulletin) IS
'Whether who issues a bulletin held the issuing role for its country then, or for each country with landscapes.';

CREATE FUNCTION alert.keep_bulletin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'bulletin % of %: it was issued, and the first issue stays', OLD.scope, OLD.month
        USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT alert.may_issue(NEW) THEN
        RAISE EXCEPTION 'bulletin % of %: % (%) does not hold the issuing role for it at %',
        NEW.scope, NEW.month, NEW.login, NEW.office, NEW.issued_at
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION alert.keep_bulletin() IS
'Refuses a bulletin issued by somebody without the role, and every change and loss of one that was issued.';
CREATE TRIGGER keep_bulletin BEFORE INSERT OR UPDATE OR DELETE ON alert.bulletin
FOR EACH ROW EXECUTE FUNCTION alert.keep_bulletin();

CREATE FUNCTION alert.keep_bulletin_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'note on % of %: a newer one takes its place, none is changed or lost', OLD.scope, OLD.month
        USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (SELECT FROM alert.bulletin AS b WHERE b.month = NEW.month AND b.scope = NEW.scope) THEN
        RAISE EXCEPTION 'note on % of %: the bulletin was issued without it', NEW.scope, NEW.month
        USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION alert.keep_bulletin_note() IS
'Refuses a note on a bulletin that was issued, and every change and loss of a note.';
CREATE TRIGGER keep_bulletin_note BEFORE INSERT OR UPDATE OR DELETE ON alert.bulletin_note
FOR EACH ROW EXECUTE FUNCTION alert.keep_bulletin_note();

CREATE VIEW mart.bulletin WITH (security_barrier = TRUE) AS
SELECT
    month,
    scope,
    outgoing_number,
    outgoing_date,
    issued_by,
    office,
    legal_basis,
    accepts_unchecked,
    files,
    issued_at
FROM alert.bulletin;
COMMENT ON VIEW mart.bulletin IS 'Bulletins that were issued: under which number, by whom, and what their files were.';
SELECT ops.copy_comments('alert.bulletin', 'mart.bulletin');

-- Rights ----------------------------------------------------------------------------------------------

REVOKE EXECUTE ON FUNCTION alert.may_issue(alert.bulletin), alert.keep_bulletin(), alert.keep_bulletin_note() FROM public;
GRANT EXECUTE ON FUNCTION alert.may_issue(alert.bulletin) TO drought_pipeline;
GRANT SELECT, INSERT ON alert.bulletin, alert.bulletin_note TO drought_pipeline;
GRANT SELECT ON SEQUENCE alert.bulletin_note_note_id_seq TO drought_pipeline;
GRANT SELECT ON mart.bulletin TO drought_analyst, drought_pipeline;
