--- Who is trusted in TLS: certificates of both sides, good and bad, what is said of the bad ones, and
-- the options that are ways out.
local certificates = require "certificates"
local check = require "check"
local process = require "process"
local shouting = require "shouting"

local file, files = certificates.file, certificates.files
local sh, text_of = certificates.sh, certificates.text_of
local shout, exchange = shouting.shout, shouting.exchange

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

--- Starts one on a port of its own choosing; gives the address.
local function s_server(arguments)
  local p = check.ok(process.spawn({ "sh", "-c", "cd '" .. certificates.folder
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
  check.match(told { SSL_CERT_FILE = file "ca.pem", SSL_CERT_DIR = certificates.folder }, "^connection 1")
  check.match(told { SSL_CERT_FILE = file "other.pem", SSL_CERT_DIR = certificates.folder },
    "who is not known")
end)

certificates.remove()
check.done { errors_expected = true }
