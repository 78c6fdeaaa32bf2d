--- starttls: TLS that begins in the middle of a connection.
local certificates = require "certificates"
local check = require "check"
local shouting = require "shouting"

local file, files = certificates.file, certificates.files
local sh = certificates.sh
local shout_once, exchange = shouting.shout_once, shouting.exchange

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

certificates.remove()
check.done { errors_expected = true }
