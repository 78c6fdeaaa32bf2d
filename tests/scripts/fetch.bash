# shellcheck shell=bash
# fetch.lua at servers that nobody here wrote: Python's, nginx, openssl's; and at a few that
# misbehave. Part of `run`.

get() { timeout -k 1 20 "$moonwire" fetch.lua "$@"; }

# VARIABLE PATTERN COMMAND...: starts another program's server; VARIABLE is what PATTERN, an extended
# regular expression with one group, finds in its output.
start_other() {
  local -n found=$1
  local pattern=$2 out
  exec {out}< <(exec "${@:3}" 2>&1 </dev/null)
  started+=("$!")
  while IFS= read -r -t 10 -u "$out" line; do
    [[ $line =~ $pattern ]] && { found=${BASH_REMATCH[1]}; return; }
  done
  wrong "$3 does not start"
}

fetch_from_python() {
  local port root=$folder/www url
  mkdir -p "$root/sub"
  echo hello >"$root/index.html"
  seq 300000 >"$root/numbers"
  start_other port 'port ([0-9]+)' python3 -u -m http.server -b 127.0.0.1 -d "$root" 0
  url=http://127.0.0.1:$port
  equal "a page" "$(get "$url/")" hello
  equal "without a scheme" "$(get "127.0.0.1:$port/index.html")" hello
  get "$url/numbers" | cmp - "$root/numbers" || wrong "the file changed"
  like "a file" "$(get -o "$folder/copy" "$url/numbers" 2>&1)" "$folder/copy: 1988895 bytes in *"
  cmp "$folder/copy" "$root/numbers" || wrong "the copy differs"
  equal "a silent one" "$(get -s -o "$folder/copy" "$url/" 2>&1)" ""
  like "the head" "$(get -i "$url/")" "HTTP/1.0 200 OK"*"Server: SimpleHTTP"*$'\n\nhello'
  like "the head alone" "$(get -I "$url/")" "HTTP/1.0 200 OK"*"Content-Length: 6"*
  like "a redirection" "$(get -i "$url/sub")" "HTTP/1.0 301 *Location: /sub/*"
  like "followed" "$(get -L "$url/sub")" "*Directory listing for /sub/*"
  like "a method" "$(get -X BREW "$url/")" "*Unsupported method ('BREW')*"
  ends 0 "*File not found*" fetch.lua "$url/none"
  ends 3 "fetch.lua: $url/none: 404 File not found" fetch.lua -f "$url/none"
}

# [HOST]: a port that is free there now, most likely still when it is taken.
free_port() {
  timeout 10 "$moonwire" \
    -e "local s = listen '${1:-127.0.0.1}:0' print(s.address:match '%d+\$') s:close()"
}

nginx_conf() { # PORT
  cat <<END
daemon off; master_process off; pid $folder/nginx.pid; error_log stderr notice;
events {}
http {
  access_log off; client_body_temp_path $folder/t1; proxy_temp_path $folder/t2;
  fastcgi_temp_path $folder/t3; uwsgi_temp_path $folder/t4; scgi_temp_path $folder/t5;
  gzip on; gzip_min_length 1; gzip_types *; client_max_body_size 1m; keepalive_requests 3;
  server {
    listen 127.0.0.1:$1; root $folder/www; index index.html;
    location /moved { return 302 /index.html; }
    location /method { return 200 "\$request_method \$content_type \$http_accept"; }
    location /secret { auth_basic "x"; auth_basic_user_file $folder/users; }
  }
}
END
}

start_nginx() {
  local attempt seen
  for attempt in 1 2 3; do
    port=$(free_port)
    nginx_conf "$port" >"$folder/nginx.conf"
    # shellcheck disable=SC2034  # start_other needs a place
    start_other seen '(epoll|emerg)' nginx -p "$folder" -e stderr -c "$folder/nginx.conf"
    [[ $line == *emerg* ]] || return
  done
  wrong "nginx, tried $attempt times: $line"
}

