# proxy.bash - one connection through examples/proxy, the bare splice loop, and
# the relays that people have.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # commands are text for a shell of their own; read by bench/run

input=$F make_input=: prepare=
relays=(proxy 'exec \$PROXY \$LISTEN 127.0.0.1 \$CONNECT')
if command -v socat >/dev/null; then
    relays+=(socat 'exec socat -b 1048576 TCP-LISTEN:\$LISTEN TCP:127.0.0.1:\$CONNECT')
fi
if nc -h 2>&1 | grep -q OpenBSD; then
    relays+=(nc 'nc -d -l 127.0.0.1 \$LISTEN | nc -N 127.0.0.1 \$CONNECT')
fi
relays+=(limit 'exec \$LIMIT relay \$LISTEN \$CONNECT')
for ((i = 1; i < ${#relays[@]}; i += 2)); do
    relays[i]="\$LIMIT through \$F \"${relays[i]}\" | @"
done

if ! wanted proxy; then
    :
elif [ -x "$PROXY" ]; then
    row proxy '$LIMIT drain' "${relays[@]}" || status=1
else
    not_timed proxy proxy 'make examples/proxy'
fi
