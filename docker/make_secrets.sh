#!/bin/sh
# Makes what lacks of docker/secrets: passwords nobody has to know, and empty files for those that
# somebody gives you. What is there stays as it is. `docker/make_secrets.sh [FOLDER]`
set -eu
folder=${1:-$(dirname "$0")/secrets}

# Only you may enter the folder. The files in it are open to all, because a container's account is
# another one than yours and Compose hands files over with the rights they have.
mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"

# From the kernel's random numbers, with letters that need no quoting in a URL.
random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }
word() { random | tr -d '='; }
keep() { # name, and the text on the standard input
  [ -e "$1" ] || { cat >"$1.part" && chmod 0444 "$1.part" && mv "$1.part" "$1"; }
}

for name in postgres_password postgres_drought_password postgres_airflow_password redis_password \
  airflow_api_secret_key airflow_jwt_secret; do
  word | keep "$name"
done
random | keep airflow_fernet_key

airflow=$(cat postgres_airflow_password)
printf 'postgresql://drought:%s@postgres:5432/drought\n' "$(cat postgres_drought_password)" | keep drought_database_url
printf 'postgresql+psycopg2://airflow:%s@postgres:5432/airflow\n' "$airflow" | keep airflow_database_url
printf 'db+postgresql+psycopg2://airflow:%s@postgres:5432/airflow\n' "$airflow" | keep airflow_result_backend
printf 'redis://:%s@redis:6379/0\n' "$(cat redis_password)" | keep airflow_broker_url
printf 'requirepass %s\nappendonly yes\ndir /data\n' "$(cat redis_password)" | keep redis.conf

# Given by others: the key of the data store, the password of the mail server. Empty is none.
for name in cdsapi_key drought_smtp_password; do keep "$name" </dev/null; done
