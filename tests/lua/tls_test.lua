--- TLS: listeners and connections by tls://, starttls, and what goes wrong. The peers that nobody
-- here wrote are openssl's.
local check = require "check"
local process = require "process"

--- A folder of files that openssl has made: authorities, certificates good and bad.
local folder = os.tmpname()
os.remove(folder)

local function sh(command, ...)
  return process.run { "sh", "-ec", "cd '" .. folder .. "' && " .. command:format(...) }
end

local function make_files()
  check.ok(process.run { "mkdir", folder })
  local script = [[
    req="openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    $req -subj "/CN=Test CA" -keyout ca.key -out ca.pem \
      -addext keyUsage=critical,keyCertSign >/dev/null
    $req -subj "/CN=Other CA" -keyout other.key -out other.pem \
      -addext keyUsage=critical,keyCertSign >/dev/null
    leaf() {  # NAME AUTHORITY ALTERNATIVE-NAMES
      openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
        -keyout $1.key -out $1.csr
      printf 'subjectAltName=%s\n' "$3" >$1.ext
      openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 2 \
        -extfile $1.ext -out $1.pem
    }
    leaf good ca DNS:localhost,IP:127.0.0.1
    leaf wrong ca DNS:elsewhere.example
    leaf stranger other DNS:localhost,IP:127.0.0.1
    leaf client ca DNS:client
    $req -subj "/CN=self" -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
      -keyout self.key -out self.pem
    mkdir db; : >db/index; echo 01 >db/serial
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=db/index\nserial=db/serial\nnew_certs_dir=db\n' >db.conf
    printf 'default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n' >>db.conf
    printf '[x]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n' >>db.conf
    cp good.key expired.key
    openssl ca -batch -config db.conf -cert ca.pem -keyfile ca.key -in good.csr -out expired.pem \
      -startdate 20200101000000Z -enddate 20200201000000Z -notext
  ]]
  local out, _, status = process.run { "sh", "-ec", "cd '" .. folder .. "'\n" .. script,
    stderr = "stdout" }
  if status ~= 0 then error("openssl: " .. tostring(out)) end
end
make_files()

local function file(name) return folder .. "/" .. name end
local function files(name) return { cert = file(name .. ".pem"), key = file(name .. ".key") } end

local function text_of(name)
  local f <close> = assert(io.open(file(name)))
  return f:read "a"
end

--- Upper-cases one line: openssl goes when we do.
local function shout_once(c) c:write(check.ok(c:read "l"):upper(), "\n") end

--- Upper-cases lines.
local function shout(c)
  for line in c:lines() do c:write(line:upper(), "\n") end
end

local function exchange(c, word)
  check.ok(c:write(word, "\n"))
  return check.ok(c:read "l")
end

-- --- without files --------------------------------------------------------------------------

check.case("a listener without files and a client of the same process just work", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", check.expect(shout, 2)))
  check.match(srv.address, "^tls://127%.0%.0%.1:%d+$")
  local c <close> = check.ok(connect(srv.address))
  check.equal(exchange(c, "hello"), "HELLO")
  local by_name <close> = check.ok(connect("tls://localhost:" .. srv.address:match "%d+$"))
  check.equal(exchange(by_name, "name"), "NAME")
  check.equal(by_name.tls.server_name, "localhost")
  check.equal(c.tls.version, "TLSv1.3")
  check.equal(c.tls.verified, true)
  check.equal(c.tls.peer.pin, srv.tls.pin)
  check.match(c.tls.peer.issuer, "session CA")
  check.match(tostring(c), "tls")
  check.match(tostring(conns()), "127%.0%.0%.1:%d+  TLSv1%.3 ")
end)

check.case("another program needs the authority, which the listener has", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", shout_once))
  local f = assert(io.open(file "session.pem", "w"))
  f:write(srv.tls.ca)
  f:close()
  local port = srv.address:match "%d+$"
  local out = check.ok(sh("echo hello | openssl s_client -quiet -verify_return_error "
    .. "-CAfile session.pem -verify_hostname localhost -connect 127.0.0.1:%s 2>/dev/null", port))
  check.equal(out, "HELLO\n")
end)

check.case("on every interface, over IPv6 and over a Unix socket", function()
  local path = os.tmpname()
  os.remove(path)
  for _, address in ipairs { "tls://:0", "tls://[::1]:0", "tls://unix:" .. path } do
    local srv <close> = check.ok(listen(address, shout))
    local to = srv.address:gsub("//0.0.0.0", "//127.0.0.1")
    local c <close> = check.ok(connect(to))
    check.equal(exchange(c, "here"), "HERE", address)
  end
end)

