# shellcheck shell=bash
# Servers that we did not write, each as the scenario's own instance on a free
# port with its files under $WORK.

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

listens() { # listens PORT, for wait_until
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# nginx_start PORT BODY: BODY is what goes into the http block
nginx_start() {
	mkdir -p "$WORK/nginx"
	cat >"$WORK/nginx/nginx.conf" <<CONF
daemon off;
master_process off;
pid $WORK/nginx/pid;
error_log $WORK/nginx/error.log;
events { worker_connections 1024; }
http {
	log_format short '\$msec \$request_method \$uri \$status \$server_protocol';
	access_log $WORK/nginx/access.log short;
	client_body_temp_path $WORK/nginx/body;
	proxy_temp_path $WORK/nginx/proxy;
	fastcgi_temp_path $WORK/nginx/fastcgi;
	uwsgi_temp_path $WORK/nginx/uwsgi;
	scgi_temp_path $WORK/nginx/scgi;
	$2
}
CONF
	/usr/sbin/nginx -p "$WORK/nginx" -c "$WORK/nginx/nginx.conf" 2>"$WORK/nginx/stderr" &
	NGINX_PID=$!
	wait_until listens "$1"
}

# httpbin_start PORT
httpbin_start() {
	/usr/bin/gunicorn --bind "127.0.0.1:$1" --worker-class gthread --threads 16 --worker-tmp-dir "$WORK" \
		--log-level error httpbin:app >"$WORK/gunicorn.log" 2>&1 &
	wait_until listens "$1"
}

# own_ca: makes $WORK/ca.pem and a certificate of it for 127.0.0.1 (server.pem, server.key)
own_ca() {
	local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
	{
		openssl req -x509 "${key[@]}" -days 2 -subj '/CN=Scenario CA' -keyout ca.key -out ca.pem
		openssl req "${key[@]}" -subj '/CN=127.0.0.1' -keyout server.key -out server.csr
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
			-extfile <(echo 'subjectAltName=IP:127.0.0.1') -out server.pem
	} >openssl.log 2>&1
	[ -s server.pem ] || fail "openssl: $(cat openssl.log)"
}
