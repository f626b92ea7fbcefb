#!/bin/sh
# Run once by the Postgres image, on an empty volume: a database and a login each for the warehouse and
# for Airflow, and PostGIS in the warehouse. Passwords come from files and stand in no command line.
set -eu
SECRETS=${SECRETS:-/run/secrets}
export SECRETS

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
-- A statement that fails would else be written to the log, password and all.
SET log_min_error_statement = panic;
\set drought `cat "$SECRETS/postgres_drought_password"`
\set airflow `cat "$SECRETS/postgres_airflow_password"`

-- It makes the roles that rights are given to and logins of analysts (CREATEROLE), and databases in
-- which backups are tried (CREATEDB). It is no superuser.
CREATE ROLE drought LOGIN CREATEROLE CREATEDB PASSWORD :'drought';
CREATE ROLE airflow LOGIN PASSWORD :'airflow';
CREATE DATABASE drought OWNER drought TEMPLATE template0 ENCODING 'UTF8';
CREATE DATABASE airflow OWNER airflow TEMPLATE template0 ENCODING 'UTF8';

-- Each login enters its own database and no other; analysts are let in by `drought analysts add`.
REVOKE ALL ON DATABASE drought, airflow, postgres, template1 FROM PUBLIC;

-- Only a superuser may make it.
\connect drought
CREATE EXTENSION postgis SCHEMA public;
SQL