-- --- certificates ---------------------------------------------------------------------------

check.case("files and PEM texts do the same", function()
  for _, tls in ipairs { files "good", { cert = text_of "good.pem", key = text_of "good.key" },
    { cert = text_of "good.pem" .. text_of "good.key" } } do
    local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = tls }, shout))
    local c <close> = check.ok(connect(srv.address, { tls = { ca = file "ca.pem" } }))
    check.equal(exchange(c, "x"), "X")
    check.equal(srv.tls.ca, nil)
  end
end)

check.case("what is wrong with a server's certificate is said, with the ways out", function()
  local function refused(name, patterns, options)
    local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = files(name) }, error))
    local message = check.fails("ETLS", connect(srv.address, { tls = options or { ca = file "ca.pem" } }))
    for _, pattern in ipairs(patterns) do check.match(message, pattern) end
    check.match(message, "^connect tls://127%.0%.0%.1:%d+: ")
    check.match(message, "tls%.insecure")
    return message:match 'tls%.pin="(.-)"', srv
  end
  refused("wrong", { 'the certificate is for elsewhere%.example, not for "127%.0%.0%.1"',
    "tls%.server_name" })
  refused("expired", { "has expired, at 2020%-02%-01 00:00:00 UTC" })
  refused("stranger", { "CN=stranger is signed by CN=Other CA, who is not known", "tls%.ca=" })
  refused("self", { "CN=self is signed by itself", "tls%.ca=" })
  refused("good", { "CN=good is signed by CN=Test CA, who is not known" }, {})
end)

check.case("the ways out are ways out", function()
  local function fine(name, tls)
    local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = files(name) }, shout))
    local c <close> = check.ok(connect(srv.address, { tls = tls }))
    check.equal(exchange(c, "x"), "X")
    return c.tls.peer.pin
  end
  fine("wrong", { ca = file "ca.pem", server_name = "elsewhere.example" })
  fine("stranger", { ca = file "other.pem" })
  fine("self", { ca = file "self.pem" })
  local pin = fine("expired", { insecure = true })
  fine("expired", { pin = pin })
  fine("expired", { pin = { "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", pin } })
end)

check.case("several certificates: the name that is asked for chooses", function()
  local tls = { cert = { file "good.pem", file "wrong.pem" }, key = { file "good.key", file "wrong.key" } }
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = tls }, shout))
  for name, subject in pairs { ["elsewhere.example"] = "CN=wrong", localhost = "CN=good" } do
    local c <close> = check.ok(connect(srv.address,
      { tls = { ca = file "ca.pem", server_name = name } }))
    check.equal(c.tls.peer.subject, subject)
  end
end)

check.case("clients' certificates", function()
  local tls = files "good"
  tls.ca, tls.client_auth = file "ca.pem", "require"
  local who
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = tls }, function(c)
    who = c.tls.peer.subject
    shout(c)
  end))
  local mine = files "client"
  mine.ca = file "ca.pem"
  local c <close> = check.ok(connect(srv.address, { tls = mine }))
  check.equal(exchange(c, "x"), "X")
  check.equal(who, "CN=client")
  -- In TLS 1.3 a client is through before the server has looked.
  local without <close> = check.ok(connect(srv.address, { tls = { ca = file "ca.pem" } }))
  check.match(check.fails("ETLS", without:read()), "it wants a certificate from us")
  local other = files "stranger"
  other.ca = file "ca.pem"
  local refused <close> = check.ok(connect(srv.address, { tls = other }))
  check.match(check.fails("ETLS", refused:read()), "it does not know who signed our certificate")
end)

check.case("protocols, versions and ciphers are agreed on", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = { alpn = { "h2", "http/1.1" } } }, shout))
  local c <close> = check.ok(connect(srv.address, { tls = { alpn = "http/1.1",
    ciphers = "TLS_AES_128_GCM_SHA256" } }))
  check.equal(c.tls.alpn, "http/1.1")
  check.equal(c.tls.cipher, "TLS_AES_128_GCM_SHA256")
  check.match(check.fails("ETLS", connect(srv.address, { tls = { alpn = "gopher" } })), "tls%.alpn")
end)

