#!/usr/bin/env bash
# wrk.bash port P pid SERVER [connections 50] [secs 1] [warm 0.2]
#
# wrk as a load like the others: whole seconds, and one line of key=value, with what the server
# cost as the scheduler counts it. An answer other than 2xx, or a lost connection, is an error.
set -u
declare -A given=([connections]=50 [secs]=1)
while [ $# -ge 2 ]; do given[$1]=$2; shift 2; done
url=http://127.0.0.1:${given[port]}/
for _ in {1..200}; do
  { : <"/dev/tcp/127.0.0.1/${given[port]}"; } 2>/dev/null && break
  sleep 0.02
done
spent() { cat /proc/"${given[pid]}"/task/*/schedstat | awk '{ run += $1; wait += $2 } END { print run, wait }'; }
seconds=${given[secs]%.*}
[ "${seconds:-0}" -ge 1 ] || seconds=1
wrk -t1 -c"${given[connections]}" -d1s "$url" >/dev/null || exit 2
before=$(spent) began=$(date +%s%N)
said=$(wrk -t1 -c"${given[connections]}" -d"${seconds}s" --latency "$url") || exit 2
after=$(spent) took=$(($(date +%s%N) - began))
awk -v before="$before" -v after="$after" -v took="$took" '
  function micro(text) {
    return text * (text ~ /ms$/ ? 1000 : text ~ /us$/ ? 1 : 1000000)
  }
  /requests in/ { count = $1 }
  $1 == "50%" { p50 = micro($2) }
  $1 == "99%" { p99 = micro($2) }
  /Non-2xx|Socket errors/ { errors++ }
  END {
    split(before, b, " "); split(after, a, " ")
    cpu = a[1] - b[1]
    printf "rate=%.0f p50_us=%.0f p99_us=%.0f server_cpu=%.0f cpu_us=%.3f wait=%.0f errors=%d\n",
      count / took * 1e9, p50, p99, cpu / took * 100, cpu / count / 1000, (a[2] - b[2]) / took * 100, errors
  }' <<<"$said"