fetch_from_nginx() {
  local port url
  start_nginx
  url=http://127.0.0.1:$port
  like "gzip, in chunks" "$(get -I "$url/numbers")" "*Content-Encoding: gzip*"
  get "$url/numbers" | cmp - "$folder/www/numbers" || wrong "what was packed changed"
  equal "a redirection" "$(get -L "$url/moved")" hello
  equal "json" "$(get --json '{}' "$url/method")" "POST application/json application/json"
  equal "a form" "$(get -d a=1 -d b "$url/method")" "POST application/x-www-form-urlencoded */*"
  equal "another method" "$(get -X PUT --json x "$url/method")" "PUT application/json application/json"
  printf 'ann:%s\n' "$(openssl passwd -apr1 "pass word")" >"$folder/users"
  mkdir -p "$folder/www/secret"
  echo inside >"$folder/www/secret/index.html"
  ends 3 "*401 Unauthorized" fetch.lua -f "$url/secret/"
  equal "a user" "$(get -u "ann:pass word" "$url/secret/")" inside
  equal "a user in the URL" "$(get "http://ann:pass%20word@127.0.0.1:$port/secret/")" inside
  head -c 3000000 /dev/zero >"$folder/zeros"
  ends 3 "*413 Request Entity Too Large" fetch.lua -f -d "@$folder/zeros" "$url/"
  cat >"$folder/again.lua" <<'END'
local http = require "http"
local ports, count = {}, 0
for _ = 1, 7 do
  assert(http.get(arg[1]).body == "hello\n")
  for _, row in ipairs(conns()) do ports[row.object.sock] = true end
end
for _ in pairs(ports) do count = count + 1 end
print(count)
END
  equal "connections kept, where each is closed after three requests" \
    "$(timeout 20 "$moonwire" "$folder/again.lua" "$url/")" 3
}

fetch_from_openssl() {
  local port url
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=localhost" \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$folder/key.pem" \
    -out "$folder/cert.pem" 2>/dev/null
  start_other port '^ACCEPT .*:([0-9]+)' openssl s_server -accept 127.0.0.1:0 -www \
    -cert "$folder/cert.pem" -key "$folder/key.pem"
  url=https://127.0.0.1:$port
  like "its page, unchecked" "$(get -k "$url/" 2>/dev/null)" "*s_server*Ciphers*"
  like "why it is not trusted" "$(get "$url/" 2>&1)" "fetch.lua: $url/: connect tls://127.0.0.1:$port: *"
  cat >"$folder/trusting.lua" <<'END'
print(require "http".get(arg[1], { tls = { ca = arg[2] } }).status)
END
  equal "its authority known" \
    "$(timeout 20 "$moonwire" "$folder/trusting.lua" "$url" "$folder/cert.pem")" 200
}

hostile_servers() {
  cat >"$folder/hostile.lua" <<'END'
local function say(bytes, stay)
  print(listen("127.0.0.1:0", function(c)
    c:read_until "\r\n\r\n"
    c:write(bytes)
    if stay then c:read() end
  end).address)
end
say "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
say "220 ftp ready\r\n"
say("HTTP/1.1 200 OK\r\n", true)
say "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n<html>"
END
}

fetch_from_hostile() {
  local servers half ftp slow wrong_coding name
  hostile_servers
  start servers "$folder/hostile.lua"
  for name in half ftp slow wrong_coding; do
    expect "$servers" "127.0.0.1:*"
    local "$name=$line"
  done
  ends 1 "half*fetch.lua: http://$half/: reading the body: the connection ended 96 bytes before *" \
    fetch.lua "$half"
  ends 1 "fetch.lua: http://$ftp/: waiting for the answer: the answer is no HTTP: \"220 ftp ready\"" \
    fetch.lua "$ftp"
  # Late by chance, the script says it before the request does, and not what was waited for.
  ends 1 "fetch.lua: http://$slow*: *not done within 0.2 s" \
    fetch.lua -m 0.2 "$slow"
  ends 1 "fetch.lua: http://$wrong_coding/: reading the body: decode br: invalid data *" \
    fetch.lua "$wrong_coding"
}

case_fetch() {
  usage_is_told fetch.lua
  ends 2 "usage: *" fetch.lua
  ends 2 "usage: *" fetch.lua http://a/ http://b/
  ends 2 "fetch.lua: -m: a number of seconds expected, not 'x'" fetch.lua -m x http://a/
  ends 2 "fetch.lua: -H: *" fetch.lua -H x http://a/
  ends 2 "fetch.lua: option 'method': \"A B\" is no method" fetch.lua -X "A B" http://a/
  ends 2 "fetch.lua: url \"http://a b/\": a blank in it; write %20" fetch.lua "a b/"
  local closed
  closed=127.87.0.3:$(free_port 127.87.0.3) # where nobody else listens
  ends 1 "fetch.lua: http://$closed/: connect $closed: Connection refused" fetch.lua "$closed"
  unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
  if command -v python3 >/dev/null; then fetch_from_python; fi
  if command -v nginx >/dev/null; then fetch_from_nginx; fi
  fetch_from_openssl
  fetch_from_hostile
}