check.case("sessions are resumed", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", shout))
  local seen = {}
  for i = 1, 3 do
    local c <close> = check.ok(connect(srv.address))
    check.equal(exchange(c, "x"), "X")
    seen[i] = c.tls.resumed
  end
  check.same(seen, { false, true, true })
end)

check.case("misuse raises, and what cannot be read is told", function()
  local function raises(pattern, tls)
    check.raises(function() listen("tls://127.0.0.1:0", { tls = tls }) end, pattern)
  end
  raises("unknown option 'tls.crt', did you mean 'tls.cert'", { crt = "x" })
  raises("option 'tls.verify' must be a boolean", { verify = 1 })
  raises("option 'tls.min_version' must be \"1.2\", \"1.3\"", { min_version = "1.1" })
  raises("tls.pin: \"abc\" is no SHA%-256", { pin = "abc" })
  raises("tls.ciphers: no cipher", { ciphers = "NOPE" })
  raises("list with a number", { alpn = { 1 } })
  raises("tls.client_auth: tls.ca must name", { client_auth = "require" })
  check.raises(function() listen("127.0.0.1:0", { tls = {} }) end, "option 'tls' is not for tcp")
  check.raises(function() connect("127.0.0.1:1", { tls = {} }) end, "option 'tls' is not for tcp")
  check.match(check.fails("ENOENT", listen("tls://127.0.0.1:0", { tls = { cert = "no/file" } })),
    '^listen tls://127.0.0.1:0: tls.cert "no/file": No such file')
  check.match(check.fails("ETLS", listen("tls://127.0.0.1:0",
    { tls = { cert = file "good.pem", key = file "wrong.key" } })), "does not belong to")
end)

-- --- bytes ----------------------------------------------------------------------------------

check.case("16 MB go both ways at once, whole", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", function(c) c:pipe(c) end))
  local c <close> = check.ok(connect(srv.address))
  local piece = {}
  for i = 1, 256 do piece[i] = string.char(i - 1):rep(64 + i) end
  piece = table.concat(piece)
  local count = 16 * 1024 * 1024 // #piece
  local writer = spawn(function()
    for _ = 1, count do check.ok(c:write(piece)) end
    check.ok(c:shutdown())
  end)
  local got = check.ok(c:read "a")
  writer:join()
  check.equal(#got, count * #piece)
  check.ok(got == piece:rep(count), "what came back is not what was sent")
end)

check.case("a reader that is slow holds up the writer, and nothing else", function()
  local written, done = 0, false
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { sendbuf = 65536, high_water = 65536 },
    function(c)
      for _ = 1, 800 do
        check.ok(c:write(("x"):rep(10000)))
        written = written + 10000
      end
      done = true
    end))
  local c <close> = check.ok(connect(srv.address, { recvbuf = 65536, unread_limit = 65536 }))
  local last = -1
  check.eventually(function()
    local same = last == written and written > 0
    last = written
    if not same then sleep(0.05) end
    return same
  end)
  check.ok(not done, "the writer was never held up")
  check.equal(#check.ok(c:read "a"), 8000000)
  check.equal(done, true)
end)

check.case("lines, exact reads, hooks and small pieces", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", function(c)
    c:write("one\n", "two\n", "abcdef")
    c:on { data = function(_, bytes) c:write("<", bytes, ">") end }
  end))
  local c <close> = check.ok(connect(srv.address))
  check.equal(c:read "l", "one")
  check.equal(c:read "l", "two")
  check.equal(c:read(3), "abc")
  check.equal(c:read(3), "def")
  c:write "x"
  check.equal(c:read(3), "<x>")
end)

check.case("what lies in TLS already is read when there is room again", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", function(c) c:write(("y"):rep(16000)) end))
  local c <close> = check.ok(connect(srv.address, { unread_limit = 100, read_size = 100 }))
  check.equal(#check.ok(c:read(16000)), 16000)
  check.equal(c:read(), nil)
end)

check.case("shutdown says so, and reading goes on", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", function(c)
    local text = c:read "a"
    sleep(0.02)
    c:write("got ", text)
  end))
  local c <close> = check.ok(connect(srv.address))
  c:write "question"
  c:shutdown()
  check.equal(c:read "a", "got question")
  check.equal(c:read(), nil)
  check.equal(c.failure, nil)
end)

