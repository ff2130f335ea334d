#!/bin/sh
# Says hello in a room and prints each new entry as a line of JSON. Room and name are percent-encoded:
#   sh hello.sh http://127.0.0.1:8000 tea maya
set -eu
room=$1/api/rooms/$2
seq=$(curl -fsS -d "Hello from $3" "$room/messages?user=$3" | sed 's/.*"seq":\([0-9]*\).*/\1/')
exec curl -fsSN "$room/stream?after=$((seq - 1))"
