--- The module smtp against the project's own sink (scripts/smtp_sink.lua) in a process of its own, and
-- against servers that misbehave.
local check = require "check"
local process = require "process"
local smtp = require "smtp"

local moonwire = require("child").binary

local base = os.tmpname()
os.remove(base)
local cert, key = base .. ".cert", base .. ".key"
check.case("a certificate for the tests", function()
  local _, err, status = check.ok(process.run { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert })
  check.equal(status, 0, err)
end)

--- Calls fn(address, next_mail) with a sink of those arguments; next_mail() is the lines of the next.
local function with_sink(arguments, fn)
  local command = { moonwire, "--poller", reactor.method, "scripts/smtp_sink.lua" }
  for _, word in ipairs(arguments) do command[#command + 1] = word end
  command[#command + 1] = "127.0.0.1:0"
  local sink = check.ok(process.spawn(command))
  local address = check.match(sink.stdout:read("l", { timeout = 10 }), "^smtp sink on (.*)")
  local ok, problem = pcall(fn, address, function()
    local lines = {}
    repeat
      lines[#lines + 1] = check.ok(sink.stdout:read("l", { timeout = 10 }))
    until lines[#lines] == "--- end"
    return table.concat(lines, "\n")
  end)
  sink:kill "KILL"
  sink:wait()
  if not ok then error(problem, 0) end
end

--- Options for a mail, with `more`.
local function mail(more)
  local options = { from = "me@example.org", to = "you@example.org", subject = "s", body = "text\n" }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

check.case("a mail: envelope, headers, body, dots", function()
  with_sink({}, function(address, next_mail)
    local options = mail { server = address, from = "Ann <ann@example.org>", cc = "cc@example.org",
      to = { "one@example.org", "Two <two@example.org>" }, bcc = { "bcc@example.org", "one@example.org" },
      subject = "hello", body = "one\n.\n..two\n.three", headers = { ["X-Kind"] = "test" } }
    check.same({ smtp.send(options) }, { true, nil })
    local text = next_mail()
    check.match(text, "^%-%-%- mail from ann@example.org to one@example.org,two@example.org,cc@example.org,bcc@example.org\n")
    check.match(text, "\nFrom: Ann <ann@example.org>\n")
    check.match(text, "\nTo: one@example.org,\n Two <two@example.org>\nCc: cc@example.org\n")
    check.match(text, "\nSubject: hello\n")
    check.match(text, "\nX%-Kind: test\n")
    check.match(text, "\nDate: %a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d %+0000\n")
    check.match(text, "\nMessage%-ID: <%S+@%S+>\n")
    check.match(text, "\n\none\n%.\n%.%.two\n%.three\n%-%-%- end$")
    check.equal(text:find("Bcc", 1, true), nil)
  end)
end)

check.case("other letters than ASCII: in the subject, in names, in the body", function()
  with_sink({}, function(address, next_mail)
    check.ok(smtp.send(mail { server = address, subject = ("Grüße "):rep(12), from = "Jürgen <j@example.org>",
      body = "Käse\n" }))
    local text = next_mail()
    for line in text:gmatch "[^\n]+" do check.ok(#line <= 78 and not line:find "[\128-\255]", line) end
    check.match(text, "\nSubject: =%?UTF%-8%?B%?%S+%?=\n =%?UTF%-8")
    check.match(text, "\nFrom: =%?UTF%-8%?B%?SsO8cmdlbg==%?= <j@example.org>\n")
    check.match(text, "\nContent%-Transfer%-Encoding: base64\n")
    check.match(text, "\n\nS8Okc2UNCg==\n%-%-%- end$")
    check.ok(smtp.send(mail { server = address, body = ("x"):rep(3000) }))
    check.match(next_mail(), "base64\n")
    check.ok(smtp.send { server = address, from = "a@example.org", to = "b@example.org",
      message = "Subject: own\r\n\r\nas it is\r\n" })
    check.match(next_mail(), "b@example.org\nSubject: own\n\nas it is\n%-%-%- end$")
  end)
end)

check.case("STARTTLS is used when it is offered, and verified", function()
  with_sink({ "--cert", cert, "--key", key }, function(address, next_mail)
    local message = check.fails("ETLS", smtp.send(mail { server = address }))
    check.match(message, "^smtp.send " .. address:gsub("%p", "%%%0") .. ": STARTTLS: .*certificate")
    check.ok(smtp.send(mail { server = address, tls = { ca = cert } }))
    check.match(next_mail(), "^[^\n]*, TLS\n")
    local _, port = address:match "^(.*):(%d+)$"
    check.ok(smtp.send(mail { server = "localhost:" .. port, tls = { ca = cert } }), "by name")
    check.match(next_mail(), "^[^\n]*, TLS\n")
    check.ok(smtp.send(mail { server = address, tls = false }))
    check.equal(next_mail():match "^[^\n]*":find "TLS", nil)
  end)
end)

check.case("a server without TLS where it must be", function()
  with_sink({}, function(address)
    local message = check.fails("ETLS", smtp.send(mail { server = address, tls = true }))
    check.match(message, "STARTTLS: the server does not offer it$")
  end)
end)

check.case("smtps: TLS from the beginning", function()
  local got
  local srv = check.ok(listen("tls://127.0.0.1:0", { tls = { cert = cert, key = key } }, function(c)
    c:write "220 hello\r\n"
    for line in c:lines() do
      if line:find "^DATA" then
        c:write "354 go\r\n"
        got = c:read_until "\r\n.\r\n"
      end
      c:write "250 ok\r\n"
    end
  end))
  check.ok(smtp.send(mail { server = "smtps://" .. srv.address:gsub("^tls://", ""), tls = { ca = cert } }))
  check.match(got, "\r\n\r\ntext$")
  srv:close()
end)

check.case("AUTH PLAIN and LOGIN, right and wrong, and never in clear unasked", function()
  local arguments = { "--user", "ann:se cret", "--cert", cert, "--key", key }
  with_sink(arguments, function(address, next_mail)
    local known = { server = address, user = "ann", password = "se cret", tls = { ca = cert } }
    check.ok(smtp.send(mail(known)))
    check.match(next_mail(), "^[^\n]*, user ann, TLS\n")
    known.password = "wrong"
    local message = check.fails("EACCES", smtp.send(mail(known)))
    check.match(message, ": AUTH PLAIN: 535 wrong user or password$")
    check.match(check.fails("EACCES", smtp.send(mail { server = address, tls = { ca = cert } })),
      ": MAIL FROM:<me@example.org>.*: 530 authenticate first$")
  end)
  with_sink({ "--user", "ann:secret" }, function(address, next_mail)
    local known = { server = address, user = "ann", password = "secret" }
    local message = check.fails("ETLS", smtp.send(mail(known)))
    check.match(message, "AUTH: the connection is not encrypted; tls = false sends")
    known.tls = false
    check.ok(smtp.send(mail(known)))
    check.match(next_mail(), "^[^\n]*, user ann\n")
  end)
end)

--- A server that answers the n-th command with the n-th of `answers`; what it got is in `commands`.
local function scripted(answers, commands)
  return check.ok(listen("127.0.0.1:0", function(c)
    for i, answer in ipairs(answers) do
      if i > 1 then
        local line = c:read "l"
        if not line then return end
        commands[#commands + 1] = line:gsub("\r$", "")
      end
      if answer == "" then return end
      c:write(answer, "\r\n")
    end
    c:read "a"
  end))
end

check.case("AUTH LOGIN, where PLAIN is not offered", function()
  local commands = {}
  local srv = scripted({ "220 hi", "250-me\r\n250 AUTH CRAM-MD5 LOGIN", "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6",
    "535 5.7.8 no" }, commands)
  local message = check.fails("EACCES", smtp.send(mail { server = srv.address, user = "ann",
    password = "secret", tls = false }))
  check.match(message, ": AUTH LOGIN, the password: 535 5.7.8 no$")
  check.same({ table.unpack(commands, 2) }, { "AUTH LOGIN", "YW5u", "c2VjcmV0" })
  check.equal(message:find("c2VjcmV0", 1, true), nil, "no password in a message")
  srv:close()
end)

check.case("some recipients refused: the others get it; all refused: nobody", function()
  with_sink({ "--refuse", "nobody" }, function(address, next_mail)
    local ok, refused = smtp.send(mail { server = address, to = { "nobody@example.org", "you@example.org" } })
    check.equal(ok, true)
    check.same(refused, { ["nobody@example.org"] = "550 no such user here" })
    check.match(next_mail(), "^[^\n]* to you@example.org\n")
    local message = check.fails("EPROTO", smtp.send(mail { server = address, to = "nobody@example.org" }))
    check.match(message, ": RCPT TO:<nobody@example.org>: 550 no such user here$")
  end)
end)

check.case("a mail that is too large is refused by its size", function()
  with_sink({ "--size", "1000" }, function(address)
    local message = check.fails("EPROTO", smtp.send(mail { server = address, body = ("x\n"):rep(2000) }))
    check.match(message, ": MAIL FROM:<me@example.org> SIZE=%d+: 552 too large$")
  end)
end)

check.case("every command may be refused, for now or for good; the message says which", function()
  local good = { "220 hi", "250 me", "250 from", "250 to", "354 go", "250 taken" }
  local about = { "greeting", "EHLO", "MAIL FROM:<me@example.org>", "RCPT TO:<you@example.org>", "DATA" }
  for at, what in ipairs(about) do
    for _, refusal in ipairs { { "451 4.3.0 later", "EAGAIN" }, { "554 5.1.1 never", "EPROTO" } } do
      local answers = table.move(good, 1, at, 1, {})
      answers[at] = refusal[1]
      local srv = scripted(answers, {})
      local message = check.fails(refusal[2], smtp.send(mail { server = srv.address }))
      check.equal(message, ("smtp.send %s: %s: %s"):format(srv.address, what, refusal[1]))
      srv:close()
    end
  end
end)

check.case("HELO where EHLO is unknown", function()
  local commands = {}
  local srv = scripted({ "220 hi", "502 what?", "250 me", "451 enough" }, commands)
  check.fails("EAGAIN", smtp.send(mail { server = srv.address, hello = "my.host" }))
  check.same(commands, { "EHLO my.host", "HELO my.host", "MAIL FROM:<me@example.org>" })
  srv:close()
end)

check.case("a server that hangs up, says nonsense or nothing", function()
  local srv = scripted({ "220 hi", "250 me", "" }, {})
  check.match(check.fails("EOF", smtp.send(mail { server = srv.address })), "MAIL FROM:<me@example.org>: the server hung up$")
  srv:close()
  srv = scripted({ "hello, who are you?" }, {})
  check.match(check.fails("EPROTO", smtp.send(mail { server = srv.address })), 'greeting: no answer of SMTP: "hello')
  srv:close()
  srv = check.ok(listen("127.88.0.3:0", function(c) c:read "a" end))  -- nobody else is there later
  check.match(check.fails("ETIMEDOUT", smtp.send(mail { server = srv.address, timeout = 0.1 })), "greeting: ")
  srv:close()
  check.fails("ECONNREFUSED", smtp.send(mail { server = srv.address }))
end)

check.case("what could end a header or a command raises", function()
  local function wrong(pattern, more)
    check.raises(function() smtp.send(mail(more)) end, "smtp_test.lua:%d+: smtp.send: " .. pattern)
  end
  wrong("option 'to': .* is no address", { to = "you@example.org\r\nDATA" })
  wrong("option 'to': .* is no address", { to = "you@example.org> SIZE=1" })
  wrong("option 'from': \"me\" is no address", { from = "me" })
  wrong("the header Subject has a control character", { subject = "a\r\nBcc: all@example.org" })
  wrong("the header X has a control character", { headers = { X = "a\nb" } })
  wrong("\"X: y\" is no name of a header", { headers = { ["X: y"] = "z" } })
  wrong("option 'user' needs a 'password'", { user = "ann" })
  wrong("option 'server' must be a host", { server = "http://x" })
  check.raises(function() smtp.send(mail { sever = "x" }) end, "did you mean 'server'")
  check.raises(function() smtp.send { from = "me@example.org" } end, "option 'to' is missing")
end)

check.case("the certificate goes", function()
  check.ok(os.remove(cert))
  check.ok(os.remove(key))
end)

check.done()