check.case("an end that TLS does not know of is a failure", function()
  -- A proxy that cuts the stream: the client gets everything but the end.
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", function(c)
    c:write "all of it\n"
    c:read()
  end))
  local inner = srv.address:match "//(.*)"
  local cut
  local proxy <close> = check.ok(listen("127.0.0.1:0", function(c)
    local to <close> = check.ok(connect(inner))
    c:spawn(function() to:pipe(c) end)
    c:spawn(function() c:pipe(to) end)
    while not cut do sleep(0.005) end
    c:finish()
  end))
  local c <close> = check.ok(connect("tls://" .. proxy.address))
  check.equal(c:read "l", "all of it")
  cut = true
  check.match(check.fails("ETLS", c:read()), "without TLS's close_notify")
  check.equal(c.failure.code, "ETLS")
  check.equal(c.state, "failed")
end)

-- --- handshakes -----------------------------------------------------------------------------

check.case("S177 a silent client is dropped at the deadline, and others are served meanwhile", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = { timeout = 0.3 } },
    check.expect(shout, 2)))
  local plain = srv.address:match "//(.*)"
  local silent <close> = check.ok(connect(plain))
  for _ = 1, 2 do
    local c <close> = check.ok(connect(srv.address))
    check.equal(exchange(c, "x"), "X")
  end
  check.equal(srv.open >= 1, true)
  local began = now()
  check.equal(silent:read(), nil)
  check.ok(now() - began < 5)
  check.eventually(function() return srv.open == 0 end)
  check.equal(srv.accepted, 2)
end)

check.case("handshakes under way count as connections", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { max_connections = 1,
    tls = { timeout = 0.2 } }, shout))
  local silent <close> = check.ok(connect((srv.address:match "//(.*)")))
  check.eventually(function() return srv.open == 1 end)
  local c <close> = check.ok(connect(srv.address))  -- when the first is out of time
  check.equal(exchange(c, "x"), "X")
end)

check.case("who accepts gets connections whose handshake is over", function()
  local srv <close> = check.ok(listen "tls://127.0.0.1:0")
  local silent <close> = spawn(function() return check.ok(connect((srv.address:match "//(.*)"))) end):join()
  local task = spawn(function() return connect(srv.address) end)
  local far <close> = check.ok(srv:accept())
  check.ok(far.tls)
  local near <close> = check.ok(task:join())
  near:write "x\n"
  check.equal(far:read "l", "x")
end)

check.case("peers that speak no TLS are recognised", function()
  local tls <close> = check.ok(listen("tls://127.0.0.1:0", { tls = { timeout = 5 } }, error))
  local c <close> = check.ok(connect((tls.address:match "//(.*)")))
  c:write "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
  check.equal(c:read(), nil)
  local plain <close> = check.ok(listen("127.0.0.1:0", function(c)
    c:read()
    c:write "HTTP/1.1 400 Bad Request\r\n\r\n"
  end))
  check.match(check.fails("ETLS", connect("tls://" .. plain.address)),
    'the server speaks plain HTTP on this port, not TLS: "HTTP/1.1 400 Bad Request"')
  local closing <close> = check.ok(listen("127.0.0.1:0", function(c) c:read() end))
  check.match(check.fails("ETLS", connect("tls://" .. closing.address)),
    "closed the connection instead of a handshake: it may not speak TLS")
end)

check.case("a connect's timeout covers the handshake, and it can be cancelled", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c) c:read "a" end))
  check.match(check.fails("ETIMEDOUT", connect("tls://" .. srv.address, { timeout = 0.1 })),
    "handshake did not end within")
  check.match(check.fails("ETIMEDOUT",
    connect("tls://" .. srv.address, { tls = { timeout = 0.1 } })), "within 0.1 s")
  local task = spawn(function() connect("tls://" .. srv.address) end)
  check.eventually(function() return srv.open == 1 end)
  task:cancel()
  check.eventually(function() return srv.open == 0 end)
end)

check.case("a handler of connect hears of the end of the handshake, good or bad", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", shout))
  connect(srv.address, check.expect(function(c) check.equal(exchange(c, "x"), "X") end))
  connect(srv.address, { tls = { server_name = "other.example" } },
    check.expect(function(c, message, code)
      check.equal(c, nil)
      check.equal(code, "ETLS")
      check.match(message, "not for \"other.example\"")
    end))
  local early = connect(srv.address, function(c) c:read "l" end)
  check.ok(early:write "written early\n")  -- goes out after the handshake
  early:on { open = check.expect() }
  check.eventually(function() return early.bytes_in == 14 end)
  early:close()
end)

