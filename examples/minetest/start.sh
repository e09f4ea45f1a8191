#!/bin/sh
# Starts a server with a world that is tuned: ./start.sh YOUR_KEY [HOST:PORT [WORLD [UDP_PORT]]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
world=${3:-$(mktemp -d)}
mkdir -p "$world/worldmods"
ln -sfn "$here/observerio" "$world/worldmods/observerio"
[ -e "$world/world.mt" ] || echo 'gameid = minetest' > "$world/world.mt"
cat > "$world/tuned.conf" <<CONF
observerio.key = $1
observerio.server = ${2:-127.0.0.1:6667}
observerio.sdk = $here/../../sdk/lua
secure.trusted_mods = observerio
server_announce = false
CONF
exec /usr/games/minetestserver --world "$world" --config "$world/tuned.conf" --port "${4:-30000}"
