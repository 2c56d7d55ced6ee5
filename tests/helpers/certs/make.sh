#!/bin/sh
# Makes the certificates that the tests use. They are valid from 2020 to 2120 and protect nothing.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
from=20200101000000Z
to=21200101000000Z

cat > "$work/ca.cnf" <<END
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[req]
distinguished_name = any_name
[any_name]
END
: > "$work/index"

request() { # name, subject
  openssl req -config "$work/ca.cnf" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$work/$1.csr" -subj "$2"
}

sign() { # name, start, end, extensions, further options of "openssl ca"
  name=$1 start=$2 end=$3
  printf '%s\n' "$4" > "$work/$name.ext"
  shift 4
  openssl ca -config "$work/ca.cnf" -batch -notext -preserveDN -startdate "$start" -enddate "$end" \
    -in "$work/$name.csr" -out "$name.pem" -extfile "$work/$name.ext" "$@"
}

authority() { # name, common name
  request "$1" "/O=Mochi tests/CN=$2"
  sign "$1" "$from" "$to" "basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash" -selfsign -keyfile "$1.key"
}

leaf() { # name, authority, common name, extensions, end
  request "$1" "/O=Mochi tests/CN=$3"
  sign "$1" "$from" "${5:-$to}" "$4" -cert "$2.pem" -keyfile "$2.key"
}

server="basicConstraints=CA:FALSE
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
client="basicConstraints=CA:FALSE
extendedKeyUsage=clientAuth
subjectAltName=DNS:sensor-1.example,URI:urn:sensor:1"

authority ca "Test CA"
authority other_ca "Another CA"
leaf server ca "localhost" "$server"
leaf server2 ca "localhost renewed" "$server"
leaf client ca "sensor-1" "$client"
leaf stranger other_ca "sensor-1" "$client"
leaf expired ca "sensor-1" "$client" 20200102000000Z