check.case("a refusal that comes late is told to who writes as well", function()
  local tls = files "good"
  tls.ca, tls.client_auth = file "ca.pem", "require"
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = tls }, error))
  local c <close> = check.ok(connect(srv.address, { tls = { ca = file "ca.pem" } }))
  check.eventually(function() return srv.open == 0 end)
  local ok, message, code
  check.eventually(function()
    ok, message, code = c:write "x"
    return not ok
  end)
  check.equal(code, "ETLS")
  check.match(message, "it wants a certificate from us")
end)

check.case("listening again swaps the certificate", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = files "stranger" }, shout))
  check.fails("ETLS", connect(srv.address, { tls = { ca = file "ca.pem" } }))
  check.equal(listen(srv.address, { tls = files "good" }, shout), srv)
  local c <close> = check.ok(connect(srv.address, { tls = { ca = file "ca.pem" } }))
  check.equal(exchange(c, "x"), "X")
end)

check.case("a connection comes back with TLS", function()
  local lives = 0
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", function(c)
    lives = lives + 1
    c:write(lives, "\n")
  end))
  local lines = {}
  local c = connect(srv.address, { reconnect = { delay = 0.01 } }, function(c)
    for line in c:lines() do lines[#lines + 1] = line end
  end)
  check.eventually(function() return #lines >= 3 end)
  c:close()
  check.same({ lines[1], lines[2], lines[3] }, { "1", "2", "3" })
end)

check.case("a certificate that is not good is tried again as a refusal is", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = files "stranger" }, shout))
  local failures = {}
  local c <close> = connect(srv.address, { tls = { ca = file "ca.pem" },
    reconnect = { delay = 0.01, hello = "hello\n",
      on_fail = function(message, code) failures[#failures + 1] = code .. " " .. message end } },
    function(c) failures.answer = c:read "l" end)
  check.eventually(function() return #failures >= 2 end)
  check.match(failures[1], "^ETLS connect tls://.*who is not known")
  listen(srv.address, { tls = files "good" }, shout)
  check.eventually(function() return failures.answer == "HELLO" end)
end)

check.case("a PROXY header comes before the handshake", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { proxy_protocol = true }, function(c)
    c:write(c.peer, "\n")
  end))
  local c <close> = check.ok(connect((srv.address:match "//(.*)")))
  c:write "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n"
  check.ok(c:starttls())
  check.equal(c:read "l", "192.0.2.1:4711")
end)

check.case("a listener's end ends the handshakes too", function()
  local srv = check.ok(listen("tls://127.0.0.1:0", shout))
  local silent <close> = check.ok(connect((srv.address:match "//(.*)")))
  check.eventually(function() return srv.open == 1 end)
  srv:close()
  check.equal(silent:read(), nil)
end)

-- --- starttls -------------------------------------------------------------------------------

local function mail(c)
  c:write "220 ready\n"
  for line in c:lines() do
    if line == "STARTTLS" then
      c:write "220 go ahead\n"
      check.ok(c:starttls(files "good"))
    else
      c:write(c.tls and "secret " or "plain ", line, "\n")
    end
  end
end

check.case("starttls changes both sides in the middle", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", mail))
  local c <close> = check.ok(connect("localhost:" .. srv.address:match "%d+$"))
  check.equal(c:read "l", "220 ready")
  check.equal(exchange(c, "one"), "plain one")
  check.equal(exchange(c, "STARTTLS"), "220 go ahead")
  check.equal(c.tls, nil)
  check.equal(check.ok(c:starttls { ca = file "ca.pem" }), c)
  check.equal(c.tls.server_name, "localhost")
  check.equal(exchange(c, "two"), "secret two")
  check.match(check.fails("EINVAL", c:starttls()), "it has TLS already")
end)

check.case("starttls fails by its certificate, and the connection with it", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    c:read "l"
    c:write "go\n"
    check.fails("ETLS", c:starttls(files "wrong"))
  end))
  local c <close> = check.ok(connect(srv.address))
  check.equal(exchange(c, "now"), "go")
  check.match(check.fails("ETLS", c:starttls { ca = file "ca.pem" }),
    "^starttls 127.0.0.1:%d+: the certificate is for elsewhere.example")
  check.equal(c.state, "failed")
end)

check.case("starttls refuses what came before it", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    c:write "220 go ahead\nSMUGGLED\n"
    c:read()
  end))
  local c <close> = check.ok(connect(srv.address))
  check.equal(c:read "l", "220 go ahead")
  check.match(check.fails("EPROTO", c:starttls()), "9 bytes that came before TLS")
  check.equal(c:read "l", "SMUGGLED")
