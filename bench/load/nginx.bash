#!/usr/bin/env bash
# nginx.bash PORT: nginx as a server of "hello": one process, no log, connections that stay.
set -eu
folder=$(mktemp -d)
cat >"$folder/nginx.conf" <<END
daemon off; master_process off; pid $folder/pid; error_log /dev/null;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000; client_body_temp_path $folder;
  proxy_temp_path $folder; fastcgi_temp_path $folder; uwsgi_temp_path $folder; scgi_temp_path $folder;
  server { listen 127.0.0.1:$1; location / { default_type text/plain; return 200 "hello\n"; } }
}
END
exec nginx -p "$folder" -c "$folder/nginx.conf"
