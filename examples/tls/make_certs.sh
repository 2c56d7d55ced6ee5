#!/bin/sh
# Makes an authority, a certificate for "localhost", and one for a client, into the folder certs/. Those that are there
# already were made by this script. Everybody has their keys: they are for trying things out, and for nothing else.
set -eu
cd "$(dirname "$0")/certs"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

leaf() { # name, subject, extensions
  key "$1"
  printf '%s\n' "$3" > "$1.ext"
  openssl req -new -key "$1.key" -subj "$2" |
    openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -extfile "$1.ext" -out "$1.pem"
  rm "$1.ext"
}

key ca
openssl req -x509 -new -key ca.key -days 36500 -subj "/O=Mochi examples/CN=Example authority" -out ca.pem
leaf server "/O=Mochi examples/CN=localhost" "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
leaf client "/O=Mochi examples/CN=peach" "extendedKeyUsage=clientAuth"
rm ca.key ca.srl