end)

check.case("openssl s_client -starttls smtp gets through", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    c:write "220 test ESMTP\r\n"
    c:read "l"
    c:write "250-test\r\n250 STARTTLS\r\n"
    check.equal(c:read "l", "STARTTLS")
    c:write "220 go\r\n"
    check.ok(c:starttls(files "good"))
    shout_once(c)
  end))
  local out = check.ok(sh("echo hello | openssl s_client -quiet -starttls smtp "
    .. "-verify_return_error -CAfile ca.pem -connect %s 2>/dev/null", srv.address))
  check.match(out, "HELLO\n$")
end)

-- --- openssl s_server -----------------------------------------------------------------------

--- Starts one on a port of its own choosing; gives the address.
local function s_server(arguments)
  local p = check.ok(process.spawn({ "sh", "-c", "cd '" .. folder
    .. "' && exec openssl s_server -accept 127.0.0.1:0 -naccept 1 " .. arguments }))
  for line in p.stdout:lines() do
    local port = line:match "^ACCEPT .-:(%d+)"
    if port then return "tls://127.0.0.1:" .. port, p end
  end
  error("openssl s_server: " .. (p.stderr:read "a" or ""))
end

check.case("openssl s_server: what it shows is checked, and lines go to and fro", function()
  local address, p = s_server "-cert good.pem -key good.key -rev"
  local c <close> = check.ok(connect(address, { tls = { ca = file "ca.pem" } }))
  check.equal(exchange(c, "straight"), "thgiarts")
  c:close()
  p:kill()
  p:wait()
  address, p = s_server "-cert expired.pem -key expired.key"
  check.match(check.fails("ETLS", connect(address, { tls = { ca = file "ca.pem" } })), "has expired")
  p:kill()
  p:wait()
  address, p = s_server "-cert good.pem -key good.key -tls1_2 -Verify 1 -CAfile ca.pem"
  check.match(check.fails("ETLS", connect(address,
    { tls = { ca = file "ca.pem", min_version = "1.3" } })), "versions of TLS that we allow")
  p:kill()
  p:wait()
end)

check.case("the system's roots are trusted, from a directory or a file", function()
  check.ok(sh "mkdir roots && cp ca.pem roots && openssl rehash roots")
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = files "good" }, shout))
  local script = ("print(connect %q)"):format(srv.address)
  local function told(env)
    return (check.ok(process.run { check.ok(os.getenv "MOONWIRE"), "-e", script, env = env }))
  end
  check.match(told { SSL_CERT_FILE = false, SSL_CERT_DIR = file "roots" }, "^connection 1")
  check.match(told { SSL_CERT_FILE = file "ca.pem", SSL_CERT_DIR = folder }, "^connection 1")
  check.match(told { SSL_CERT_FILE = file "other.pem", SSL_CERT_DIR = folder }, "who is not known")
end)

-- --- secrets --------------------------------------------------------------------------------

check.case("secrets are written where the option says", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", shout))
  local c <close> = check.ok(connect(srv.address, { tls = { keylog = file "secrets" } }))
  check.equal(exchange(c, "x"), "X")
  check.match(text_of "secrets", "^%u+[%u_%d]+ %x+ %x+\n")
  check.match(check.fails("ENOENT", connect(srv.address, { tls = { keylog = "no/such/file" } })),
    'tls.keylog "no/such/file"')
end)

check.case("the environment's log of keys gets both ends; who checks nothing is reminded", function()
  local script = [[
    local srv = assert(listen("tls://127.0.0.1:0", function(c) c:write "x" end))
    for _ = 1, 2 do connect(srv.address, { tls = { insecure = true } }):read "a" end
    srv:close()]]
  local text = check.ok(process.run { check.ok(os.getenv "MOONWIRE"), "-e", script,
    stderr = "stdout", env = { SSLKEYLOGFILE = file "both" } })
  local _, warnings = text:gsub("warn tls://127%.0%.0%.1:%d+: insecure: nobody checked who answered", "")
  check.equal(warnings, 2)
  local secrets = text_of "both"
  local random = check.match(secrets, "CLIENT_TRAFFIC_SECRET_0 (%x+) ")
  local _, times = secrets:gsub("CLIENT_TRAFFIC_SECRET_0 " .. random, "")
  check.equal(times, 2)
end)

os.execute("rm -r '" .. folder .. "'")
check.done { errors_expected = true }
