# proxy.bash - one connection through examples/proxy, the bare splice loop, and
# the relays that people have.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # commands are text for a shell of their own; read by bench/run

input=$F prepare=

if [ ! -x "$PROXY" ]; then
    told proxy proxy - - 'not timed: make examples/proxy'
else
    row proxy '$LIMIT drain' \
        proxy '$LIMIT through $F "exec \$PROXY \$LISTEN 127.0.0.1 \$CONNECT" | @' \
        socat '$LIMIT through $F "exec socat -b 1048576 TCP-LISTEN:\$LISTEN TCP:127.0.0.1:\$CONNECT" | @' \
        nc '$LIMIT through $F "nc -d -l 127.0.0.1 \$LISTEN | nc -N 127.0.0.1 \$CONNECT" | @' \
        limit '$LIMIT through $F "exec \$LIMIT relay \$LISTEN \$CONNECT" | @' || status=1
fi
