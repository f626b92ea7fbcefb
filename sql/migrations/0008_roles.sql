/*
 * Roles. The owner migrates; drought_pipeline writes; drought_analyst reads mart and nothing else.
 * Roles belong to the whole server, so another database on it may have made them already.
 */

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'drought_pipeline') THEN
        CREATE ROLE drought_pipeline NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'drought_analyst') THEN
        CREATE ROLE drought_analyst NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this server made them in the same moment
END $$;

GRANT USAGE ON SCHEMA ops, landscape, series, index, plan, alert, mart TO drought_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE
ON ALL TABLES IN SCHEMA ops, landscape, series, index, plan, alert TO drought_pipeline;
GRANT SELECT ON ALL TABLES IN SCHEMA mart TO drought_pipeline;
-- The pipeline asks whether its tables are as new as its code before it works.
GRANT SELECT ON public.applied_migration TO drought_pipeline;

GRANT USAGE ON SCHEMA mart TO drought_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA mart TO drought_analyst;

-- Functions are open to everyone by default; these two are the analyst's and the pipeline's.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA mart, ops FROM public;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mart TO drought_analyst, drought_pipeline;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ops TO drought_pipeline;

COMMENT ON TABLE public.applied_migration IS 'Migrations applied to this database, each with the checksum it had.';
COMMENT ON COLUMN public.applied_migration.name IS 'File name in sql/migrations.';
COMMENT ON COLUMN public.applied_migration.sha256 IS 'Checksum of the file as it was applied, hexadecimal.';
COMMENT ON COLUMN public.applied_migration.applied_at IS 'When it was applied.';
