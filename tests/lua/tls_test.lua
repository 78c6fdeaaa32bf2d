--- TLS as it works without anybody saying more: listeners and connections by tls://, the bytes that go
-- through, and the secrets that may be written down. The peers that nobody here wrote are openssl's.
local certificates = require "certificates"
local check = require "check"
local process = require "process"
local shouting = require "shouting"

local file, sh, text_of = certificates.file, certificates.sh, certificates.text_of
local shout, shout_once, exchange = shouting.shout, shouting.shout_once, shouting.exchange

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

certificates.remove()
check.done { errors_expected = true }
