# proxy.bash - one connection through examples/proxy, the relays that people
# have, and the bare splice loop: once blocking, once in an event loop as the proxy.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # commands are text for a shell of their own; read by bench/run

input=$F make_input=: prepare=

# proxy_row NAME JOB: JOB of bench/limit is the limit.
proxy_row() {
    local relays=(proxy 'exec \$PROXY \$LISTEN 127.0.0.1 \$CONNECT') i
    if ! wanted "$1"; then
        return 0
    elif [ ! -x "$PROXY" ]; then
        not_timed "$1" proxy 'make examples/proxy'
        return 0
    fi
    if command -v socat >/dev/null; then
        relays+=(socat 'exec socat -b 1048576 TCP-LISTEN:\$LISTEN TCP:127.0.0.1:\$CONNECT')
    fi
    if nc -h 2>&1 | grep -q OpenBSD; then
        relays+=(nc 'nc -d -l 127.0.0.1 \$LISTEN | nc -N 127.0.0.1 \$CONNECT')
    fi
    relays+=(limit "exec \\\$LIMIT $2 \\\$LISTEN \\\$CONNECT")
    for ((i = 1; i < ${#relays[@]}; i += 2)); do
        relays[i]="\$LIMIT through \$F \"${relays[i]}\" | @"
    done
    row "$1" '$LIMIT drain' "${relays[@]}" || status=1
}

proxy_row proxy relay
proxy_row proxy-events events
